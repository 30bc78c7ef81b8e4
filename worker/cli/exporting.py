"""`dialer export`: writes records, one per line, for spreadsheets and other programs."""

import json
import sys
from typing import Final

import click

from tasks.codes import State
from tasks.ledger.export import Export
from tasks.ledger.records import Record
from worker.cli.cells import csv_writer
from worker.cli.errors import Interrupted
from worker.cli.examples import examples
from worker.cli.progress import progress
from worker.cli.store import require_batch, settings_of, store

#: New columns come last, so that a reader by position is not disturbed.
COLUMNS: Final = (
    *("id", "state", "code", "message", "to", "from", "to_raw", "batch", "attempts", "http_status"),
    *("conversation_id", "correlation_id", "worker", "accepted_at", "sent_at", "finished_at", "due_at", "hint"),
    *("priority", "region", "user_id", "wrap_up_code_id", "not_before", "not_after", "max_attempts", "attributes"),
    *("call_state", "result", "result_detail", "answered_at", "ended_at", "ring_s", "talk_s"),
    "evidence",
)
_PROGRESS_EVERY: Final = 500


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
    r"""Write the records of all jobs, or of the jobs in a state or a batch, to standard output.

    Each job is written once, although the fleet goes on working. The memory use is small: some bytes a job. In CSV, a
    text that a spreadsheet would run as a formula gets an apostrophe, and control characters are shown as \xNN.
    """
    settings = settings_of()
    rows = 0
    with store(settings) as redis:
        require_batch(redis, batch)
        write = _write_jsonl if form == "jsonl" else csv_writer(COLUMNS)
        export = Export(redis, states=[State(state) for state in states], batch=batch)
        with progress("rows", total=export.count()) as (advance, _):
            try:
                for rows, record in enumerate(export, start=1):
                    write(record)
                    if rows % _PROGRESS_EVERY == 0:
                        advance(rows)
            except KeyboardInterrupt:
                raise Interrupted(f"interrupted. {rows} rows were written; the export is not complete.") from None


def _write_jsonl(record: Record) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
