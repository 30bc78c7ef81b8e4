"""`dialer healthy`: the health check of a container."""

import click

from worker.cli.errors import CommandError
from worker.cli.examples import examples
from worker.cli.store import settings_of, store
from worker.health import HEALTHY_WITHIN_S, heartbeat_age_s, host_name


@click.command("healthy", epilog=examples("dialer healthy"))
def command() -> None:
    """Check that a worker of this host sent a heartbeat within the last 15 seconds; exit 1 if not.

    While Redis is unavailable, it exits with 4: the worker waits for Redis, and needs no restart.
    """
    settings = settings_of()
    with store(settings) as redis:
        age_s = heartbeat_age_s(redis, host=host_name())
    if age_s is None:
        raise CommandError("there is no heartbeat of a worker on this host: it is still starting, or has stopped.")
    if age_s > HEALTHY_WITHIN_S:
        raise CommandError(f"the last heartbeat of a worker on this host was {age_s:.0f} s ago: see its log.")
    click.echo(f"The last heartbeat of a worker on this host was {age_s:.1f} s ago.")
