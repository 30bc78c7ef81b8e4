"""A copy of the project, in which guards may be taken out, and the tests run without them."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.guards.catalog import Guard

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("config", "tasks", "worker", "sandbox", "tests")
#: For one test, and for all that a guard names.
TEST_S: Final = 60
RUN_S: Final = 180
_LEAVE_S: Final = 10
_ENDED: Final = {0, 1}  # pytest: all passed, some failed


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of some tests."""

    #: Node id -> pytest's word on it.
    failed: dict[str, str]
    #: Whether pytest came to its end in order.
    ended: bool
    seconds: float
    output: str

    def failures(self, test: str) -> list[str]:
        """What became of the test, or of its cases, where they failed."""
        return [why for node, why in self.failed.items() if node == test or node.startswith(f"{test}[")]


class Workbench:
    """The copy; `folder` is emptied by whoever made it."""

    def __init__(self, folder: Path) -> None:
        self.project, self._scratch = folder / "project", folder / "scratch"
        self._env = os.environ | {
            # The copy's modules, in the tests' children too: Dialer is installed, from where the copy was made.
            "PYTHONPATH": str(self.project),
            # Two versions of a file within a second, and of the same size, would share their bytecode.
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "200",
        }
        self._copy()
        self._check()

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        path = self.project / guard.file
        content = path.read_text()
        path.write_text(guard.taken_out(content))
        try:
            yield
        finally:
            path.write_text(content)

    def run(self, tests: Sequence[str], *, limit_s: float = RUN_S) -> Run:
        """Run tests to the end, whatever fails."""
        options = ["-q", "--tb=line", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
        options += [f"--timeout={TEST_S}", f"--basetemp={self._scratch}"]
        began = time.monotonic()
        code, output = self._python("-m", "pytest", *options, *tests, limit_s=limit_s)
        return Run(
            failed=dict(re.findall(r"^FAILED (.+?)(?: - (.*))?$", output, re.MULTILINE)),
            ended=code in _ENDED,
            seconds=time.monotonic() - began,
            output=output,
        )

    def _copy(self) -> None:
        """As the working tree is, without what git ignores."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                there = self.project / name
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_bytes((ROOT / name).read_bytes())
                there.chmod((ROOT / name).stat().st_mode)

    def _check(self) -> None:
        """Else whole tests would run against the project that nothing was taken out of."""
        names = ", ".join(PACKAGES)
        code = f"import {names}\nfor each in {names}: print(*dict.fromkeys(each.__path__))"
        _, output = self._python("-c", code, limit_s=60)
        expected = [str(self.project / name) for name in PACKAGES]
        assert output.splitlines() == expected, f"the tests would not use the copy, but {output}"

    def _python(self, *args: str, limit_s: float) -> tuple[int | None, str]:
        """The exit code, None when the time was up, and the output."""
        with (
            tempfile.TemporaryFile("w+", errors="replace") as output,
            subprocess.Popen(
                [sys.executable, *args],
                cwd=self.project,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                process.wait(limit_s)
            except subprocess.TimeoutExpired:
                pass
            finally:
                _end(process)
            output.seek(0)
            ended = process.returncode if process.returncode >= 0 else None
            return ended, output.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it clean up behind itself, then end whatever it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
