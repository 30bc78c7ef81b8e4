"""An API that answers no request for half a minute, and a backlog: who is called twice, and which jobs are lost."""

import time
from dataclasses import dataclass
from typing import Any, Final

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import Stand, jobs, numbers
from bench.traffic import visits

_OUTAGE_S: Final = 30.0
_WORKERS: Final = 4
_LATENCY_S: Final = 0.05
_WARM_UP_CALLS: Final = 50
_TIMEOUT_S: Final = 400.0


@dataclass(frozen=True)
class OutageCourse:
    """The results of one contender."""

    unanswered: int
    placed: int
    unknown: int
    lost: int
    called_twice: int
    back_s: float
    drained_s: float


def run(task: Task) -> BenchReport:
    count = task.count(5000, least=200)
    courses: dict[str, OutageCourse] = {}
    for name, contend in (
        (f"{PRODUCT}, from the start", _cold),
        (f"{PRODUCT}, at full speed", _warm),
        (PLAIN, _rival),
    ):
        task.print_progress(f"{name}, {count} jobs")
        with Stand(latency_s=_LATENCY_S) as stand:
            courses[name] = contend(stand, count)
    ours = [name for name in courses if name.startswith(PRODUCT)]
    return BenchReport(
        title=f"an API that answers no request for {_OUTAGE_S:g} s, although every phone rings",
        conditions=f"{count:,} jobs, {_WORKERS} workers of 8 threads, no limit, answers in {_LATENCY_S * 1000:g} ms, "
        "time-outs of 3 s to connect and 10 s to read; "
        "the outage begins before the workers start, or while they work",
        figures=[
            Figure(
                name="jobs that end unconfirmed",
                values={name: courses[name].unknown for name in ours},
                bar=Bar(most=20),
            ),
            Figure(
                name="people called twice",
                values={name: course.called_twice for name, course in courses.items()},
                bar=Bar(most=0),
            ),
            Figure(
                name="jobs that end neither placed nor unconfirmed",
                values={name: course.lost for name, course in courses.items()},
                bar=Bar(most=0),
            ),
            Figure(name="jobs placed", values={name: course.placed for name, course in courses.items()}),
            Figure(name="unanswered requests", values={name: course.unanswered for name, course in courses.items()}),
            Figure(
                name="from the end of the outage to the next call",
                unit="s",
                values={name: course.back_s for name, course in courses.items()},
            ),
            Figure(
                name="from the end of the outage to the last outcome",
                unit="s",
                values={name: course.drained_s for name, course in courses.items()},
            ),
        ],
        notes=[
            "During an outage, Dialer sends one job at a time as a probe, after 5 s at first and after at most a minute, "
            "and waits for each answer. That determines the time until its next call.",
        ],
    )


def _cold(stand: Stand, count: int) -> OutageCourse:
    stand.simulator.behave(outage="hang_rings")
    return _dialer(stand, count)


def _warm(stand: Stand, count: int) -> OutageCourse:
    return _dialer(stand, count, warm_up=_WARM_UP_CALLS)


def _dialer(stand: Stand, count: int, *, warm_up: int = 0) -> OutageCourse:
    stand.accept(jobs(count))
    stand.start_dialer(_WORKERS)
    returned = _outage(stand, warm_up)
    wait_until(lambda: stand.counts()["open"] == 0, _TIMEOUT_S, "the end of the jobs", look_s=0.5)
    counts = stand.counts()
    return _course(stand, returned, placed=counts["placed"], unknown=counts["unconfirmed"], count=count)


def _rival(stand: Stand, count: int) -> OutageCourse:
    stand.send_to_rival(numbers(count))
    stand.start_rival(_WORKERS)
    returned = _outage(stand, _WARM_UP_CALLS)
    wait_until(lambda: stand.rival_results().total() == count, _TIMEOUT_S, "the end of the tasks", look_s=1)
    return _course(stand, returned, placed=stand.rival_results()["SUCCESS"], unknown=0, count=count)


def _outage(stand: Stand, warm_up: int) -> float:
    """Cause the outage, end it, and return the time of its end in epoch seconds."""
    wait_until(lambda: stand.simulator.stats()["calls"] > warm_up, 60, "the first calls", look_s=0.02)
    stand.simulator.behave(outage="hang_rings")
    time.sleep(_OUTAGE_S)
    stand.simulator.behave(outage="")
    return time.time()


def _course(stand: Stand, returned: float, *, placed: int, unknown: int, count: int) -> OutageCourse:
    stats: dict[str, Any] = stand.simulator.stats()
    asked = visits(stand.simulator)
    after = [visit.time for visit in asked if visit.time >= returned]
    return OutageCourse(
        unanswered=sum(visit.status is None for visit in asked),
        placed=placed,
        unknown=unknown,
        lost=count - placed - unknown,
        called_twice=stats["numbers_called_twice"],
        back_s=min(after, default=returned) - returned,
        drained_s=max(after, default=returned) - returned,
    )
