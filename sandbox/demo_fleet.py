"""The worker processes of the demo, started as an operator would start them."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.variables import PREFIXES

_ROOT: Final = Path(__file__).resolve().parent.parent
_STOP_GRACE_S: Final = 10.0


class DemoWorker:
    """One `dialer worker` that logs to a file; it ends with the `with` block, or soon after the demo died."""

    def __init__(self, settings: Mapping[str, str], directory: Path, *, name: str) -> None:
        self.log = directory / f"{name}.log"
        command = [sys.executable, "-m", "worker.cli.main", "worker", "--concurrency=8"]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, f"--parent-pid={os.getpid()}"],
                cwd=directory,  # which contains no .env
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only the demo, which then stops its children
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop the worker with SIGTERM; after a grace period, kill it and everything that it started."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_GRACE_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child, with these settings and without those of the operator."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), **settings}
