"""The progress of the demo's batch: a live bar on a terminal, otherwise one line a second."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import click
from redis import Redis

from sandbox.demo_fleet import DemoWorker
from tasks.ledger.records import Records
from tasks.store import keys
from worker.cli.errors import CommandError

_LOOK_S: Final = 0.2
_LINE_S: Final = 1.0
_LONGEST_S: Final = 120.0
_LOG_LINES: Final = 15

Counts = dict[str, int]


def watch(redis: Redis, batch: str, workers: Sequence[DemoWorker], *, per_minute: int) -> None:
    """Show the progress until no job of the batch is open and every call has ended.

    Raises CommandError if that takes too long.
    """
    deadline, records = time.monotonic() + _LONGEST_S, Records(redis)
    with _shown(per_minute) as show:
        while True:
            counts = records.counts(batch)
            # A call whose result does not say why nobody answered is looked up once more.
            followed = redis.zcard(keys.followed)
            show(counts)
            if not counts["open"] and not followed:
                return
            if not any(worker.runs for worker in workers) or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_S)
    for worker in workers:
        click.echo(f"--- last lines of {worker.log.name}", err=True)
        for line in worker.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]:
            click.echo(line, err=True)
    raise CommandError(
        f"{counts['open']} jobs have no outcome, and {followed} calls are followed; see the logs above."
    )


@contextmanager
def _shown(per_minute: int) -> Iterator[Callable[[Counts], None]]:
    if not sys.stdout.isatty():
        yield _OneLineASecond()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - not in a pipe

    with Progress(BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.fields[states]}")) as bar:
        task = bar.add_task("", total=None, states=f"starting the workers; at most {per_minute} calls a minute")
        yield lambda counts: bar.update(
            task,
            total=sum(counts.values()),
            completed=sum(counts.values()) - counts["open"],
            states=_states(counts),
        )


class _OneLineASecond:
    """Prints one line a second, and one at the end."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, counts: Counts) -> None:
        if time.monotonic() >= self._next or not counts["open"]:
            self._next = time.monotonic() + _LINE_S
            done = sum(counts.values()) - counts["open"]
            click.echo(f"{done:>4} of {sum(counts.values())}: {_states(counts)}")


def _states(counts: Counts) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)
