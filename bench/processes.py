"""Starts the processes under measurement, waits for them, and reads their memory and processor time."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox.demo_fleet import environment

_READY_S: Final = 60.0
_STOP_GRACE_S: Final = 15.0
_LOOK_S: Final = 0.05
#: The variable with the process id of the parent; a child ends when its parent does.
PARENT: Final = "BENCH_PARENT_PID"


class Failed(Exception):
    """A measurement failed; the message says why, and contains the end of the log."""


class Child:
    """One process in its own session that writes its output to a file; it ends with the `with` block."""

    def __init__(self, command: list[str], settings: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=log.parent,  # which contains no .env
                env=environment({**settings, PARENT: str(os.getpid())}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until Celery logs that the worker is ready. Raises Failed."""
        self.wait_until(lambda: b" ready" in self.log.read_bytes(), _READY_S, "a worker that is ready")

    def wait_until(self, holds: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait until the condition holds. Raises Failed if it does not in time, or if the process ends."""
        try:
            wait_until(lambda: holds() or not self.runs, timeout_s, what)
            if self.runs:
                return
            raise Failed(f"the process ended while waiting for {what}")
        except Failed as error:
            end = self.log.read_text(errors="replace").splitlines()[-15:]
            raise Failed("\n".join([f"{self.log.stem}: {error}", *end])) from None

    def wait(self, timeout_s: float) -> int:
        """Wait until the process ends, and return its exit code. Raises Failed if it does not end in time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.log.stem} did not end within {timeout_s:g} s") from None

    def stop(self) -> None:
        """Stop the process with SIGTERM; after a grace period, kill it and everything that it started."""
        if self.runs:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def cpu_s(pid: int) -> float | None:
    """Return the processor time that a process has used, in seconds; None if there is no /proc."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None


def rss_mb(pid: int) -> float | None:
    """Return the memory that a process uses now, in MB; None if there is no /proc."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
    return None


def peak_mb(pid: int) -> float | None:
    """Return the peak memory of a running process, in MB; None if there is no /proc.

    wait4(2) would also count the time before exec, when the child is still a copy of this process.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def wait_until(holds: Callable[[], bool], timeout_s: float, what: str, *, look_s: float = _LOOK_S) -> None:
    """Poll until the condition holds. Raises Failed after the time-out."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"timed out after {timeout_s:g} s waiting for {what}")
        time.sleep(look_s)


def leave_with_parent() -> None:
    """End this process soon after its parent, even if the parent is killed."""
    parent = int(os.environ.get(PARENT, "0"))

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)

    if parent:
        threading.Thread(target=look, daemon=True).start()
