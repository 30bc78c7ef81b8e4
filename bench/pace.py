"""The share of a rate limit that is used, and the number of 429s, with more jobs than the window allows."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from bench.figures import PLAIN, PRODUCT, QUOTA, SCRIPT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import Stand, jobs, numbers
from bench.traffic import Visit, asked_in_a_pause, most_in_any, share_of_limit, visits

_ALLOWED: Final = 200
_PERIOD_S: Final = 4
_WORKERS: Final = 4
_LATENCY_S: Final = 0.2
_SCRIPT_S: Final = 20.0
#: Celery's own limit applies to each worker, so it has to be divided by the number of workers.
_QUOTA: Final = f"{_ALLOWED * 60 // _PERIOD_S // _WORKERS}/m"


def run(task: Task) -> BenchReport:
    count = task.count(1200, least=700)
    contenders: dict[str, Callable[[Stand], None]] = {
        f"{PRODUCT}, {_WORKERS} workers": partial(_dialer, count=count, workers=_WORKERS),
        f"{PRODUCT}, 1 worker": partial(_dialer, count=count, workers=1, concurrency=_WORKERS * 8),
        PLAIN: partial(_rival, count=count),
        QUOTA: partial(_rival, count=count, quota=_QUOTA),
        SCRIPT: _script,
    }
    asked: dict[str, list[Visit]] = {}
    for name, contend in contenders.items():
        task.print_progress(f"{name}, {count} jobs")
        with _stand() as stand:
            contend(stand)
            asked[name] = visits(stand.simulator)
    return _report(asked, count)


def _report(asked: dict[str, list[Visit]], count: int) -> BenchReport:
    share = {name: share_of_limit(each, allowed=_ALLOWED, period_s=_PERIOD_S) for name, each in asked.items()}
    placed = {name: [visit.time for visit in each if not visit.refused] for name, each in asked.items()}
    return BenchReport(
        title="a rate limit, and more jobs than it allows",
        conditions=f"{count:,} jobs, {_WORKERS} workers of 8 threads; the API allows {_ALLOWED} requests in a fixed "
        f"window of {_PERIOD_S} s and answers in {_LATENCY_S * 1000:g} ms",
        figures=[
            Figure(
                name="share of the allowed rate",
                unit="%",
                values={name: None if value is None else value * 100 for name, value in share.items()},
                bar=Bar(least=98),
            ),
            Figure(
                name="429 responses",
                values={name: sum(visit.refused for visit in each) for name, each in asked.items()},
                bar=Bar(most=0),
            ),
            Figure(
                name="requests sent during a pause",
                values={name: asked_in_a_pause(each, period_s=_PERIOD_S) for name, each in asked.items()},
                bar=Bar(most=0),
            ),
            Figure(
                name=f"most requests in any {_PERIOD_S} s",
                values={name: most_in_any(each, period_s=_PERIOD_S) for name, each in asked.items()},
                bar=Bar(most=_ALLOWED),
            ),
            Figure(
                name="jobs not placed",
                values={name: count - len(times) for name, times in placed.items() if name != SCRIPT},
                bar=Bar(most=0),
            ),
            Figure(
                name="from the first to the last call",
                unit="s",
                values={name: times[-1] - times[0] for name, times in placed.items() if name != SCRIPT},
            ),
        ],
        notes=[
            (
                "The share is measured from the start of the server's second window to the start of its last window, so "
                "that neither a burst in the first window nor a partial last window increases it."
            ),
            "A pause is the time in the Retry-After header of a 429.",
            f"The {SCRIPT} ran for {_SCRIPT_S:g} s: it places one call after the other, each with a new token.",
            (
                f"{QUOTA} is a quota per worker ({_QUOTA} here), so its value depends on the number of workers. "
                f"{PRODUCT} has the same settings with one worker and with {_WORKERS}."
            ),
        ],
    )


def _stand() -> Stand:
    return Stand(limit=f"{_ALLOWED}/{_PERIOD_S}s", rate_limit=_ALLOWED, rate_window_s=_PERIOD_S, latency_s=_LATENCY_S)


def _dialer(stand: Stand, *, count: int, workers: int, concurrency: int = 8) -> None:
    stand.start_dialer(workers, concurrency=concurrency)
    stand.accept(jobs(count))
    wait_until(lambda: stand.counts()["open"] == 0, _timeout_s(count), "the end of the jobs", look_s=0.5)


def _rival(stand: Stand, *, count: int, quota: str = "") -> None:
    # Celery's limiter checks its clock only at events. Results of prefork wake it, and those of threads do not.
    stand.start_rival(_WORKERS, quota=quota, pool="prefork" if quota else "threads")
    stand.send_to_rival(numbers(count))
    wait_until(lambda: stand.rival_results().total() == count, _timeout_s(count), "the end of the tasks", look_s=0.5)


def _script(stand: Stand) -> None:
    """Run the script for a while; it is too slow to place all calls."""
    with stand.start_script(numbers(_ALLOWED * 10)):
        time.sleep(_SCRIPT_S)


def _timeout_s(count: int) -> float:
    return 60 + 3 * count * _PERIOD_S / _ALLOWED
