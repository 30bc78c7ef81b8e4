"""A fault of the configuration that every job would meet, and a backlog: how much of it is burnt."""

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
_PATIENCE_S: Final = 400.0


@dataclass(frozen=True)
class Misconfiguration:
    """Fields of the simulator's behavior; `late`: it comes while calls are placed, and tokens are revoked."""

    fault: dict[str, Any]
    late: bool = False

    @property
    def mended(self) -> dict[str, Any]:
        return {name: getattr(Behavior(), name) for name in self.fault}


@dataclass(frozen=True)
class FaultCourse:
    """How one contender came through it."""

    burnt: int
    placed: int
    back_s: float


FAULTS: Final = {
    "wrong secret": Misconfiguration({"client_secret": "another"}),
    "revoked client": Misconfiguration({"client_secret": "another"}, late=True),
    "missing permission": Misconfiguration({"may_place_calls": False}),
    "unverified caller ID": Misconfiguration({"verified_caller_ids": ["+12125550000"]}),
}

#: A rival fails its whole backlog in each, which takes its time and says no more.
_RIVALS_FAULTS: Final = ("wrong secret", "missing permission")


def run(task: Task) -> BenchReport:
    count = task.count(5000, least=200)
    contenders: dict[str, Callable[[Stand, Misconfiguration, int], FaultCourse]] = {PRODUCT: _dialer, PLAIN: _rival}
    courses: dict[str, dict[str, FaultCourse]] = {fault: {} for fault in FAULTS}
    for fault, misconfiguration in FAULTS.items():
        for name, contend in contenders.items():
            if name == PLAIN and fault not in _RIVALS_FAULTS:
                continue
            task.say(f"{fault}: {name}, {count} jobs")
            with Stand(latency_s=_LATENCY_S) as stand:
                courses[fault][name] = contend(stand, misconfiguration, count)
    return BenchReport(
        title=f"everybody's fault, for {_FAULT_S:g} s, and then mended without a restart",
        conditions=f"{count:,} jobs each, {_WORKERS} workers of 8 threads, no limit, answers in "
        f"{_LATENCY_S * 1000:g} ms; the revoked client is revoked while calls are placed",
        figures=[
            figure
            for fault, each in courses.items()
            for figure in (
                Figure(
                    name=f"{fault}: jobs that end for it",
                    values={name: course.burnt for name, course in each.items()},
                    bar=Bar(most=10),
                ),
                Figure(
                    name=f"{fault}: all others placed",
                    unit="%",
                    values={name: _share_of_others(course, count) for name, course in each.items()},
                    bar=Bar(least=100),
                ),
                Figure(
                    name=f"{fault}: from mended to the next call",
                    unit="s",
                    values={PRODUCT: each[PRODUCT].back_s},
                ),
            )
        ],
        notes=[
            "A plain Celery task that meets such an answer fails for good; somebody must find the failed ones and "
            f"send them again. It was tried for: {', '.join(_RIVALS_FAULTS)}.",
        ],
    )


def _share_of_others(course: FaultCourse, count: int) -> float | None:
    others = count - course.burnt
    return 100 * course.placed / others if others else None


def _dialer(stand: Stand, misconfiguration: Misconfiguration, count: int) -> FaultCourse:
    if not misconfiguration.late:
        stand.simulator.behave(**misconfiguration.fault)
    stand.accept(jobs(count))
    stand.start_dialer(_WORKERS)
    mended = _suffer(stand, misconfiguration)
    wait_until(lambda: stand.counts()["open"] == 0, _PATIENCE_S, "the end of the jobs", look_s=0.5)
    counts = stand.counts()
    return _course(stand, mended, burnt=count - counts["placed"], placed=counts["placed"])


def _rival(stand: Stand, misconfiguration: Misconfiguration, count: int) -> FaultCourse:
    if not misconfiguration.late:
        stand.simulator.behave(**misconfiguration.fault)
    stand.send_to_rival(numbers(count))
    stand.start_rival(_WORKERS)
    mended = _suffer(stand, misconfiguration)
    wait_until(lambda: stand.rival_results().total() == count, _PATIENCE_S, "the end of the tasks", look_s=1)
    results = stand.rival_results()
    return _course(stand, mended, burnt=results["FAILURE"], placed=results["SUCCESS"])


def _suffer(stand: Stand, misconfiguration: Misconfiguration) -> float:
    """Let the fault work for a while; when it was mended, in epoch seconds."""
    if misconfiguration.late:
        wait_until(lambda: stand.simulator.stats()["calls"] > _WARM_UP_CALLS, 60, "the first calls")
        stand.simulator.behave(**misconfiguration.fault)
        stand.simulator.revoke_tokens()
    else:
        wait_until(lambda: bool(stand.simulator.stats()["requests"]), 60, "the first request", look_s=0.02)
    time.sleep(_FAULT_S)
    stand.simulator.behave(**misconfiguration.mended)
    return time.time()


def _course(stand: Stand, mended: float, *, burnt: int, placed: int) -> FaultCourse:
    after = [visit.time for visit in visits(stand.simulator) if visit.time >= mended]
    return FaultCourse(burnt, placed, min(after, default=mended) - mended)
