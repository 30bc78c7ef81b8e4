"""The HTTP server of the simulator: the platform's API and the admin API on one port."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from aiohttp import web

from sandbox.simulator.admin import AdminApi
from sandbox.simulator.api import PlatformApi
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.organization import Organization

#: How often a child checks that its parent is still alive.
_PARENT_CHECK_S = 0.5


class CannotListen(Exception):
    """The server cannot listen on the address; the message is one line for a person."""


def build_app(organization: Organization) -> web.Application:
    """Build the application. The admin API comes first: the last route of the platform's API takes any path."""
    app = web.Application()
    app.add_routes(AdminApi(organization).routes())
    app.add_routes(PlatformApi(organization).routes())
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

    Port 0 selects a free port. `announce` is called once, as soon as connections are accepted, with one line that
    contains the address. Raises CannotListen.
    """
    asyncio.run(_serve(host, port, behavior, announce, parent_pid))


async def _serve(
    host: str, port: int, behavior: Behavior, announce: Callable[[str], None], parent_pid: int | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    # A client that disconnects ends its handler, so that hanging requests do not accumulate.
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
        # An orphan gets another parent, even if ours was killed with SIGKILL.
        if parent_pid is not None and os.getppid() != parent_pid:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), None if parent_pid is None else _PARENT_CHECK_S)


def _ready_line(host: str, port: int, behavior: Behavior) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    url = f"http://{shown}:{port}"
    # The default is public; a secret that was set is not printed.
    known = behavior.client_secret == Behavior().client_secret
    secret = behavior.client_secret if known else "(as set)"
    return (
        f"Genesys Cloud simulator on {url} - set GENESYS_CLOUD_API_URL={url} GENESYS_CLOUD_LOGIN_URL={url} "
        f"GENESYS_CLOUD_CLIENT_SECRET={secret} and any client, user and wrap-up code id"
    )
