"""`dialer import`: enters a job for each row of a file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

import click

from config.settings import Settings
from tasks.codes import WORDS
from tasks.errors import LedgerUnavailable
from tasks.job import Job
from tasks.screening.rules import Rules, rules_of
from worker.cli.errors import CommandError, Interrupted, WrongUsage
from worker.cli.examples import examples
from worker.cli.output import print_json, print_table
from worker.cli.progress import progress
from worker.cli.store import acceptor, redis_fault, settings_of, store
from worker.importing.bulk import CHUNK, ImportSummary, import_jobs
from worker.importing.lost_digits import Numbers, restored
from worker.importing.preview import CodeCount, Preview
from worker.importing.rows import BadFile, BadRow, RowDefaults
from worker.importing.source import FORMATS, Source, open_source

_MAX_PRINTED: Final = 20


@click.command(
    "import",
    epilog=examples(
        "dialer import customers.csv --batch spring --region US --dry-run",
        "dialer import customers.csv --batch spring --region US",
        "jq -c '.[]' jobs.json | dialer import - --format jsonl --json",
    ),
)
@click.argument("file", metavar="FILE|-")
@click.option("--batch", help="The batch of rows that have none.")
@click.option("--region", help="The region of rows that have none, e.g. US.")
@click.option(
    "--numbers",
    type=click.Choice([each.value for each in Numbers]),
    help="What a spreadsheet took from the numbers: the '+' (international) or a leading zero (national).",
)
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="Default: by file name or content.")
@click.option("--id-column", metavar="NAME", help="The column or field with the id.  [default: id]")
@click.option(
    "--dry-run", is_flag=True, help="Print which rows would be dialed, and why others would not; enter nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    file: str,
    *,
    batch: str | None,
    region: str | None,
    numbers: str | None,
    file_format: str | None,
    id_column: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Enter a job for each row of FILE, or of standard input if FILE is "-".

    A CSV file needs a header with 'to', and may have the other fields of a job; the column of an attribute is
    'attributes.NAME'. A JSONL file has one JSON object per line. The column or field 'id' is the id of the job. A row
    without an id gets one from its content, so importing a file again causes no second call. A bad row is reported
    with its number (a CSV header is row 1), and the import continues.
    """
    settings = settings_of()
    if region and numbers == Numbers.INTERNATIONAL:
        raise WrongUsage("--numbers international reads every number without a region; leave out --region.")
    rules = rules_of(settings)
    restore = partial(restored, numbers=Numbers(numbers) if numbers else None, rules=rules)
    defaults = RowDefaults(batch=batch, region=region, id_column=id_column, restore=restore)
    try:
        with open_source(file) as source:
            jobs = defaults.jobs(source.rows(file_format=file_format, id_column=id_column))
            clean = _preview(jobs, rules, source, as_json) if dry_run else _enter(jobs, settings, source, as_json)
    except BadFile as error:
        raise WrongUsage(f"{file}: {error}") from error
    if not clean:
        raise click.exceptions.Exit(CommandError.exit_code)


def _preview(
    jobs: Iterator[tuple[int, Job] | BadRow],
    rules: Rules,
    source: Source,
    as_json: bool,  # noqa: FBT001
) -> bool:
    preview = Preview(rules, datetime.now(UTC))
    with progress("rows", total=source.size, position=source.position) as (advance, _):
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
        lines.append(
            ("repeated id", preview.repeated, "Jobs with the same id are one call; give each job its own id.")
        )
    if lines:
        click.echo()
        cells = [(code, count.count, _rows(count), fix) for code, count, fix in lines]
        print_table(("code", "rows", "first rows", "how to fix it"), cells)


def _rows(count: CodeCount) -> str:
    more = ", …" if count.count > len(count.rows) else ""
    return ", ".join(map(str, count.rows)) + more


def _enter(
    jobs: Iterator[tuple[int, Job] | BadRow],
    settings: Settings,
    source: Source,
    as_json: bool,  # noqa: FBT001
) -> bool:
    summary = ImportSummary()
    with (
        store(settings) as redis,
        progress("rows", total=source.size, position=source.position) as (advance, print_line),
    ):
        if not as_json:
            summary.on_bad_row = _row_printer(summary, print_line)
        try:
            for _ in import_jobs(jobs, acceptor(settings, redis), summary):
                advance(summary.rows)
        except LedgerUnavailable as error:
            raise CommandError(f"{redis_fault(settings.redis_url, error)} {_so_far(summary)}") from error
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted. {_so_far(summary)}") from None
    if as_json:
        print_json(summary.as_json())
    else:
        if (not_printed := summary.conflicting + summary.bad - _MAX_PRINTED) > 0:
            click.echo(f"… and {not_printed} more rows; --json or --dry-run prints more.", err=True)
        click.echo(
            f"{summary.rows} rows: {summary.accepted} accepted, {summary.replayed} already known, "
            f"{summary.conflicting} conflicting, {summary.bad} bad."
        )
    return not (summary.bad or summary.conflicting)


def _so_far(summary: ImportSummary) -> str:
    return (
        f"{summary.entered} rows were entered. Run the same import again: "
        "a row that was already entered causes no second call."
    )


def _row_printer(summary: ImportSummary, print_line: Callable[[str], None]) -> Callable[[BadRow], None]:
    def print_row(row: BadRow) -> None:
        if summary.bad + summary.conflicting <= _MAX_PRINTED:
            print_line(f"row {row.number}: {row.code}: {row.message}")

    return print_row
