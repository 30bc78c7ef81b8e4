"""Prints JSON for programs, aligned lines for pipes, and tables for terminals."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from config.escaping import escape_unprintable

#: Columns between two cells of a table.
_GAP: Final = 2
#: The least width in which prose can be read.
_LEAST_PROSE: Final = 20
#: Cells up to this length, such as a number or a time, are broken last.
_SHORT: Final = 16
#: The least width of a column that is broken.
_LEAST_BROKEN: Final = 10


def print_json(value: object) -> None:
    """Print one JSON value in ASCII, which is safe in any encoding and on any terminal."""
    click.echo(json.dumps(value, indent=2))


def print_fields(fields: Iterable[tuple[str, Any]]) -> None:
    """Print `name  value` lines with aligned values; empty values are left out."""
    shown = [(name, escape_unprintable(str(value))) for name, value in fields if value not in {None, ""}]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{click.style(name.ljust(width), dim=True)}  {value}".rstrip())


def on_terminal() -> bool:
    """Return whether a person reads the output, who cannot scroll sideways."""
    return sys.stdout.isatty()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, prose: str = "") -> None:
    """Print a table without truncation: a terminal wraps long cells, a pipe gets long lines.

    `prose` is the column to wrap first; if a terminal has no room for it, it is left out.
    """
    texts = [[escape_unprintable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if on_terminal():
        _print_rich(columns, texts, prose)
        return
    widths = [max(len(row[n]) for row in [list(columns), *texts]) for n in range(len(columns))]
    for row in [list(columns), *texts]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_rich(columns: Sequence[str], texts: list[list[str]], prose: str) -> None:
    from rich.cells import cell_len  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    widths = {column: max(map(cell_len, cells)) for column, *cells in zip(columns, columns, *texts, strict=True)}
    left_out = prose in widths and _missing(widths, console.width) > max(widths[prose] - _LEAST_PROSE, 0)
    if left_out:
        del widths[prose]
    broken = _broken(widths, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in widths:
        table.add_column(column, overflow="fold", no_wrap=column not in broken)
    for row in texts:
        cells = (cell for column, cell in zip(columns, row, strict=True) if column in widths)
        table.add_row(*map(Text, cells))  # Text, so that no markup is interpreted in what producers wrote
    console.print(table)
    if left_out:
        click.echo(f"A wider terminal shows the column '{prose}'.", err=True)


def _missing(widths: Mapping[str, int], width: int) -> int:
    """Return by how much columns of these widths are wider than the terminal."""
    return sum(widths.values()) + _GAP * (len(widths) - 1) - width


def _broken(widths: Mapping[str, int], width: int) -> set[str]:
    """Return the columns to break: the last one that is enough; else all long ones; in a tiny terminal, all."""
    missing = _missing(widths, width)
    if missing <= 0:
        return set()
    spare = {column: each - _LEAST_BROKEN for column, each in widths.items() if each > _SHORT}
    for column in reversed(spare):
        if spare[column] >= missing:
            return {column}
    return set(spare if sum(spare.values()) >= missing else widths)
