"""`dialer list`: counts the jobs by state, or lists the jobs in one state page by page."""

import shlex
from collections.abc import Iterable
from datetime import datetime

import click

from tasks.codes import State
from tasks.ledger.records import Record, Records
from tasks.results import CallResult
from worker.cli.examples import examples
from worker.cli.output import on_terminal, print_json, print_table
from worker.cli.selection import CodeChoice
from worker.cli.store import require_batch, settings_of, store


@click.command(
    "list",
    epilog=examples(
        "dialer list",
        "dialer list --state rejected --batch spring --code no_station",
        "dialer list --state placed --result busy --json | jq -r '.records[].id'",
    ),
)
@click.option(
    "--state",
    type=click.Choice([str(state) for state in State]),
    metavar="STATE",
    help=f"List the jobs in this state: {', '.join(State)}.",
)
@click.option("--batch", help="Only jobs of this batch.")
@click.option("--code", type=CodeChoice(), metavar="CODE", help="With --state: only jobs with this code.")
@click.option(
    "--result",
    type=click.Choice([str(result) for result in CallResult]),
    metavar="RESULT",
    help=f"With --state placed: only calls with this result: {', '.join(CallResult)}.",
)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="The maximum number of jobs on a page.",
)
@click.option("--after", metavar="CURSOR", help="Continue after a page, which printed this cursor.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts, or {records, after}, as one JSON object.")
def command(*, state: str | None, limit: int, after: str | None, as_json: bool, **filters: str | None) -> None:
    """Count the jobs by state; with --state, list them, newest first.

    `open` counts those without an outcome: scheduled, queued, preparing and sending.
    """
    if not state and (after or filters["code"]):
        raise click.UsageError(f"{'--after' if after else '--code'} needs --state.")
    if filters["result"] and state != State.PLACED:
        raise click.UsageError("--result needs --state placed.")
    settings = settings_of()
    with store(settings) as redis:
        require_batch(redis, filters["batch"])
        records = Records(redis)
        if state is None:
            counts = records.counts(filters["batch"])
            if as_json:
                print_json(counts)
            else:
                print_table(("state", "jobs"), counts.items())
            return
        try:
            page = records.page(State(state), after=after, limit=limit, **filters)
        except ValueError as error:
            raise click.UsageError("--after must be the cursor that a page printed.") from error
    if as_json:
        print_json({"records": page.records, "after": page.after})
        return
    _print(page.records)
    if page.after:
        options = {"state": state, **filters, "limit": str(limit), "after": page.after}
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
        click.echo(f"More: {shlex.join(['dialer', 'list', *words])}", err=True)


def _print(found: list[Record]) -> None:
    """A terminal gets no state, which all have, and times that fit."""
    cells: Iterable[tuple[str | None, ...]]
    if on_terminal():
        cells = ((each["id"], _to(each), _short(_at(each)), each.get("code"), each.get("message")) for each in found)
        print_table(("id", "to", "at (UTC)", "code", "message"), cells, prose="message")
    else:
        cells = (
            (each["id"], each["state"], each.get("code"), _to(each), _at(each), each.get("message")) for each in found
        )
        print_table(("id", "state", "code", "to", "at", "message"), cells)


def _to(record: Record) -> str:
    return str(record.get("to") or record.get("to_raw", ""))


def _at(record: Record) -> str:
    found = (record.get(name) for name in ("finished_at", "sent_at", "due_at", "accepted_at"))
    return str(next(filter(None, found), ""))


def _short(at: str) -> str:
    """Return a time without its year and seconds, or only its date if it is in another year."""
    if not at:
        return ""
    instant = datetime.fromisoformat(at)
    same_year = instant.year == datetime.now(instant.tzinfo).year
    return f"{instant:%m-%d %H:%M}" if same_year else f"{instant:%Y-%m-%d}"
