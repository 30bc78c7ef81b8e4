"""`dialer batch`: lists batches, shows how far one is, and whom a person has to call."""

import shlex
from typing import Any, Final

import click
from redis import Redis

from config.escaping import escape_unprintable
from config.settings import Settings
from worker.cli.batch_list import print_batches
from worker.cli.batch_progress import BatchProgress, as_object, progress_of
from worker.cli.batch_report import line, report
from worker.cli.by_hand import print_by_hand
from worker.cli.errors import CommandError, Interrupted
from worker.cli.examples import examples
from worker.cli.output import on_terminal, print_json
from worker.cli.store import require_batch, settings_of, store
from worker.cli.watch import show, watch_option

#: How many batches are listed.
_BATCHES: Final = 20


@click.command(
    "batch",
    epilog=examples(
        "dialer batch",
        "dialer batch spring --watch",
        "dialer batch spring --wait && echo all were placed",
        "dialer batch spring --by-hand --csv > by-hand.csv",
        "dialer batch spring --json | jq .left_s",
    ),
)
@click.argument("name", metavar="[NAME]", required=False)
@watch_option
@click.option("--wait", is_flag=True, help="Wait until the batch is over; exit with 1 if not all jobs were placed.")
@click.option("--by-hand", "manual", is_flag=True, help="List everyone whom a person has to call, and why.")
@click.option("--csv", "as_csv", is_flag=True, help="With --by-hand: print CSV for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help=f"Without NAME: the maximum number of batches; {_BATCHES} if absent.",
)
def command(
    *, name: str | None, watch: bool, wait: bool, manual: bool, as_csv: bool, as_json: bool, limit: int | None
) -> None:
    """Show how far the batch NAME is; without NAME, list the batches, the last changed first.

    A batch is over when all its jobs have an outcome and no call goes on. --watch and --wait end then; a pipe gets a
    line when something has changed. A job is counted as long as its record is kept. The exit code is 3 if no job has
    the batch.
    """
    if name is None and (watch or wait or manual):
        raise click.UsageError("--watch, --wait and --by-hand need the NAME of a batch.")
    if name is not None and limit:
        raise click.UsageError("--limit is for the list of batches, without NAME.")
    if manual and (watch or wait or (as_csv and as_json)):
        raise click.UsageError("--by-hand can be combined with --csv or --json.")
    if as_csv and not manual:
        raise click.UsageError("--csv needs --by-hand.")
    settings = settings_of()
    with store(settings) as redis:
        if name is None:
            print_batches(redis, most=limit or _BATCHES, as_json=as_json)
            return
        require_batch(redis, name)
        if manual:
            print_by_hand(redis, name, settings.profile, form="csv" if as_csv else "json" if as_json else "table")
        elif wait:
            _wait(redis, settings, name, as_json=as_json)
        else:
            shown = _Shown(redis, settings, name, as_json=as_json, each_time=True)
            show(lambda: shown.again(in_full=not watch or on_terminal()), watch=watch)


class _Shown:
    """Prints the progress of a batch; `progress` is what was printed last. With JSON, `each_time` or at the end."""

    progress: BatchProgress

    def __init__(self, redis: Redis, settings: Settings, name: str, *, as_json: bool, each_time: bool) -> None:
        self._redis = redis
        self._settings = settings
        self._name = name
        self._as_json = as_json
        self._each_time = each_time
        self._printed: Any = None

    def again(self, *, in_full: bool) -> bool:
        """Print how far it is now, and return whether that may change; not `in_full`: a line, if it has changed."""
        self.progress = progress_of(self._redis, self._settings, self._name)
        over = self.progress.tally.over
        if self._as_json:
            if over or self._each_time:
                print_json(as_object(self.progress, self._settings))
        elif over or in_full:
            report(self.progress, self._settings)
        else:
            self._print_line()
        return not over

    def _print_line(self) -> None:
        tally, left = self.progress.tally, self.progress.left
        # The time left changes always.
        shown = (tally.done, tally.going_on, left.basis if left.seconds is None else None)
        if shown != self._printed:
            click.echo(line(self.progress))
            self._printed = shown


def _wait(redis: Redis, settings: Settings, name: str, *, as_json: bool) -> None:
    shown = _Shown(redis, settings, name, as_json=as_json, each_time=False)
    try:
        show(lambda: shown.again(in_full=on_terminal()), watch=True)
    except KeyboardInterrupt:
        raise Interrupted("stopped waiting; the batch goes on.") from None
    if not shown.progress.all_placed:
        tally = shown.progress.tally
        command_line = escape_unprintable(shlex.join(["dialer", "batch", name, "--by-hand"]))
        raise CommandError(f"{tally.jobs - tally.states['placed']} jobs were not placed; see: {command_line}")
