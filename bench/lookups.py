"""Looking up the outcomes of jobs among many: one record, a page of failed jobs of a batch, and the export of all."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure, Task
from bench.outcomes import end_jobs
from bench.stand import BATCH, Stand, jobs
from tasks.codes import State

_SHOWN: Final = 3000
_PAGES: Final = 50
_PAGE: Final = 50
_FAILED_OF: Final = 100
_EXPORTED: Final = 100_000


def run(task: Task) -> BenchReport:
    count = task.count(_EXPORTED)
    with Stand(durable=False) as stand:
        entered = jobs(count)
        stand.accept(entered)
        end_jobs(stand, entered, failed_of=_FAILED_OF, print_progress=task.print_progress)
        ids = [f"job-{n}" for n in random.choices(range(count), k=_SHOWN)]
        task.print_progress("looking up")
        backend = stand.producer.backend
        shown: dict[str, float | None] = {
            PRODUCT: _rate(stand.records.show, ids),
            PLAIN: _rate(lambda job_id: backend.get_task_meta(job_id), ids),
        }
        page_ms = _page_ms(stand)
        began = time.perf_counter()
        found = _scan_for_failed(stand)
        scan_ms = (time.perf_counter() - began) * 1000
        task.print_progress("exporting")
        exported = stand.timed("export", "--batch", BATCH)
    return BenchReport(
        title="looking up outcomes",
        conditions=f"{count:,} outcomes of one batch, {found:,} of them failed",
        figures=[
            Figure(name="single records per second", values=shown),
            Figure(
                name=f"a page of {_PAGE} failed jobs of the batch",
                unit="ms",
                values={PRODUCT: page_ms, PLAIN: scan_ms},
            ),
            Figure(
                name=f"'dialer export' of {count:,} records",
                unit="s",
                values={PRODUCT: exported.seconds},
                bar=Bar(most=15) if count == _EXPORTED else None,
            ),
            Figure(name="memory of the export", unit="MB", values={PRODUCT: exported.memory_mb}),
        ],
        notes=["Celery's results have no index: to find the failed jobs, every result is read (SCAN and MGET)."],
    )


def _rate(show: Callable[[str], Any], ids: list[str]) -> float:
    began = time.perf_counter()
    for job_id in ids:
        assert show(job_id)  # noqa: S101 - a look-up without a result would measure nothing
    return len(ids) / (time.perf_counter() - began)


def _page_ms(stand: Stand) -> float:
    took = []
    for _ in range(_PAGES):
        began = time.perf_counter()
        page = stand.records.page(State.FAILED, batch=BATCH, limit=_PAGE)
        took.append((time.perf_counter() - began) * 1000)
        assert page.records  # noqa: S101
    return statistics.median(took)


def _scan_for_failed(stand: Stand) -> int:
    """Count the failed jobs with nothing but Celery's results."""
    return sum(result["result"]["state"] == State.FAILED for result in stand.celery_results())
