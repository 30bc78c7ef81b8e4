"""The progress of an import: a bar and a rate on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from worker.importing.source import Source


@contextmanager
def progress(source: Source) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """Yield two functions: one sets the number of rows read, the other prints a line above the bar."""
    if not sys.stderr.isatty():
        yield lambda _: None, lambda line: click.echo(line, err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True, highlight=False, markup=False)
    columns = (
        BarColumn(),
        TextColumn("{task.fields[rows]} rows, {task.fields[rate]}/s", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=source.size, rows=0, rate=0)
        started = bar.get_time()

        def advance(rows: int) -> None:
            rate = round(rows / max(bar.get_time() - started, 0.001))
            bar.update(task, completed=source.position(), rows=rows, rate=rate)

        yield advance, console.print
