"""`dialer import`: a job for each row of a file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import click

from config.settings import Settings
from tasks.codes import WORDS
from tasks.errors import LedgerUnavailable
from tasks.job import Job
from tasks.screening.rules import rules_of
from worker.cli.errors import CommandError, Interrupted, WrongUsage
from worker.cli.examples import examples
from worker.cli.output import print_json, print_table
from worker.cli.progress import progress
from worker.cli.store import acceptance, redis_fault, settings_of, store
from worker.importing.bulk import CHUNK, Tally, bring_in
from worker.importing.preview import CodeCount, Preview
from worker.importing.rows import BadFile, BadRow, Filling
from worker.importing.source import FORMATS, Source, opened

_TOLD_IN_FULL: Final = 20


@click.command(
    "import",
    epilog=examples(
        "dialer import customers.csv --batch spring --region US --dry-run",
        "dialer import customers.csv --batch spring --region US",
        "jq -c '.[]' jobs.json | dialer import - --format jsonl --json",
    ),
)
@click.argument("file", metavar="FILE|-")
@click.option("--batch", help="Batch of the rows that name none.")
@click.option("--region", help="Region of the rows that name none, e.g. US.")
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="Default: from name or content.")
@click.option("--id-column", metavar="NAME", help="The column or field with the job's id.  [default: id]")
@click.option("--dry-run", is_flag=True, help="Say how many would be dialed, and why the others not; enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    file: str,
    *,
    batch: str | None,
    region: str | None,
    file_format: str | None,
    id_column: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Enter a job for each row of FILE, or of stdin for "-".

    CSV needs a header: 'to', and any other field of a job; 'attributes.NAME' is an attribute. JSONL has one job, an
    object, a line. The id is in 'id'; a row without one gets an id from its content, so that importing a file twice
    calls nobody twice. A bad row is told by its number (the header is row 1) and does not stop the rest.
    """
    settings = settings_of()
    filling = Filling(batch=batch, region=region, id_column=id_column)
    try:
        with opened(file) as source:
            jobs = filling.jobs(source.rows(file_format=file_format, id_column=id_column))
            clean = _preview(jobs, settings, source, as_json) if dry_run else _enter(jobs, settings, source, as_json)
    except BadFile as error:
        raise WrongUsage(f"{file}: {error}") from error
    if not clean:
        raise click.exceptions.Exit(CommandError.exit_code)


def _preview(
    jobs: Iterator[tuple[int, Job] | BadRow],
    settings: Settings,
    source: Source,
    as_json: bool,  # noqa: FBT001
) -> bool:
    preview = Preview(rules_of(settings), datetime.now(UTC))
    with progress(source) as (advance, _):
        for each in jobs:
            preview.add(each)
            if preview.rows % CHUNK == 0:
                advance(preview.rows)
    if as_json:
        print_json(preview.as_json())
    else:
        _print_preview(preview)
    return preview.dialed == preview.rows


def _print_preview(preview: Preview) -> None:
    click.echo(f"{preview.rows} rows; {preview.dialed} would be dialed. Nothing was entered.")
    lines = [(str(code), count, WORDS[code].fix) for code, count in preview.most_frequent()]
    if preview.repeated.count:
        lines.append(("repeated id", preview.repeated, "The same id is one call; give each job its own."))
    if lines:
        click.echo()
        cells = [(met, count.count, _rows(count), fix) for met, count, fix in lines]
        print_table(("code", "rows", "such as rows", "how to mend it"), cells)


def _rows(met: CodeCount) -> str:
    more = ", …" if met.count > len(met.rows) else ""
    return ", ".join(map(str, met.rows)) + more


def _enter(
    jobs: Iterator[tuple[int, Job] | BadRow],
    settings: Settings,
    source: Source,
    as_json: bool,  # noqa: FBT001
) -> bool:
    tally = Tally()
    with store(settings) as redis, progress(source) as (advance, say):
        if not as_json:
            tally.tell = _teller(tally, say)
        try:
            for _ in bring_in(jobs, acceptance(settings, redis), tally):
                advance(tally.rows)
        except LedgerUnavailable as error:
            raise CommandError(f"{redis_fault(settings.redis_url, error)} {_so_far(tally)}") from error
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted. {_so_far(tally)}") from None
    if as_json:
        print_json(tally.as_json())
    else:
        told = len(tally.kept) if tally.conflicting + tally.bad <= _TOLD_IN_FULL else _TOLD_IN_FULL
        if (untold := tally.conflicting + tally.bad - told) > 0:
            click.echo(f"… and {untold} more such rows; --json or --dry-run tell more.", err=True)
        click.echo(
            f"{tally.rows} rows: {tally.accepted} accepted, {tally.replayed} already known, "
            f"{tally.conflicting} conflicting, {tally.bad} bad."
        )
    return not (tally.bad or tally.conflicting)


def _so_far(tally: Tally) -> str:
    return (
        f"{tally.entered} rows are in; run the same import again, which is safe: "
        "what is in stays one job and is not called twice."
    )


def _teller(tally: Tally, say: Callable[[str], None]) -> Callable[[BadRow], None]:
    def tell(row: BadRow) -> None:
        if tally.bad + tally.conflicting <= _TOLD_IN_FULL:
            say(f"row {row.number}: {row.code}: {row.message}")

    return tell
