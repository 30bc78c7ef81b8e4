"""What `dialer import` tells: how it reads the file, the rows to look at, and the summary."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import click

from config.settings import RateLimit
from tasks.codes import WORDS
from tasks.fleet.pace import Pace
from worker.cli.output import print_json, print_table
from worker.importing.columns import Columns
from worker.importing.refused import RefusedRows
from worker.importing.rows import BadRow
from worker.importing.source import Source
from worker.importing.summary import CodeCount, ImportSummary

_MAX_PRINTED: Final = 20


def print_how_it_is_read(source: Source, columns: Columns, *, chosen: str | None) -> None:
    """Say what was guessed of the file, so that a wrong guess is seen."""
    if not chosen and not source.encoding.startswith("utf-8"):
        name = {"cp1252": "Windows-1252", "utf-16": "UTF-16"}[source.encoding]
        click.echo(f"Reading the file as {name}; if that is wrong, use --encoding.", err=True)
    left_out = [name for name in source.sheet.header if columns.field_of(name) is None] if source.sheet else []
    if left_out:
        click.echo(f"Leaving out the columns: {', '.join(map(ascii, left_out))}.", err=True)


def report_rows(
    summary: ImportSummary, refused: RefusedRows | None, print_line: Callable[[str], None] | None
) -> None:
    """Let the summary report rows as they come: the first ones in words, and all of them to the file."""
    printed = 0

    def say(line: str) -> None:
        nonlocal printed
        if print_line and (printed := printed + 1) <= _MAX_PRINTED:
            print_line(line)

    def on_bad_row(row: BadRow) -> None:
        say(f"row {row.number}: {row.code}: {row.message}")
        if refused:
            refused.add(row)

    summary.on_bad_row = on_bad_row
    summary.on_repeated_row = lambda row, first: say(f"row {row}: the same number as row {first}")


def print_summary(summary: ImportSummary, limit: RateLimit, *, as_json: bool) -> None:
    seconds = round(summary.accepted * Pace.of(limit).interval_s)
    if as_json:
        print_json(summary.as_json() | {"seconds_at_pace": seconds})
        return
    reported = summary.conflicting + summary.bad + summary.repeated + summary.skipped
    if reported > _MAX_PRINTED:
        click.echo(f"… and {reported - _MAX_PRINTED} more rows; --json or --errors has more.", err=True)
    accepted = "would be accepted" if summary.dry_run else "accepted"
    click.echo(
        f"{summary.rows} rows: {summary.accepted} {accepted}, {summary.replayed} already known, "
        f"{summary.conflicting} conflicting, {summary.bad} refused."
    )
    if summary.dry_run:
        click.echo("Nothing was entered.")
    if summary.repeated:
        click.echo(f"{summary.repeated} rows have the number of an earlier row; --repeated skip leaves them out.")
    if summary.skipped:
        click.echo(f"{summary.skipped} rows were skipped, because they have the number of an earlier row.")
    if summary.accepted:
        click.echo(
            f"At {limit.count} requests in {limit.period_s:g} s, the calls take at least "
            f"{timedelta(seconds=max(seconds, 1))}."
        )
    if summary.codes:
        click.echo()
        cells = [(code, found.count, _rows(found), WORDS[code].fix) for code, found in summary.most_frequent()]
        print_table(("code", "rows", "first rows", "how to fix it"), cells)


def _rows(count: CodeCount) -> str:
    more = ", …" if count.count > len(count.rows) else ""
    return ", ".join(map(str, count.rows)) + more
