"""`dialer healthy`: the health check of a container."""

import click

from worker.cli.errors import CommandError
from worker.cli.examples import examples
from worker.cli.store import settings_of, store
from worker.health import HEALTHY_WITHIN_S, silence_s, this_host


@click.command("healthy", epilog=examples("dialer healthy"))
def command() -> None:
    """Exit 0 when a worker of this host was seen within the last 15 seconds, and 1 when none was.

    It asks Redis, and so fails as well while Redis is away, when a worker needs no restart: it waits.
    """
    settings = settings_of()
    with store(settings) as redis:
        silent_s = silence_s(redis, host=this_host())
    if silent_s is None:
        raise CommandError("Redis knows of no worker on this host: it is still starting, or has ended.")
    if silent_s > HEALTHY_WITHIN_S:
        raise CommandError(f"the worker of this host was last seen {silent_s:.0f} s ago: see its log.")
    click.echo(f"A worker of this host was seen {silent_s:.1f} s ago.")
