"""`dialer list`: counts the jobs by state, or lists the jobs in one state page by page."""

import shlex

import click

from tasks.codes import State
from tasks.ledger.records import Page, Record, Records
from worker.cli.examples import examples
from worker.cli.output import print_json, print_table
from worker.cli.store import settings_of, store


@click.command(
    "list",
    epilog=examples(
        "dialer list",
        "dialer list --state rejected --batch spring --limit 100",
        "dialer list --state placed --json | jq -r '.records[].id'",
    ),
)
@click.option(
    "--state",
    type=click.Choice([str(state) for state in State]),
    metavar="STATE",
    help=f"List the jobs in this state: {', '.join(State)}.",
)
@click.option("--batch", help="Only jobs of this batch.")
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
def command(*, state: str | None, batch: str | None, limit: int, after: str | None, as_json: bool) -> None:
    """Count the jobs by state; with --state, list them, newest first.

    `open` counts those without an outcome: scheduled, queued, preparing and sending.
    """
    if after and not state:
        raise click.UsageError("--after needs --state.")
    settings = settings_of()
    with store(settings) as redis:
        records = Records(redis)
        if state is None:
            counts = records.counts(batch)
            if as_json:
                print_json(counts)
            else:
                print_table(("state", "jobs"), counts.items())
            return
        try:
            page = records.page(State(state), batch=batch, after=after, limit=limit)
        except ValueError as error:
            raise click.UsageError("--after must be the cursor that a page printed.") from error
    if as_json:
        print_json({"records": page.records, "after": page.after})
    else:
        _print(page, state, batch, limit)


def _print(page: Page, state: str, batch: str | None, limit: int) -> None:
    print_table(("id", "state", "code", "to", "at", "message"), map(_cells, page.records))
    if page.after:
        options = ["--state", state, *(["--batch", batch] if batch else []), "--limit", str(limit)]
        click.echo(f"More: {shlex.join(['dialer', 'list', *options, '--after', page.after])}", err=True)


def _cells(record: Record) -> tuple[str, ...]:
    at = record.get("finished_at") or record.get("sent_at") or record.get("due_at") or record.get("accepted_at", "")
    to = record.get("to") or record.get("to_raw", "")
    return record["id"], record["state"], record.get("code", ""), to, at, record.get("message", "")
