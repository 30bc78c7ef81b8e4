"""Shows something again and again, until it is done or the user interrupts."""

import time
from collections.abc import Callable
from typing import Final

import click

from worker.cli.output import on_terminal

_EVERY_S: Final = 2.0

watch_option = click.option("--watch", is_flag=True, help="Show it again every 2 seconds, until Ctrl-C.")


def show(once: Callable[[], bool], *, watch: bool) -> None:
    """Call `once`, which shows it and returns whether it may still change; with `watch`, until it may not.

    A terminal is cleared each time; a pipe gets one after the other.
    """
    while True:
        if watch and on_terminal():
            click.clear()
        if not once() or not watch:
            return
        time.sleep(_EVERY_S)
