"""A process under measurement: started, waited for, and asked how much memory and processor time it took."""

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
#: Where a child finds its parent's process id, to leave with it.
PARENT: Final = "BENCH_PARENT_PID"


class Failed(Exception):
    """A measurement could not be made; the message says why, with the end of the log that tells."""


class Child:
    """One process in a session of its own, its output in a file; it ends with the block."""

    def __init__(self, command: list[str], settings: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=log.parent,  # where no .env of anybody's lies
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
        """Wait for Celery's word that the worker is ready. Raises Failed."""
        self.wait_until(lambda: b" ready" in self.log.read_bytes(), _READY_S, "a worker that is ready")

    def wait_until(self, holds: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait until it holds, while the process runs. Raises Failed."""
        try:
            wait_until(lambda: holds() or not self.runs, timeout_s, what)
            if self.runs:
                return
            raise Failed(f"ended before its time while waiting for {what}")
        except Failed as error:
            end = self.log.read_text(errors="replace").splitlines()[-15:]
            raise Failed("\n".join([f"{self.log.stem}: {error}", *end])) from None

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends by itself; its exit code. Raises Failed."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.log.stem} did not end within {timeout_s:g} s") from None

    def stop(self) -> None:
        """SIGTERM, and after a grace SIGKILL, to the process and whatever it started."""
        if self.runs:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def cpu_s(pid: int) -> float | None:
    """Give the processor time that a process has used, in seconds; None where there is no /proc."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None


def rss_mb(pid: int) -> float | None:
    """Give the memory that a process holds now, in MB; None where there is no /proc."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
    return None


def peak_mb(pid: int) -> float | None:
    """Give the most memory that a running process ever held, in MB; None where there is no /proc.

    Not what wait4(2) tells at its end: that counts the moment before exec, when it still was a copy of this process.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def wait_until(holds: Callable[[], bool], timeout_s: float, what: str, *, look_s: float = _LOOK_S) -> None:
    """Look again and again until it holds. Raises Failed."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(look_s)


def leave_with_parent() -> None:
    """End this process soon after the one that started it, even if that was killed outright."""
    parent = int(os.environ.get(PARENT, "0"))

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)

    if parent:
        threading.Thread(target=look, daemon=True).start()
