"""`dialer healthy`: the health check of a container."""

import click

from tasks.keys import Keys
from worker.cli.examples import examples
from worker.cli.faults import Fault
from worker.cli.store import settings_of, store
from worker.health import HEALTHY_WITHIN_S, silence_s, this_host


@click.command("healthy", epilog=examples("dialer healthy"))
def command() -> None:
    """Exit 0 when a worker of this host was seen within the last 15 seconds, and 1 when none was.

    It asks Redis, and so fails as well while Redis is away, when a worker needs no restart: it waits.
    """
    settings = settings_of()
    with store(settings) as redis:
        silent_s = silence_s(redis, keys=Keys(settings.key_prefix), host=this_host())
    if silent_s is None:
        raise Fault("Redis knows of no worker on this host: it is still starting, or has ended.")
    if silent_s > HEALTHY_WITHIN_S:
        raise Fault(f"the worker of this host was last seen {silent_s:.0f} s ago: see its log.")
    click.echo(f"A worker of this host was seen {silent_s:.1f} s ago.")
