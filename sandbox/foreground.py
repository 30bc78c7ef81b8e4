"""`dialer sandbox`: runs the simulator, and optionally a Redis, in the foreground, and prints their settings."""

import re
from contextlib import ExitStack
from typing import Final

import click

from sandbox.embedded_redis import EmbeddedRedis, PortInUseError, RedisUnavailableError
from sandbox.extra import require_extra
from sandbox.simulator.behavior import Behavior
from worker.cli.errors import CommandError
from worker.cli.examples import examples

require_extra()  # here, because both commands import this module

#: Near Redis' own port, and no other service's.
_REDIS_PORT: Final = 6399


@click.command("sandbox", epilog=examples("dialer sandbox", "dialer sandbox --redis --port 0"))
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help="0 for any free port.")
@click.option("--redis", "with_redis", is_flag=True, help="Also start an embedded Redis, empty and in memory.")
@click.option(
    "--redis-port",
    show_default=str(_REDIS_PORT),
    type=click.IntRange(0, 65535),
    help="With --redis: its port; 0 for any free port.",
)
def command(*, port: int, with_redis: bool, redis_port: int | None) -> None:
    """Run the Genesys Cloud simulator until Ctrl-C, and print the settings to use it."""
    from sandbox.simulator.server import CannotListen, run  # noqa: PLC0415 - slow to import

    if redis_port is None:
        redis_port = _REDIS_PORT
    elif not with_redis:
        raise click.UsageError("--redis-port needs --redis.")
    behavior = Behavior()
    with ExitStack() as stack:
        settings: dict[str, str] = {}
        if with_redis:
            try:
                settings["DIALER_REDIS_URL"] = stack.enter_context(EmbeddedRedis(port=redis_port)).url
            except PortInUseError as error:
                hint = "Choose another one with --redis-port, or 0 for any free port."
                raise CommandError(f"{error} {hint}") from error
            except RedisUnavailableError as error:
                raise CommandError(str(error)) from error

        def announce(line: str) -> None:
            found = re.search(r"http://\S+", line)
            settings.update(caller_settings(found[0] if found else "", behavior))
            click.echo(exports(settings))
            click.echo("# The simulator is running. Set these variables where you use 'dialer'. Ctrl-C stops it.")

        try:
            run("127.0.0.1", port, behavior, announce)
        except CannotListen as error:
            raise CommandError(f"{error}; choose another port with --port.") from error


def caller_settings(url: str, behavior: Behavior) -> dict[str, str]:
    """Return the settings for the simulator at `url`; it accepts any client id, user id and wrap-up code id."""
    return {
        "GENESYS_CLOUD_API_URL": url,
        "GENESYS_CLOUD_LOGIN_URL": url,
        "GENESYS_CLOUD_CLIENT_ID": "sandbox-client",
        "GENESYS_CLOUD_CLIENT_SECRET": behavior.client_secret,
        "GENESYS_CLOUD_USER_ID": "sandbox-user",
        "GENESYS_CLOUD_WRAP_UP_CODE_ID": "sandbox-code",
        "DIALER_CALLER_ID": "+12125559876",
        "DIALER_RATE_LIMIT": f"{behavior.rate_limit}/{behavior.rate_window_s:g}s",
    }


def exports(settings: dict[str, str]) -> str:
    """Return the settings as `export` lines for a shell."""
    return "\n".join(f"export {name}={value}" for name, value in settings.items())
