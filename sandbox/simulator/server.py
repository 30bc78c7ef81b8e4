"""The Genesys Cloud simulator: a real HTTP server on one port, API and admin API together.

Start it with `python -m sandbox.simulator.server`; docs/sandbox.md has the magic numbers and the admin API.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable

import click
from aiohttp import web

from sandbox.simulator.admin import Admin
from sandbox.simulator.api import Api
from sandbox.simulator.behavior import PROFILES, BadBehavior, Behavior, changed
from sandbox.simulator.organization import Organization

#: How often a child looks whether its parent is still there.
_PARENT_CHECK_S = 0.5


class CannotListen(Exception):
    """The address cannot be listened on; the message is one line for a person."""


def build_app(organization: Organization) -> web.Application:
    """Route the admin API first: the API's last route takes every path that is left."""
    app = web.Application()
    app.add_routes(Admin(organization).routes())
    app.add_routes(Api(organization).routes())
    return app


def run(
    host: str,
    port: int,
    behavior: Behavior,
    announce: Callable[[str], None],
    *,
    parent_pid: int | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, or until the parent process is no longer `parent_pid`.

    Port 0 takes a free one. `announce` is called once, with one line that holds the address, when connections
    are accepted. Raises CannotListen.
    """
    asyncio.run(_serve(host, port, behavior, announce, parent_pid))


async def _serve(
    host: str, port: int, behavior: Behavior, announce: Callable[[str], None], parent_pid: int | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    # A client that goes away ends its handler: hanging answers do not pile up.
    runner = web.AppRunner(
        build_app(Organization(behavior)), access_log=None, handler_cancellation=True, shutdown_timeout=0.2
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
        except OSError as e:
            raise CannotListen(f"cannot listen on {host}:{port}: {os.strerror(e.errno or 0)}") from e
        announce(_ready_line(host, runner.addresses[0][1], behavior))
        await _until_stopped(stop, parent_pid)
    finally:
        await runner.cleanup()


async def _until_stopped(stop: asyncio.Event, parent_pid: int | None) -> None:
    while not stop.is_set():
        # An orphan is handed to another parent: this holds even when ours was killed outright.
        if parent_pid is not None and os.getppid() != parent_pid:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), None if parent_pid is None else _PARENT_CHECK_S)


def _ready_line(host: str, port: int, behavior: Behavior) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    url = f"http://{shown}:{port}"
    # Only the default is no secret; one that was set stays with whoever set it.
    known = behavior.client_secret == Behavior().client_secret
    secret = behavior.client_secret if known else "(the one set)"
    return (
        f"Genesys Cloud simulator on {url} - set GENESYS_CLOUD_API_URL={url} GENESYS_CLOUD_LOGIN_URL={url} "
        f"GENESYS_CLOUD_CLIENT_SECRET={secret} and any client, user and wrap-up code id"
    )


def _parsed(pairs: tuple[str, ...]) -> dict[str, object]:
    """`NAME=VALUE` texts as changes; a value that is no JSON is taken as text."""
    changes: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadBehavior(f"{pair}: expected NAME=VALUE")
        try:
            changes[name] = json.loads(text)
        except ValueError:
            changes[name] = text
    return changes


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help="0 for a free one.")
@click.option("--profile", default="both", show_default=True, type=click.Choice(PROFILES))
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any field of the behavior, e.g. --set rate_limit=50 --set rate_window_s=10. Repeatable.",
)
@click.option("--parent-pid", type=int, hidden=True)
def main(host: str, port: int, profile: str, changes: tuple[str, ...], parent_pid: int | None) -> None:
    """Simulate Genesys Cloud, so far as placing calls needs it. Nothing real is ever called."""
    try:
        behavior = changed(Behavior(profile=profile), _parsed(changes))
    except BadBehavior as e:
        raise click.UsageError(str(e)) from e
    try:
        run(host, port, behavior, click.echo, parent_pid=parent_pid)
    except CannotListen as e:
        click.echo(f"Error: {e}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
