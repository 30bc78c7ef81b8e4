"""Calls per second without a limit, and the processor time per call, with one process of each contender."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from bench.figures import PLAIN, PRODUCT, SCRIPT, BenchReport, Figure, Task
from bench.processes import Child, Failed, cpu_s
from bench.stand import Stand, jobs, numbers

_LOOK_S: Final = 0.2
_TIMEOUT_S: Final = 180.0
#: The share of calls that is not measured, because the first calls include imports, connections and the token.
_WARM_UP: Final = 0.1


class Reading(NamedTuple):
    """A reading during a run: the calls so far, and the processor time of worker and Redis."""

    at: float
    calls: int
    worker_s: float | None
    redis_s: float | None


def run(task: Task) -> BenchReport:
    count = task.count(2500, least=600)
    contenders: dict[str, tuple[int, Callable[[Stand, int], Child]]] = {
        PRODUCT: (count, partial(_dialer, concurrency=8)),
        f"{PRODUCT}, 32 threads": (count, partial(_dialer, concurrency=32)),
        PLAIN: (count, _rival),
        SCRIPT: (count // 4, lambda stand, wanted: stand.start_script(numbers(wanted))),
    }
    spans: dict[str, tuple[Reading, Reading]] = {}
    for name, (wanted, start) in contenders.items():
        task.print_progress(f"{name}, {wanted} calls")
        with Stand() as stand:
            spans[name] = _measured(stand, start(stand, wanted), wanted)
    return BenchReport(
        title="calls per second without a limit",
        conditions=f"{count:,} jobs, one process of 8 threads each; the API answers immediately; all processes share "
        "the cores, so the processor time per call is the fairer figure",
        figures=[
            Figure(name="calls per second, one process", values={name: _rate(*span) for name, span in spans.items()}),
            Figure(
                name="processor time per call, of the process",
                unit="ms",
                values={name: _cost_ms(*span, "worker_s") for name, span in spans.items()},
            ),
            Figure(
                name="calls per second and core, of the process",
                values={name: _per_core(*span) for name, span in spans.items()},
            ),
            Figure(
                name="processor time per call, of Redis",
                unit="ms",
                values={name: _cost_ms(*span, "redis_s") for name, span in spans.items() if name != SCRIPT},
            ),
        ],
        notes=[
            f"The {SCRIPT} fetches a token and opens two connections for every call, and keeps no record.",
            "Genesys Cloud's documented limit is 5 requests per second for a client.",
        ],
    )


def _measured(stand: Stand, child: Child, wanted: int) -> tuple[Reading, Reading]:
    """Poll until all calls are placed; return the first reading after the warm-up, and the last."""
    first: Reading | None = None
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        calls = stand.simulator.stats()["calls"]
        reading = Reading(time.monotonic(), calls, cpu_s(child.pid), cpu_s(stand.redis_pid))
        if first is None and calls >= wanted * _WARM_UP:
            first = reading
        # Stop before the end, because a process that waits or has ended would appear slow.
        if first and first.calls < calls and calls >= wanted * (1 - _WARM_UP):
            return first, reading
        time.sleep(_LOOK_S)
    raise Failed(f"{child.log.stem}: {calls} of {wanted} calls within {_TIMEOUT_S:g} s")


def _rate(first: Reading, last: Reading) -> float:
    return (last.calls - first.calls) / (last.at - first.at)


def _cost_ms(first: Reading, last: Reading, of: str) -> float | None:
    began: Any = getattr(first, of)
    ended: Any = getattr(last, of)
    if began is None or ended is None:
        return None
    return float(ended - began) / (last.calls - first.calls) * 1000


def _per_core(first: Reading, last: Reading) -> float | None:
    cost_ms = _cost_ms(first, last, "worker_s")
    return 1000 / cost_ms if cost_ms else None


def _dialer(stand: Stand, wanted: int, *, concurrency: int) -> Child:
    stand.accept(jobs(wanted))
    return stand.start_dialer(concurrency=concurrency)[0]


def _rival(stand: Stand, wanted: int) -> Child:
    stand.send_to_rival(numbers(wanted))
    return stand.start_rival()[0]
