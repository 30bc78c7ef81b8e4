"""A misconfiguration that affects every job, and a backlog: how many of its jobs fail."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import Stand, jobs, numbers
from bench.traffic import visits
from sandbox.simulator.behavior import Behavior

_FAULT_S: Final = 8.0
_WORKERS: Final = 2
_LATENCY_S: Final = 0.02
_WARM_UP_CALLS: Final = 50
_TIMEOUT_S: Final = 400.0


@dataclass(frozen=True)
class Misconfiguration:
    """Fields of the simulator's behavior; `late`: it begins while calls are placed, and revokes tokens."""

    fault: dict[str, Any]
    late: bool = False

    @property
    def fixed(self) -> dict[str, Any]:
        return {name: getattr(Behavior(), name) for name in self.fault}


@dataclass(frozen=True)
class FaultCourse:
    """The results of one contender."""

    failed: int
    placed: int
    back_s: float


FAULTS: Final = {
    "wrong secret": Misconfiguration({"client_secret": "another"}),
    "revoked client": Misconfiguration({"client_secret": "another"}, late=True),
    "missing permission": Misconfiguration({"permissions": []}),
    "unverified caller ID": Misconfiguration({"verified_caller_ids": ["+12125550000"]}),
}

#: The rival runs with only two, because each takes long, and its whole backlog fails every time.
_RIVALS_FAULTS: Final = ("wrong secret", "missing permission")


def run(task: Task) -> BenchReport:
    count = task.count(5000, least=200)
    contenders: dict[str, Callable[[Stand, Misconfiguration, int], FaultCourse]] = {PRODUCT: _dialer, PLAIN: _rival}
    courses: dict[str, dict[str, FaultCourse]] = {fault: {} for fault in FAULTS}
    for fault, misconfiguration in FAULTS.items():
        for name, contend in contenders.items():
            if name == PLAIN and fault not in _RIVALS_FAULTS:
                continue
            task.print_progress(f"{fault}: {name}, {count} jobs")
            with Stand(latency_s=_LATENCY_S) as stand:
                courses[fault][name] = contend(stand, misconfiguration, count)
    return BenchReport(
        title=f"a systemic misconfiguration for {_FAULT_S:g} s, fixed without a restart",
        conditions=f"{count:,} jobs each, {_WORKERS} workers of 8 threads, no limit, answers in "
        f"{_LATENCY_S * 1000:g} ms; 'revoked client' begins while calls are placed",
        figures=[
            figure
            for fault, each in courses.items()
            for figure in (
                Figure(
                    name=f"{fault}: jobs that end because of it",
                    values={name: course.failed for name, course in each.items()},
                    bar=Bar(most=10),
                ),
                Figure(
                    name=f"{fault}: other jobs placed",
                    unit="%",
                    values={name: _share_of_others(course, count) for name, course in each.items()},
                    bar=Bar(least=100),
                ),
                Figure(
                    name=f"{fault}: from the fix to the next call",
                    unit="s",
                    values={PRODUCT: each[PRODUCT].back_s},
                ),
            )
        ],
        notes=[
            "A plain Celery task with such an answer fails permanently, and a person has to find the failed tasks and "
            f"send them again. It was measured with: {', '.join(_RIVALS_FAULTS)}.",
        ],
    )


def _share_of_others(course: FaultCourse, count: int) -> float | None:
    others = count - course.failed
    return 100 * course.placed / others if others else None


def _dialer(stand: Stand, misconfiguration: Misconfiguration, count: int) -> FaultCourse:
    if not misconfiguration.late:
        stand.simulator.behave(**misconfiguration.fault)
    stand.accept(jobs(count))
    stand.start_dialer(_WORKERS)
    fixed_at = _cause_fault(stand, misconfiguration)
    wait_until(lambda: stand.counts()["open"] == 0, _TIMEOUT_S, "the end of the jobs", look_s=0.5)
    counts = stand.counts()
    return _course(stand, fixed_at, failed=count - counts["placed"], placed=counts["placed"])


def _rival(stand: Stand, misconfiguration: Misconfiguration, count: int) -> FaultCourse:
    if not misconfiguration.late:
        stand.simulator.behave(**misconfiguration.fault)
    stand.send_to_rival(numbers(count))
    stand.start_rival(_WORKERS)
    fixed_at = _cause_fault(stand, misconfiguration)
    wait_until(lambda: stand.rival_results().total() == count, _TIMEOUT_S, "the end of the tasks", look_s=1)
    results = stand.rival_results()
    return _course(stand, fixed_at, failed=results["FAILURE"], placed=results["SUCCESS"])


def _cause_fault(stand: Stand, misconfiguration: Misconfiguration) -> float:
    """Keep the fault for a while, fix it, and return the time of the fix in epoch seconds."""
    if misconfiguration.late:
        wait_until(lambda: stand.simulator.stats()["calls"] > _WARM_UP_CALLS, 60, "the first calls")
        stand.simulator.behave(**misconfiguration.fault)
        stand.simulator.revoke_tokens()
    else:
        wait_until(lambda: bool(stand.simulator.stats()["requests"]), 60, "the first request", look_s=0.02)
    time.sleep(_FAULT_S)
    stand.simulator.behave(**misconfiguration.fixed)
    return time.time()


def _course(stand: Stand, fixed_at: float, *, failed: int, placed: int) -> FaultCourse:
    after = [visit.time for visit in visits(stand.simulator) if visit.time >= fixed_at]
    return FaultCourse(failed, placed, min(after, default=fixed_at) - fixed_at)
