"""Whether the `sandbox` extra is installed, without which neither simulator nor demo can run."""

from importlib.util import find_spec

from worker.cli.errors import CommandError


def require_extra() -> None:
    """Raise CommandError with what to install, if it is missing."""
    if find_spec("aiohttp") is None:
        raise CommandError("the sandbox is not installed; run: pip install 'dialer[sandbox]'")
