"""Prints JSON for programs, aligned lines for pipes, and tables for terminals."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from config.escaping import escape_unprintable


def print_json(value: object) -> None:
    """Print one JSON value in ASCII, which is safe in any encoding and on any terminal."""
    click.echo(json.dumps(value, indent=2))


def print_fields(fields: Iterable[tuple[str, Any]]) -> None:
    """Print `name  value` lines with aligned values; empty values are left out."""
    shown = [(name, escape_unprintable(str(value))) for name, value in fields if value not in {None, ""}]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{click.style(name.ljust(width), dim=True)}  {value}".rstrip())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table without truncation: a terminal wraps long cells, a pipe gets long lines."""
    texts = [[escape_unprintable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(columns, texts)
        return
    widths = [max(len(row[n]) for row in [list(columns), *texts]) for n in range(len(columns))]
    for row in [list(columns), *texts]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_rich(columns: Sequence[str], texts: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))  # Text, so that no markup is interpreted in what producers wrote
    Console(highlight=False).print(table)
