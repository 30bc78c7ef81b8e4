"""The group: quick to start, one line for whatever goes wrong, and exit codes that scripts can rely on."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.unit.conftest import Run
from worker.cli.main import COMMANDS, cli

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


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_with_an_example(run: Run, name: str, option: str) -> None:
    result = run(name, option)
    assert result.exit_code == 0, result.output
    assert f"Usage: dialer {name}" in result.stdout
    assert result.stdout.count("dialer ") > 1
    assert "Example" in result.stdout


def test_the_table_names_each_command_as_it_names_itself() -> None:
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.name == name


def test_the_help_says_what_the_exit_codes_mean(run: Run) -> None:
    output = run("--help").stdout
    assert [code for code in ("0 ", "1 ", "2 ", "130 ") if f"\n    {code}" not in output] == []


def test_the_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("dialer")


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


def test_wrong_settings_are_a_line_each_and_2(run: Run) -> None:
    result = run("show", "order-42", DIALER_RATE_LIMIT="fast", DIALER_REDIS_URL="localhost")
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split()[1] for line in result.stderr.splitlines()] == ["DIALER_REDIS_URL", "DIALER_RATE_LIMIT"]


@pytest.mark.parametrize("args", [["show", "a"], ["list"], ["enqueue", "+12125551234"], ["import", "-"]])
def test_redis_away_is_one_line_and_1_without_the_password(run: Run, args: list[str]) -> None:
    url = "redis://dialer:s3cret-word@localhost:1/0"
    result = run(*args, stdin="to\n+12125551234\n", DIALER_REDIS_URL=url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "redis://localhost:1/0 does not answer" in result.stderr
    assert "DIALER_REDIS_URL" in result.stderr
    assert "s3cret-word" not in result.stderr


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command("show")
    @click.argument("job_id")
    def broken(job_id: str) -> None:
        raise error

    monkeypatch.setattr("worker.cli.show.command", broken)


def test_a_defect_is_one_line_without_numbers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, ValueError("no such call:\n+12125551234"))
    result = run("show", "a")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: a defect in Dialer: ValueError: no such call: ")
    assert result.stderr.count("\n") == 1
    assert "2125551234" not in result.stderr


def test_a_defect_shows_where_it_came_from_if_asked_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, ValueError("no such call"))
    assert isinstance(run("--traceback", "show", "a").exception, ValueError)


def test_ctrl_c_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, KeyboardInterrupt())
    result = run("show", "a")
    assert (result.exit_code, result.stderr) == (130, "Error: interrupted.\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_DIALER_COMPLETE" in result.stdout


def test_a_caller_id_that_no_call_could_show_keeps_the_worker_from_starting(run: Run) -> None:
    result = run(
        "worker",
        GENESYS_CLOUD_CLIENT_ID="c",
        GENESYS_CLOUD_CLIENT_SECRET="secret",
        GENESYS_CLOUD_USER_ID="u",
        GENESYS_CLOUD_WRAP_UP_CODE_ID="w",
        DIALER_CALLER_ID="+1 212",
    )
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: DIALER_CALLER_ID is wrong: ")
