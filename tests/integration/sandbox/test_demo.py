"""`dialer demo` and `dialer sandbox`, as a new user starts them: nothing set up, and nothing left behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.variables import PREFIXES
from sandbox.embedded_redis import EmbeddedRedis
from tests.support.fleet import ROOT, wait_for

DIALER = [sys.executable, "-m", "worker.cli.main"]


class Newcomer:
    """A user with an empty home and a directory for temporary files that is looked into afterwards."""

    def __init__(self, directory: Path) -> None:
        self.mark = f"newcomer-{uuid.uuid4()}"
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
        self.environ = kept | {
            "HOME": str(directory),
            "TMPDIR": str(self.temporary),
            "MARK": self.mark,
            "PYTHONUNBUFFERED": "1",
            # What an operator has set must not get into the demo.
            "DIALER_REDIS_URL": "redis://localhost:1/0",
            "DIALER_CALLER_ID": "nonsense",
            "DIALER_MAX_ATTEMPTS": "nonsense",
        }
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *args: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*DIALER, *args],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def processes(self) -> dict[int, str]:
        """Whatever runs with this user's environment: process id -> command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes():
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:  # it ended meanwhile
                    continue
        return found

    def leave(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        for left in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(tmp_path)
    yield newcomer
    newcomer.leave()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return read
    raise AssertionError(f"it ended without saying {text!r}: {read}")


def test_the_demo_from_start_to_end(newcomer: Newcomer) -> None:
    started = time.monotonic()
    process = newcomer.start("demo")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert time.monotonic() - started < 60
    outcomes = {
        (state, code): int(jobs) for state, code, jobs in re.findall(r"(?m)^(\w+) +(\w+) +(\d+)  +[A-Z]", output)
    }
    placed = outcomes["placed", "placed"]
    assert placed > 100
    assert outcomes["rejected", "emergency_number"] > 1
    assert len(outcomes) == 11
    results = {name: int(calls) for name, calls in re.findall(r"(?m)^(\w+) +(\d+)  +The c", output)}
    assert sum(results.values()) == placed
    assert results.keys() == {"answered", "busy", "no_answer", "declined"}
    by_hand = sum(outcomes.values()) - placed + results["busy"] + results["no_answer"]
    assert f"Whom a person has to call: {by_hand} (dialer batch demo --by-hand)." in output
    assert f"of {sum(outcomes.values())}: {placed} placed" in output
    assert f"Calls that the simulator received: {placed}; placed: {placed}; numbers called twice: 0." in output
    assert "$ dialer show demo-001\nid " in output
    assert "\x1b" not in output
    assert newcomer.processes() == {}
    assert list(newcomer.temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_ctrl_c_stops_everything_that_it_started(newcomer: Newcomer, number: signal.Signals) -> None:
    process = newcomer.start("demo")
    read_until(process, "placed")
    assert len(newcomer.processes()) >= 5  # the demo, Redis, the simulator, two workers
    process.send_signal(number)
    for _ in range(10):  # impatience changes nothing
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "Error: interrupted; everything that the demo started has been stopped.\n"
    assert newcomer.processes() == {}
    assert list(newcomer.temporary.iterdir()) == []


def test_a_demo_that_was_killed_takes_all_with_it(newcomer: Newcomer) -> None:
    process = newcomer.start("demo")
    read_until(process, "placed")
    process.kill()
    wait_for(lambda: not newcomer.processes(), 30)


def test_the_sandbox_prints_settings_that_work(newcomer: Newcomer) -> None:
    sandbox = newcomer.start("sandbox", "--port", "0", "--redis", "--redis-port", "0")
    lines = [line.removeprefix("export ") for line in read_until(sandbox, "Ctrl-C").splitlines()]
    del newcomer.environ["DIALER_MAX_ATTEMPTS"]
    newcomer.environ |= dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    check = newcomer.start("check")
    output, _ = check.communicate(timeout=30)
    assert check.returncode == 0, output
    assert "ok    credentials: " in output
    sandbox.send_signal(signal.SIGINT)
    _, errors = sandbox.communicate(timeout=30)
    assert (sandbox.returncode, errors) == (0, "")
    wait_for(lambda: not newcomer.processes(), 10)
    assert list(newcomer.temporary.iterdir()) == []


def test_the_sandbox_says_that_its_port_is_taken(newcomer: Newcomer) -> None:
    first = newcomer.start("sandbox", "--port", "0")
    url = read_until(first, "GENESYS_CLOUD_API_URL").splitlines()[-1]
    second = newcomer.start("sandbox", "--port", url.rpartition(":")[2])
    output, errors = second.communicate(timeout=30)
    assert (second.returncode, output) == (1, "")
    assert errors.startswith("Error: cannot listen on ")
    assert errors.count("\n") == 1


def test_the_sandbox_has_its_redis_at_the_port_that_was_asked_for(newcomer: Newcomer) -> None:
    with EmbeddedRedis() as free:
        port = free.port
    first = newcomer.start("sandbox", "--port", "0", "--redis", "--redis-port", str(port))
    assert f"export DIALER_REDIS_URL=redis://127.0.0.1:{port}/0\n" in read_until(first, "Ctrl-C")
    second = newcomer.start("sandbox", "--port", "0", "--redis", "--redis-port", str(port))
    output, errors = second.communicate(timeout=30)
    assert (second.returncode, output) == (1, "")
    assert errors == (
        f"Error: Port {port} on 127.0.0.1 is in use by another process. "
        "Choose another one with --redis-port, or 0 for any free port.\n"
    )


def test_the_port_of_a_redis_needs_a_redis(newcomer: Newcomer) -> None:
    sandbox = newcomer.start("sandbox", "--redis-port", "0")
    _, errors = sandbox.communicate(timeout=30)
    assert (sandbox.returncode, errors) == (2, "Error: --redis-port needs --redis. See 'dialer sandbox --help'.\n")
