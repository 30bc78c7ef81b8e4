"""The batches, as `dialer batch` lists them without a name."""

from typing import Any

import click
from redis import Redis

from tasks.ledger.batches import latest_batches
from tasks.ledger.tally import Tally
from tasks.results import CallResult
from worker.cli.batch_progress import iso
from worker.cli.output import print_json, print_table
from worker.cli.spans import moment


def print_batches(redis: Redis, *, most: int, as_json: bool) -> None:
    """Print at most `most` batches, the last changed first."""
    found = latest_batches(redis, most=most + 1)
    shown = found[:most]
    if as_json:
        print_json({"batches": [_object(tally) for tally in shown]})
        return
    print_table(("batch", "jobs", "done", "answered", "first job (UTC)", "last change (UTC)"), map(_row, shown))
    if len(found) > most:
        click.echo(f"More: dialer batch --limit {most * 2}", err=True)


def _row(tally: Tally) -> tuple[str, int, int, int, str, str]:
    first, last = ("" if at is None else moment(at, short=True) for at in (tally.first_ms, tally.last_ms))
    return tally.name, tally.jobs, tally.done, tally.results.get(CallResult.ANSWERED, 0), first, last


def _object(tally: Tally) -> dict[str, Any]:
    return {
        "batch": tally.name,
        "jobs": tally.jobs,
        "done": tally.done,
        "answered": tally.results.get(CallResult.ANSWERED, 0),
        "first_at": iso(tally.first_ms),
        "last_at": iso(tally.last_ms),
    }
