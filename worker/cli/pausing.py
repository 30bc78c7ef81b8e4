"""`dialer pause` and `dialer resume`: an operator stops and resumes sending."""

import click

from config.escaping import escape_unprintable
from tasks.fleet.pause import Pause, PauseReason
from worker.cli.examples import examples
from worker.cli.spans import span, until_when
from worker.cli.store import settings_of, store


@click.command("pause", epilog=examples("dialer pause", 'dialer pause --reason "wrong list, see ticket 7" --for 2h'))
@click.option(
    "--reason", default="paused by an operator", show_default=True, help="The text that 'dialer status' shows."
)
@click.option("--for", "for_s", type=str, metavar="TIME", help="End the pause after this time, e.g. 90s, 15m or 2h.")
def pause(*, reason: str, for_s: str | None) -> None:
    """Stop sending for the whole fleet, until 'dialer resume'.

    The new reason and end replace those of an operator's pause that holds already.
    Calls in progress are finished. The other jobs wait, keep their place, and use up no attempts.
    """
    seconds = None if for_s is None else _seconds(for_s)
    settings = settings_of()
    with store(settings) as redis:
        replaced = Pause(redis).begin(PauseReason.OPERATOR, reason, for_s=seconds)
    until = "" if seconds is None else f" for {span(seconds)}"
    click.echo(f"Paused{until}. Run 'dialer resume' to resume sending.")
    if replaced:
        click.echo(f"This replaces the pause {until_when(replaced)}: {escape_unprintable(replaced.message)}")


@click.command("resume", epilog=examples("dialer resume", "dialer resume --all"))
@click.option("--all", "everything", is_flag=True, help="End every pause, whatever its reason. Fix the cause first.")
def resume(*, everything: bool) -> None:
    """End the operator's pause, or every pause with --all. Users who are set aside get calls again.

    A pause for an outage, credentials or refusals ends automatically with the first call that is placed.
    """
    settings = settings_of()
    with store(settings) as redis:
        fleet_pause = Pause(redis)
        ended = fleet_pause.end(*(PauseReason if everything else [PauseReason.OPERATOR, PauseReason.NOBODY_THERE]))
        left = fleet_pause.entries()
    click.echo("Resumed." if ended else "There was no such pause.")
    for entry in left:
        click.echo(
            f"Still paused: {entry.reason}: {entry.message} ('dialer resume --all' ends this pause.)", err=True
        )


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdecimal() or int(number) == 0:
        raise click.UsageError("--for must be a whole number followed by s, m, h or d, such as 15m.")
    return int(number) * units[unit]
