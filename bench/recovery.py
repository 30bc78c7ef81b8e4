"""Requests during the pause after a 429, and the time until calls continue after it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.figures import PLAIN, PRODUCT, SCRIPT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import Stand, jobs, numbers
from bench.traffic import Visit, visits

_RETRY_AFTER_S: Final = 3
_WORKERS: Final = 2
_WIDTH: Final = _WORKERS * 8
_LATENCY_S: Final = 0.05
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True)
class PauseCourse:
    """The requests of one contender, and the begin and end of the pause in epoch seconds."""

    asked: list[Visit]
    began: float
    ended: float
    placed: int


def run(task: Task) -> BenchReport:
    count = task.count(1500, least=800)
    contenders: dict[str, Callable[[Stand], PauseCourse]] = {
        PRODUCT: partial(_dialer, count=count),
        PLAIN: partial(_rival, count=count),
        SCRIPT: partial(_script, count=count // 10),
    }
    courses: dict[str, PauseCourse] = {}
    for name, contend in contenders.items():
        task.print_progress(name)
        with Stand(latency_s=_LATENCY_S) as stand:
            courses[name] = contend(stand)
    return _report(courses, count)


def _report(courses: dict[str, PauseCourse], count: int) -> BenchReport:
    wanted = {name: count // 10 if name == SCRIPT else count for name in courses}
    return BenchReport(
        title="after a 429",
        conditions=f"{count:,} jobs, {_WORKERS} workers of 8 threads, no limit of their own; after 1 s, the API "
        f"answers 429 for {_RETRY_AFTER_S} s, with the remaining seconds in Retry-After",
        figures=[
            Figure(
                name="requests from the first 429 to the end of the pause",
                values={
                    name: sum(course.began < visit.time < course.ended for visit in course.asked)
                    for name, course in courses.items()
                },
                bar=Bar(most=_WIDTH - 1),
            ),
            Figure(
                name="of these, later than 0.2 s",
                values={
                    name: sum(course.began + 0.2 < visit.time < course.ended for visit in course.asked)
                    for name, course in courses.items()
                },
                bar=Bar(most=0),
            ),
            Figure(
                name="from the end of the pause to the first call",
                unit="s",
                values={
                    name: min((v.time for v in course.asked if v.time >= course.ended), default=course.ended)
                    - course.ended
                    for name, course in courses.items()
                },
            ),
            Figure(
                name="calls in the first 2 s after the pause",
                values={
                    name: sum(course.ended <= visit.time < course.ended + 2 for visit in course.asked)
                    for name, course in courses.items()
                },
            ),
            Figure(
                name="jobs not placed",
                values={name: wanted[name] - course.placed for name, course in courses.items()},
                bar=Bar(most=0),
            ),
        ],
        notes=[
            f"{_WIDTH} requests may be in progress when the first 429 arrives, and cannot be canceled.",
            f"{PRODUCT} adds a random wait of up to one second, because users report 429s right after Retry-After.",
            f"The {SCRIPT} has {wanted[SCRIPT]} numbers to call; it prints a refusal and does not retry.",
        ],
    )


def _refuse_for_a_while(stand: Stand) -> tuple[float, float]:
    """Answer 429 until the Retry-After of the first one has passed; return the begin and end of the pause."""
    stand.simulator.behave(outage="rate_limited", retry_after_s=_RETRY_AFTER_S)
    wait_until(lambda: any(v.refused for v in visits(stand.simulator)), 10, "a 429", look_s=0.02)
    began = next(visit.time for visit in visits(stand.simulator) if visit.refused)
    for left_s in range(_RETRY_AFTER_S - 1, -1, -1):
        time.sleep(max(began + _RETRY_AFTER_S - left_s - time.time(), 0))
        if left_s:
            stand.simulator.behave(retry_after_s=left_s)
    stand.simulator.behave(outage="")
    return began, began + _RETRY_AFTER_S


def _course(stand: Stand, done: Callable[[], bool]) -> PauseCourse:
    wait_until(lambda: bool(stand.simulator.stats()["calls"]), 30, "the first call")
    time.sleep(1)
    began, ended = _refuse_for_a_while(stand)
    wait_until(done, _TIMEOUT_S, "the end of the jobs", look_s=0.5)
    asked = visits(stand.simulator)
    return PauseCourse(asked, began, ended, stand.simulator.stats()["calls"])


def _dialer(stand: Stand, *, count: int) -> PauseCourse:
    stand.start_dialer(_WORKERS)
    stand.accept(jobs(count))
    return _course(stand, lambda: stand.counts()["open"] == 0)


def _rival(stand: Stand, *, count: int) -> PauseCourse:
    stand.send_to_rival(numbers(count))
    stand.start_rival(_WORKERS)
    return _course(stand, lambda: stand.rival_results().total() == count)


def _script(stand: Stand, *, count: int) -> PauseCourse:
    script = stand.start_script(numbers(count))
    return _course(stand, lambda: not script.runs)
