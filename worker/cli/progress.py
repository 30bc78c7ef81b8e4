"""The progress of long work: a bar, a count and a rate on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(
    unit: str, *, total: int | None, position: Callable[[], int] | None = None
) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """Yield two functions: one sets how many `unit` are done, the other prints a line above the bar.

    `total` is the number of units; or the value of `position` at the end, if the bar follows that, such as the bytes
    of a file; or None if it is not known.
    """
    if not sys.stderr.isatty():
        yield lambda _: None, lambda line: click.echo(line, err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True, highlight=False, markup=False)
    columns = (
        BarColumn(),
        TextColumn(f"{{task.fields[done]}} {unit}, {{task.fields[rate]}}/s", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total, done=0, rate=0)
        started = bar.get_time()

        def advance(done: int) -> None:
            rate = round(done / max(bar.get_time() - started, 0.001))
            bar.update(task, completed=position() if position else done, done=done, rate=rate)

        yield advance, console.print
