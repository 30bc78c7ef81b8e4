"""Checks that the `sandbox` extra is installed, which the simulator and the demo need."""

from importlib.util import find_spec

from worker.cli.errors import CommandError


def require_extra() -> None:
    """Raise CommandError, which says what to install, if the extra is missing."""
    if find_spec("aiohttp") is None:
        raise CommandError(
            "the sandbox is not installed here. In the directory of Dialer's source, run: "
            "pip install --require-hashes -r requirements-sandbox.lock"
        )
