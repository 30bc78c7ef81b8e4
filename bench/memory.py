"""Bytes per waiting and finished job in Redis, and the memory of a worker with a short and a long backlog."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure, Task
from bench.outcomes import end_jobs
from bench.processes import rss_mb, wait_until
from bench.stand import Stand, jobs, numbers
from tasks.job import Job
from tasks.store import keys

_FEW: Final = 1000
_LONG_FOR_RIVAL: Final = 20_000
_CALLED: Final = 400
_SETTLE_S: Final = 3.0
_RIVAL_QUEUE: Final = "celery"
#: The default settings, and the length of the stream of outcomes (`lua/parts/outcome.lua`).
_RETENTION_DAYS: Final = 7
_JOBS_A_DAY: Final = 300 * 60 * 24
_STREAM: Final = 100_000


def run(task: Task) -> BenchReport:
    many = task.count(100_000)
    task.print_progress(f"{_LONG_FOR_RIVAL} jobs in Redis")
    with Stand(durable=False) as stand:
        ours = _bytes_a_job(stand, jobs(_LONG_FOR_RIVAL), print_progress=task.print_progress)
    with Stand(durable=False) as stand:
        rivals = _rivals_bytes(stand, _LONG_FOR_RIVAL)
    workers: dict[str, dict[int, float | None]] = {PRODUCT: {}, PLAIN: {}}
    for name, backlogs, fill in (
        (PRODUCT, (_FEW, _LONG_FOR_RIVAL, many), _dialer),
        (PLAIN, (_FEW, _LONG_FOR_RIVAL), _rival),
    ):
        for backlog in backlogs:
            task.print_progress(f"{name}, a backlog of {backlog} jobs")
            with Stand(durable=False) as stand:
                workers[name][backlog] = fill(stand, backlog)
    sizes = dict.fromkeys(backlog for each in workers.values() for backlog in each)
    growth = {name: _growth(list(each.values())) for name, each in workers.items()}
    return BenchReport(
        title="memory",
        conditions=f"{_LONG_FOR_RIVAL:,} jobs in Redis; a worker of 8 threads that has just placed {_CALLED} calls, with "
        "a backlog that is due in one hour",
        figures=[
            Figure(name="Redis, waiting job", unit="bytes", values={PRODUCT: ours[0], PLAIN: rivals[0]}),
            Figure(
                name="Redis, finished job, on its first day",
                unit="bytes",
                values={PRODUCT: ours[1], PLAIN: rivals[1]},
            ),
            Figure(
                name=f"Redis, finished job, on average over {_RETENTION_DAYS} days",
                unit="bytes",
                values={PRODUCT: ours[2], PLAIN: None},
                bar=Bar(most=1000),
            ),
            Figure(name="Redis, history of a finished job", unit="bytes", values={PRODUCT: ours[3], PLAIN: None}),
            *(
                Figure(
                    name=f"memory of a worker, backlog of {backlog:,} jobs",
                    unit="MB",
                    values={name: each[backlog] for name, each in workers.items() if backlog in each},
                )
                for backlog in sizes
            ),
            Figure(name="factor between the shortest and the longest", values=growth, bar=Bar(most=1.1)),
        ],
        notes=[
            "For Dialer, a finished job has a record, three index entries, an entry in the stream of outcomes, and "
            "the result that Celery's AsyncResult reads; for the plain task, it has only the result. The average is "
            f"that of {_JOBS_A_DAY:,} jobs a day: the result is kept for one day, and the last {_STREAM:,} entries of "
            "the stream.",
            "The backlog of the plain task uses Celery's eta, so the worker keeps all of it in memory.",
        ],
    )


def _bytes_a_job(
    stand: Stand, entered: list[Job], *, print_progress: Callable[[str], None]
) -> tuple[float, float, float, float]:
    """Return the bytes per job while it waits, after it has ended, on average over the retention, and of its history.

    The history counts for a waiting job only.
    """
    stand.accept(jobs(1, first=len(entered)))  # loads the scripts, and creates the keys that all jobs share
    empty = _used(stand)
    stand.accept(entered)
    waiting = _used(stand)
    end_jobs(stand, entered, failed_of=len(entered), print_progress=print_progress)
    ended, count = _used(stand), len(entered)
    history = _freed(stand, [keys.history(job.id) for job in entered])
    results = _freed(stand, [keys.result(job.id) for job in entered])
    stream = _freed(stand, [keys.outcomes])
    kept = results / _RETENTION_DAYS + stream * _STREAM / (_JOBS_A_DAY * _RETENTION_DAYS)
    average = ended - empty - history - results - stream + kept
    return (waiting - empty) / count, (ended - empty - history) / count, average / count, history / count


def _freed(stand: Stand, names: list[str]) -> int:
    """Delete these keys, and return how many bytes they took."""
    before = _used(stand)
    for first in range(0, len(names), _FEW):
        stand.redis.delete(*names[first : first + _FEW])
    return before - _used(stand)


def _rivals_bytes(stand: Stand, count: int) -> tuple[float, float]:
    empty = _used(stand)
    stand.send_to_rival(numbers(count))
    waiting = _used(stand)
    stand.redis.delete(_RIVAL_QUEUE)
    for n in range(count):
        stand.producer.backend.store_result(f"job-{n}", f"00000000-0000-4000-8000-{n:012}", "SUCCESS")
    return (waiting - empty) / count, (_used(stand) - empty) / count


def _used(stand: Stand) -> int:
    """Return the memory in use by Redis, without that of our own connection."""
    info: Any = stand.redis.info("memory")
    return int(info["used_memory"]) - int(info["mem_clients_normal"])


def _dialer(stand: Stand, backlog: int) -> float | None:
    later = datetime.now(UTC) + timedelta(hours=1)
    stand.accept(jobs(backlog, first=_CALLED, not_before=later))
    (worker,) = stand.start_dialer()
    stand.accept(jobs(_CALLED))
    _wait_called(stand)
    return rss_mb(worker.pid)


def _rival(stand: Stand, backlog: int) -> float | None:
    stand.send_to_rival(numbers(_CALLED))
    stand.send_to_rival(numbers(backlog), eta=datetime.now(UTC) + timedelta(hours=1))
    (worker,) = stand.start_rival()
    _wait_called(stand)
    wait_until(partial(_taken, stand), 180, "the worker to take the backlog", look_s=0.5)
    return rss_mb(worker.pid)


def _wait_called(stand: Stand) -> None:
    wait_until(lambda: stand.simulator.stats()["calls"] >= _CALLED, 60, "the calls")
    time.sleep(_SETTLE_S)


def _taken(stand: Stand) -> bool:
    return stand.redis.llen(_RIVAL_QUEUE) == 0


def _growth(found: list[float | None]) -> float | None:
    first, last = found[0], found[-1]
    return last / first if first and last else None
