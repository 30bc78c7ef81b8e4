"""`dialer batch NAME --by-hand`: everyone whom a person has to call, as a table, CSV or JSON."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import click
from redis import Redis

from config.values import Profile
from tasks.codes import Words
from tasks.ledger.by_hand import by_hand
from tasks.ledger.records import Record
from worker.cli.cells import csv_writer
from worker.cli.output import on_terminal, print_table

COLUMNS: Final = (
    *("id", "to", "to_raw", "reason", "what_to_do", "state", "code", "result", "attempts", "finished_at"),
    *("conversation_id", "attributes"),
)
#: A table is printed as a whole, because its columns are as wide as their longest cell.
_MOST_IN_TABLE: Final = 10_000


def print_by_hand(redis: Redis, batch: str, profile: Profile, *, form: str) -> None:
    """Print whom a person has to call, as `table`, `csv` or `json`. Each job is printed once."""
    found = (_row(record, reason) for record, reason in by_hand(redis, batch, profile))
    if form == "csv":
        write = csv_writer(COLUMNS)
        for row in found:
            write(row)
    elif form == "json":
        _print_json(found)
    else:
        _print_table(found)


def _row(record: Record, reason: Words) -> dict[str, Any]:
    known: dict[str, Any] = {name: record[name] for name in COLUMNS if name in record}
    return known | {"reason": reason.meaning, "what_to_do": reason.fix}


def _print_json(found: Iterator[dict[str, Any]]) -> None:
    """Print one list, an object a line, as it is read."""
    separator = "["
    for row in found:
        click.echo(f"{separator}\n  {json.dumps(row)}", nl=False)
        separator = ","
    click.echo("\n]" if separator == "," else "[]")


def _print_table(found: Iterator[dict[str, Any]]) -> None:
    rows = list(islice(found, _MOST_IN_TABLE))
    if not rows:
        click.echo("Nobody has to be called by hand so far.")
        return
    cells = [
        (row["id"], row.get("to") or row.get("to_raw"), row.get("result") or row["code"], _short(row), row["reason"])
        for row in rows
    ]
    print_table(("id", "number", "why", "attributes", "reason"), cells, prose="reason")
    if next(found, None):
        click.echo(f"Only the first {len(rows)}; --csv and --json print all.", err=True)


def _short(row: dict[str, Any]) -> str:
    """Return the attributes in a form for people; a terminal has little room for them."""
    pairs = row.get("attributes", {}).items()
    return (", " if on_terminal() else "; ").join(f"{name}={value}" for name, value in pairs)
