"""The delay of scheduled jobs on an idle fleet."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import BATCH, Stand, numbers
from sandbox.simulator.process import Simulator
from tasks.job import Job

_WORKERS: Final = 2
_FIRST_S: Final = 3.0
_SPREAD_S: Final = 15.0

#: Number -> its due time in epoch seconds.
Instants = dict[str, float]


def run(task: Task) -> BenchReport:
    count = task.count(60)
    contenders: dict[str, Callable[[Stand, int], Instants]] = {PRODUCT: _dialer, PLAIN: _rival}
    late: dict[str, list[float]] = {}
    for name, enter in contenders.items():
        task.print_progress(f"{name}, {count} jobs within {_SPREAD_S:g} s")
        with Stand() as stand:
            due = enter(stand, count)
            wait_until(partial(_all_rung, stand.simulator, count), 60, "the last call")
            late[name] = sorted(call["time"] - due[call["to"]] for call in stand.simulator.calls())
    return BenchReport(
        title="delay of scheduled jobs",
        conditions=f"{count} jobs, each with its own due time within {_SPREAD_S:g} s, {_WORKERS} idle workers "
        "of 8 threads",
        figures=[
            Figure(
                name="median delay from the due time to the call",
                unit="s",
                values={name: statistics.median(each) for name, each in late.items()},
                bar=Bar(most=0.2),
            ),
            Figure(
                name="95th percentile of the delay",
                unit="s",
                values={name: each[int(len(each) * 0.95)] for name, each in late.items()},
            ),
            Figure(name="longest delay", unit="s", values={name: each[-1] for name, each in late.items()}),
            Figure(
                name="calls before the due time",
                values={name: sum(delay < 0 for delay in each) for name, each in late.items()},
                bar=Bar(most=0),
            ),
        ],
    )


def _instants(count: int) -> Instants:
    began = time.time() + _FIRST_S
    return {number: began + random.uniform(0, _SPREAD_S) for number in numbers(count)}


def _dialer(stand: Stand, count: int) -> Instants:
    """Jobs with `not_before`, as from a producer or `dialer import`."""
    stand.start_dialer(_WORKERS)
    due = _instants(count)
    stand.accept(
        [
            Job(id=f"job-{number}", to=number, batch=BATCH, not_before=datetime.fromtimestamp(at, UTC))
            for number, at in due.items()
        ]
    )
    return due


def _rival(stand: Stand, count: int) -> Instants:
    """Tasks with Celery's `eta`, which a worker keeps in its memory until then."""
    stand.start_rival(_WORKERS)
    due = _instants(count)
    for number, at in due.items():
        stand.producer.send_task("rival.dial", args=[number], eta=datetime.fromtimestamp(at, UTC))
    return due


def _all_rung(simulator: Simulator, count: int) -> bool:
    return int(simulator.stats()["calls"]) >= count
