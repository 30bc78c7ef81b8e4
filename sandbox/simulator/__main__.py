"""Starts the simulator by hand: `python -m sandbox.simulator`. docs/sandbox.md describes what it can do."""

import json
import sys

import click

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.changes import PROFILES, BadBehavior, changed
from sandbox.simulator.server import CannotListen, run


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help="0 for any free port.")
@click.option(
    "--profile",
    default="both",
    show_default=True,
    type=click.Choice(PROFILES),
    help="The profile of the API that is accepted.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a field of the behavior, e.g. --set rate_limit=50 --set rate_window_s=10. Repeatable.",
)
@click.option("--parent-pid", type=int, hidden=True)
def main(host: str, port: int, profile: str, changes: tuple[str, ...], parent_pid: int | None) -> None:
    """Simulate the part of Genesys Cloud that places calls. No real call is ever placed."""
    try:
        behavior = changed(Behavior(profile=profile), _parsed(changes))
    except BadBehavior as e:
        raise click.UsageError(str(e)) from e
    try:
        run(host, port, behavior, click.echo, parent_pid=parent_pid)
    except CannotListen as e:
        click.echo(f"Error: {e}", err=True)
        sys.exit(1)


def _parsed(pairs: tuple[str, ...]) -> dict[str, object]:
    """Parse `NAME=VALUE` texts into changes; a value that is not JSON is taken as text."""
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


if __name__ == "__main__":
    main(prog_name="python -m sandbox.simulator")
