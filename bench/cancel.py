"""Cancelling and retrying many jobs with one command: its time, including the start."""

import time
from typing import Final

from bench.figures import PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import Failed
from bench.stand import BATCH, Stand, jobs

_BAR: Final = Bar(most=15)
_USUAL: Final = 100_000
_TIMEOUT_S: Final = 1800.0
#: What is done to the jobs, in this order: the name of the figure, and the command.
_COMMANDS: Final = (
    ("cancel a batch, s", ("cancel", "--batch", BATCH)),
    ("retry a batch, s", ("retry", "--batch", BATCH, "--state", "cancelled")),
)


def run(task: Task) -> BenchReport:
    count = task.count(_USUAL)
    figures = []
    with Stand() as stand:
        task.print_progress("entering jobs")
        stand.accept(jobs(count))
        for name, command in _COMMANDS:
            task.print_progress(name)
            began = time.perf_counter()
            child = stand.run(*command)
            code = child.wait(_TIMEOUT_S)
            seconds = time.perf_counter() - began
            if code:
                raise Failed(f"'dialer {command[0]}' ended with {code}: {child.log.read_text()[-500:]}")
            figures.append(Figure(name=name, values={PRODUCT: seconds}, bar=_BAR if count <= _USUAL else None))
    return BenchReport(
        title="cancelling and retrying with one command",
        conditions=f"{count:,} jobs of one batch; Redis writes each command to disk before it answers",
        figures=figures,
    )
