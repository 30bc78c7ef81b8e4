"""`dialer import`: enters a job for each row of a file, or says what would become of the rows."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from tasks.errors import LedgerUnavailable
from tasks.screening.rules import rules_of
from worker.cli.errors import CommandError, Interrupted, WrongUsage
from worker.cli.examples import examples
from worker.cli.import_report import print_how_it_is_read, print_summary, report_rows
from worker.cli.progress import progress
from worker.cli.store import acceptor, settings_of, store, unavailable
from worker.importing.bulk import DryRun, import_jobs
from worker.importing.checking import checked
from worker.importing.columns import Columns
from worker.importing.encoding import is_text_encoding
from worker.importing.lost_digits import Numbers, restored
from worker.importing.refused import RefusedRows
from worker.importing.rows import BadFile, RowDefaults
from worker.importing.seen import FirstRows
from worker.importing.source import FORMATS, open_source
from worker.importing.summary import ImportSummary


def _mapping(_ctx: click.Context, _option: click.Parameter, maps: tuple[str, ...]) -> dict[str, str]:
    if faulty := [text for text in maps if not all(text.rpartition("="))]:
        raise click.BadParameter(f"'{faulty[0]}' is not COLUMN=FIELD, such as Phone=to.")
    return {column: name for column, _, name in (text.rpartition("=") for text in maps)}


def _encoding(_ctx: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is not None and not is_text_encoding(name):
        raise click.BadParameter(f"'{name}' is no encoding that can be read; try utf-8, utf-16 or cp1252.")
    return name


@click.command(
    "import",
    epilog=examples(
        "dialer import customers.csv --batch spring --region US --dry-run",
        "dialer import customers.csv --batch spring --region US --errors refused.csv",
        "dialer import crm.csv --map Phone=to --map 'Contact ID=id' --ignore-unknown",
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
@click.option(
    "--map", "mapping", multiple=True, callback=_mapping, metavar="COLUMN=FIELD", help="A column's field; repeatable."
)
@click.option("--ignore-unknown", is_flag=True, help="Leave out columns that are no field of a job.")
@click.option("--id-column", metavar="NAME", help="The column or field with the id.  [default: id]")
@click.option(
    "--repeated",
    type=click.Choice(["call", "skip"]),
    default="call",
    show_default=True,
    help="Call a number again that an earlier row has, or skip the row.",
)
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="Default: by file name or content.")
@click.option("--encoding", callback=_encoding, metavar="NAME", help="E.g. utf-8 or cp1252. Default: by content.")
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), metavar="PATH", help="Write the refused rows here."
)
@click.option("--dry-run", is_flag=True, help="Do everything but the last step: enter nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(file: str, **options: Any) -> None:
    """Enter a job for each row of FILE, or of standard input if FILE is "-".

    A CSV file needs a header with 'to', and may have the other fields of a job; the column of an attribute is
    'attributes.NAME'. A JSONL file has one JSON object per line. The column or field 'id' is the id of the job. A row
    without an id gets one from its content, so importing a file again causes no second call. A row that no worker
    would dial is reported with its number (a CSV header is row 1), and the import continues.
    """
    if options["region"] and options["numbers"] == Numbers.INTERNATIONAL:
        raise WrongUsage("--numbers international reads every number without a region; leave out --region.")
    errors: Path | None = options["errors"]
    if errors and errors.exists() and Path(file).exists() and errors.samefile(file):
        raise WrongUsage(f"--errors {errors} is the file that is imported; choose another name.")
    try:
        clean = _run(file, **options)
    except BadFile as error:
        raise WrongUsage(f"{file}: {error}") from error
    if not clean:
        raise click.exceptions.Exit(CommandError.exit_code)


def _run(
    file: str,
    *,
    batch: str | None,
    region: str | None,
    numbers: str | None,
    mapping: dict[str, str],
    ignore_unknown: bool,
    id_column: str | None,
    repeated: str,
    file_format: str | None,
    encoding: str | None,
    errors: Path | None,
    dry_run: bool,
    as_json: bool,
) -> bool:
    """Go through the file; return whether every row is a job that can be dialed."""
    settings = settings_of()
    rules = rules_of(settings)
    restore = partial(restored, numbers=Numbers(numbers) if numbers else None, rules=rules)
    defaults = RowDefaults(batch=batch, region=region, id_column=id_column, restore=restore)
    columns = Columns(mapping=mapping, id_column=id_column, ignore_unknown=ignore_unknown)
    summary = ImportSummary(dry_run=dry_run)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(file))
        rows = defaults.jobs(source.rows(columns, file_format=file_format, encoding=encoding))
        print_how_it_is_read(source, columns, chosen=encoding)
        refused = stack.enter_context(RefusedRows(errors, source.sheet)) if errors else None
        redis = stack.enter_context(store(settings))
        ledger = acceptor(settings, redis)
        entering = DryRun(ledger, stack.enter_context(FirstRows())) if dry_run else ledger
        advance, print_line = stack.enter_context(progress("rows", total=source.size, position=source.position))
        report_rows(summary, refused, None if as_json else print_line)
        screened = checked(rows, rules, datetime.now(UTC), stack.enter_context(FirstRows()))
        try:
            for _ in import_jobs(screened, entering, summary, skip_repeated=repeated == "skip"):
                advance(summary.rows)
        except LedgerUnavailable as error:
            raise unavailable(settings.redis_url, error, _so_far(summary)) from error
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted. {_so_far(summary)}") from None
    print_summary(summary, settings.rate_limit, as_json=as_json)
    if refused and refused.count:
        click.echo(f"{refused.count} rows were written to {errors}: correct them, and import that file.", err=True)
    return summary.is_clean


def _so_far(summary: ImportSummary) -> str:
    if summary.dry_run:
        return "Nothing was entered."
    return (
        f"{summary.entered} rows were entered. Run the same import again: "
        "a row that was already entered causes no second call."
    )
