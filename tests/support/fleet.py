"""Real worker processes, as an operator would start them, for tests that count calls."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
CALLER_ID = "+12125559876"


def environment(redis_url: str, api_url: str, **changes: str) -> dict[str, str]:
    """The environment of a worker that calls the simulator, and nothing of ours."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DIALER_", "GENESYS_CLOUD_"))}
    return (
        inherited
        | {
            "DIALER_REDIS_URL": redis_url,
            "DIALER_CALLER_ID": CALLER_ID,
            "DIALER_RATE_LIMIT": "100000/1s",
            "GENESYS_CLOUD_API_URL": api_url,
            "GENESYS_CLOUD_CLIENT_ID": "tests",
            "GENESYS_CLOUD_CLIENT_SECRET": "sandbox-secret",
            "GENESYS_CLOUD_USER_ID": "user-1",
            "GENESYS_CLOUD_WRAP_UP_CODE_ID": "wrap-1",
        }
        | changes
    )


class WorkerProcess:
    """One `dialer worker` in a session of its own, its output in a file; `module` is what is run in its place."""

    def __init__(
        self,
        env: dict[str, str],
        log: Path,
        *,
        concurrency: int = 8,
        module: str = "worker.cli.main",
    ) -> None:
        self.log = log
        command = [sys.executable, "-m", module, "worker"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, "--concurrency", str(concurrency)],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self, timeout_s: float = 30) -> None:
        wait_for(lambda: "ready" in self.output() or not self.runs, timeout_s)
        assert self.runs, self.output()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """To the worker alone, as an init system sends it."""
        self._process.send_signal(number)

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 30) -> int:
        """Until it has left by itself; the exit code."""
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        """SIGKILL to the worker and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)


def wait_for(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Wait until the condition holds, or fail."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain"
        time.sleep(0.05)
