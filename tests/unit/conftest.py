"""The command line in this process, with the settings of the test and nobody else's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.variables import VARIABLES
from worker.cli.main import cli

Run = Callable[..., Result]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, and no setting in the environment."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
        monkeypatch.delenv(f"{variable.name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(alone: Path) -> Run:
    """Run `dialer` with arguments; settings by name, stdin as `stdin`."""

    def run(*args: str, stdin: str | bytes = "", **settings: str) -> Result:
        return CliRunner().invoke(cli, args, input=stdin, env=settings, prog_name="dialer")

    return run


@pytest.fixture
def run_here(run: Run, redis_url: str) -> Run:
    """The same on a Redis that is there and empty."""

    def run_here(*args: str, stdin: str | bytes = "", **settings: str) -> Result:
        return run(*args, stdin=stdin, **{"DIALER_REDIS_URL": redis_url} | settings)

    return run_here
