"""The group of commands: quick to start, and one line for each error."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.unit.conftest import Run

ROOT = Path(__file__).parents[3]
SLOW = {"celery", "kombu", "redis", "rich", "phonenumbers", "requests", "aiohttp", "tasks", "config", "sandbox"}


def test_help_imports_nothing_that_is_slow() -> None:
    code = (
        "import sys; from worker.cli.main import cli; cli(['--help'], standalone_mode=False); "
        "print(' '.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "enqueue" in done.stdout
    assert SLOW & set(done.stderr.split()) == set()


def test_completing_a_command_imports_none() -> None:
    code = "import sys; from worker.cli.main import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    env = {"_DIALER_COMPLETE": "bash_complete", "COMP_WORDS": "dialer en", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "plain,enqueue\n"
    assert SLOW & {name.partition(".")[0] for name in done.stderr.split()} == set()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nonsense"], "No such command 'nonsense'. See 'dialer --help'."),
        (["--nonsense"], "No such option '--nonsense'. See 'dialer --help'."),
        (["show"], "Missing argument 'ID'. See 'dialer show --help'."),
        (["worker", "--pool", "prefork"], "No such option '--pool'. See 'dialer worker --help'."),
        (["worker", "--concurrency", "0"], "See 'dialer worker --help'."),
        (["list", "--state", "lost"], "See 'dialer list --help'."),
        (["list", "--after", "0:1.0:j"], "--after needs --state."),
        (["enqueue", "+12125551234", "--timeout", "5"], "--timeout needs --wait."),
        (["enqueue", "+12125551234", "--attribute", "novalue"], "NAME=VALUE"),
        (["import", "no-such-file.csv"], "no-such-file.csv: The file cannot be read: No such file or directory."),
    ],
)
def test_wrong_usage_is_one_line_and_2(run: Run, args: list[str], told: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    assert told in result.stderr


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command("show")
    @click.argument("job_id")
    def broken(job_id: str) -> None:
        raise error

    monkeypatch.setattr("worker.cli.show.command", broken)


def test_an_unexpected_error_is_one_line_without_numbers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, ValueError("no such call:\n+12125551234"))
    result = run("show", "a")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: unexpected error in Dialer: ValueError: no such call: ")
    assert result.stderr.count("\n") == 1
    assert "2125551234" not in result.stderr


def test_an_unexpected_error_shows_its_traceback_if_asked_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, ValueError("no such call"))
    assert isinstance(run("--traceback", "show", "a").exception, ValueError)


def test_ctrl_c_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, KeyboardInterrupt())
    result = run("show", "a")
    assert (result.exit_code, result.stderr) == (130, "Error: interrupted.\n")


def test_ctrl_c_before_a_command_begins_is_130_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.Group.parse_args", interrupted)
    result = run("show", "a")
    assert (result.exit_code, result.stderr) == (130, "Error: interrupted.\n")
