"""`dialer export`: writes records, one per line, for spreadsheets and other programs."""

import csv
import json
import re
import sys

import click

from tasks.codes import State
from tasks.ledger.records import Records
from worker.cli.examples import examples
from worker.cli.store import settings_of, store

_NUMBER = re.compile(r"\+[0-9 ().-]+")
COLUMNS = (
    *("id", "state", "code", "message", "to", "from", "to_raw", "batch", "attempts", "http_status"),
    *("conversation_id", "correlation_id", "worker", "accepted_at", "sent_at", "finished_at", "due_at", "hint"),
)


@click.command(
    "export",
    epilog=examples(
        "dialer export --batch spring > spring.csv",
        "dialer export --state unconfirmed --format jsonl",
    ),
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([str(s) for s in State]),
    metavar="STATE",
    help=f"Only jobs in this state; repeatable: {', '.join(State)}.",
)
@click.option("--batch", help="Only jobs of this batch.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
def command(*, states: tuple[str, ...], batch: str | None, form: str) -> None:
    """Write the records of all jobs, or of the jobs in a state or a batch, to standard output.

    The records are read page by page, so the memory use is constant.
    """
    settings = settings_of()
    with store(settings) as redis:
        look_up = Records(redis)
        records = (record for state in states or State for record in look_up.every(State(state), batch=batch))
        if form == "jsonl":
            for record in records:
                click.echo(json.dumps(record))
            return
        sheet = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", restval="", lineterminator="\n")
        sheet.writeheader()
        sheet.writerows({name: _cell(value) for name, value in record.items()} for record in records)


def _cell(value: object) -> object:
    """Quote a text that a spreadsheet would interpret as a formula (OWASP, CSV injection)."""
    if isinstance(value, str) and value[:1] in set("=@+-\t\r") and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
