"""The command line as other programs and people meet it: workers beside it, pipes, terminals and Ctrl-C."""

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tests.integration.conftest import StartWorker
from tests.support.fleet import ROOT, environment
from tests.support.ground import Ground, job

DIALER = [sys.executable, "-m", "worker.cli.main"]


@pytest.fixture
def env(redis_url: str, simulator: Simulator) -> dict[str, str]:
    return environment(redis_url, simulator.url)


def run(env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DIALER, *args], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def read_all(terminal: int) -> str:
    """What a process shows until it ends: one read gets at most 4 KB, and an unread terminal stops its writer."""
    shown = b""
    with suppress(OSError):  # Linux' way to say that the last writer has closed it
        while some := os.read(terminal, 65_536):
            shown += some
    os.close(terminal)
    return shown.decode()


@pytest.mark.parametrize(
    ("to", "exit_code", "code"),
    [("+1 212-555-1234", 0, "placed"), ("+1 212-555-0110", 1, "malformed_participant_address")],
)
def test_waiting_for_the_outcome(
    env: dict[str, str], start_worker: StartWorker, to: str, exit_code: int, code: str
) -> None:
    start_worker()
    done = run(env, "enqueue", to, "--id", "a", "--wait", "--timeout", "30", "--json")
    record = json.loads(done.stdout)
    assert (done.returncode, record["code"]) == (exit_code, code)
    shown = run(env, "show", "a", "--json")
    found = json.loads(shown.stdout)
    assert [found.pop(name, None) is not None for name in ("history", "final")] == [True, True]
    record.pop("final", None)
    assert (shown.returncode, found) == (0, record)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_waiting(env: dict[str, str], real_redis: Redis, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*DIALER, "enqueue", "+1 212-555-1234", "--id", "a", "--wait"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what it runs in the background with SIGINT ignored, these tests perhaps too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads yet
    )
    assert process.stderr
    # At once, not only at the end.
    assert process.stderr.readline() == "waiting: no worker is running; start one with 'dialer worker'\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors == "Error: stopped waiting; the job continues, see 'dialer show a'.\n"
    assert Ground.over(real_redis).state("a") == "queued"


@pytest.mark.parametrize(
    ("secret", "exit_code", "told"),
    [("sandbox-secret", 0, "ok    credentials"), ("wrong-secret", 1, "fail  credentials")],
)
def test_check_asks_for_a_token(env: dict[str, str], secret: str, exit_code: int, told: str) -> None:
    done = run(env | {"GENESYS_CLOUD_CLIENT_SECRET": secret}, "check")
    assert (done.returncode, done.stderr) == (exit_code, "")
    assert told in done.stdout
    assert secret not in done.stdout


def test_a_reader_that_leaves_early_is_no_error(env: dict[str, str], real_redis: Redis) -> None:
    Ground.over(real_redis).ledger.accept([job(f"j{n}") for n in range(2000)])
    for command in ("list --state queued --limit 2000", "export", "export --format jsonl"):
        pipe = f"set -o pipefail; {' '.join(DIALER)} {command} | head -1"
        done = subprocess.run(
            ["bash", "-c", pipe],
            cwd=ROOT,
            env=env | {"PYTHONUNBUFFERED": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout.count("\n"), done.stderr) == (141, 1, ""), command


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["show", "--help"],
        ["show", "a"],
        ["show", "a", "--json"],
        ["list"],
        ["list", "--state", "queued"],
        ["batch", "b"],
        ["export"],
        ["export", "--format", "jsonl"],
        ["status"],
        ["status", "--json"],
        ["check"],
        ["enqueue", "+12125551234"],
        ["cancel", "a"],
        ["pause"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("both", [False, True], ids=["stdout", "stdout and stderr"])
def test_a_reader_that_left_before_the_first_line(
    env: dict[str, str], real_redis: Redis, args: list[str], both: bool
) -> None:
    """Whatever is written when: at once, in the buffer at the end, or by Python at exit."""
    Ground.over(real_redis).ledger.accept([job("a", batch="b")])
    reader, output = os.pipe()
    os.close(reader)
    with os.fdopen(output, "wb") as closed:
        done = subprocess.run(
            [*DIALER, *args],
            cwd=ROOT,
            env=env | {"PYTHONUNBUFFERED": ""},
            stdout=closed,
            stderr=closed if both else subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (141, None if both else "")


def test_a_full_disk_is_one_line(env: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*DIALER, "export"],
            cwd=ROOT,
            env=env | {"PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_terminal_gets_a_bar_and_the_same_summary(env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("to\n+1 212\n" + "".join(f"+1212555{n}\n" for n in range(1000, 4000)) + ",x\n")
    terminal, child = pty.openpty()
    process = subprocess.Popen(
        [*DIALER, "import", str(path)],
        cwd=ROOT,
        env=env | {"TERM": "xterm-256color", "COLUMNS": "80"},
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=child,
        text=True,
    )
    os.close(child)
    shown = read_all(terminal)
    output, _ = process.communicate(timeout=60)
    assert output.splitlines()[0] == "3002 rows: 3000 accepted, 0 already known, 0 conflicting, 2 refused."
    assert process.returncode == 1
    assert "rows, " in shown
    assert "row 3003: malformed_job: The row has 2 cells, but the header has 1." in " ".join(shown.split())
    assert "Traceback" not in shown


def test_a_terminal_folds_what_does_not_fit(env: dict[str, str], real_redis: Redis) -> None:
    Ground.over(real_redis).ledger.accept([job("x" * 200, to="[bold]+1[/bold]")])
    terminal, child = pty.openpty()
    process = subprocess.Popen(
        [*DIALER, "list", "--state", "queued"],
        cwd=ROOT,
        env=env | {"TERM": "xterm-256color", "COLUMNS": "80"},
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    shown = read_all(terminal)
    process.wait(30)
    assert shown.count("x") == 200
    assert "".join(part for part in shown.split() if "b" in part or "+" in part).count("bold") >= 1
