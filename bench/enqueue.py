"""Jobs enqueued per second by a `send_task` loop, a pipeline and an import; and the memory of an import."""

import time
from typing import Final

from bench.figures import PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import Failed, wait_until
from bench.stand import BATCH, Stand, TimedCommand, jobs, numbers
from tasks.fleet.pause import Pause, PauseReason
from tasks.store.keys import INBOX_QUEUE

_LOOP: Final = "send_task loop"
_PIPELINE: Final = f"{PRODUCT}, pipelined"
_IMPORT: Final = f"{PRODUCT}, 'dialer import'"
_LOOP_JOBS: Final = 3000
_ROUNDS: Final = 3
_FEW_ROWS: Final = 10_000


def run(task: Task) -> BenchReport:
    rows = task.count(200_000)
    few = min(_FEW_ROWS, rows)
    rates: dict[bool, dict[str, float]] = {}
    for durable in (True, False):
        where = "on disk" if durable else "in memory"
        task.print_progress(f"Redis {where}, alternating")
        with Stand(durable=durable) as stand:
            rates[durable] = _rates(stand)
        with Stand(durable=durable) as stand:
            task.print_progress(f"Redis {where}, import of {rows} rows")
            many = _import(stand, rows)
            rates[durable][_IMPORT] = rows / many.seconds
    with Stand() as stand:
        task.print_progress(f"import of {few} rows, and intake")
        little = _import(stand, few)
    with Stand() as stand:
        taken_in = _intake(stand, _LOOP_JOBS)
    return _report(rates, {few: little, rows: many}, taken_in)


def _report(rates: dict[bool, dict[str, float]], imports: dict[int, TimedCommand], taken_in: float) -> BenchReport:
    """`imports`: rows -> the import of a short file and of a long one."""
    little, many = imports[min(imports)], imports[max(imports)]
    figures = [
        Figure(name=f"jobs per second, Redis {where}", values=dict(rates[durable]))
        for durable, where in ((True, "on disk"), (False, "in memory"))
    ]
    for durable, where in ((True, "on disk"), (False, "in memory")):
        times = {name: rate / rates[durable][_LOOP] for name, rate in rates[durable].items()}
        figures.append(
            Figure(
                name=f"speed relative to the loop, Redis {where}",
                values={_PIPELINE: times[_PIPELINE]},
                bar=Bar(least=10),
            )
        )
        figures.append(
            Figure(name=f"import, speed relative to the loop, Redis {where}", values={_IMPORT: times[_IMPORT]})
        )
    growth = many.memory_mb / little.memory_mb if many.memory_mb and little.memory_mb else None
    figures += [
        Figure(name=f"memory of an import of {rows:,} rows", unit="MB", values={_IMPORT: each.memory_mb})
        for rows, each in imports.items()
    ]
    figures += [
        Figure(name="factor between these two", values={_IMPORT: growth}, bar=Bar(most=1.1)),
        Figure(name="messages of the loop accepted per second, one worker", values={_LOOP: taken_in}),
    ]
    return BenchReport(
        title="enqueueing jobs",
        conditions=f"{_LOOP_JOBS:,} jobs by a loop, {_LOOP_JOBS * 10:,} by the pipeline (500 per round trip), the "
        f"median of {_ROUNDS} rounds; an import of {max(imports):,} rows, including its start",
        figures=figures,
        notes=["'On disk': Redis writes each command to disk before it answers, as with deploy/redis.conf."],
    )


def _rates(stand: Stand) -> dict[str, float]:
    """Alternate loop and pipeline, so that both run under the same load of the machine."""
    loops, pipelines = [], []
    wanted = _LOOP_JOBS * 10
    stand.producer.send_task("dial", args=[{"to": numbers(1)[0]}], queue=INBOX_QUEUE)  # connects
    for n in range(_ROUNDS):
        began = time.perf_counter()
        for number in numbers(_LOOP_JOBS):
            stand.producer.send_task("dial", args=[{"to": number, "batch": BATCH}], queue=INBOX_QUEUE)
        loops.append(_LOOP_JOBS / (time.perf_counter() - began))
        entered = jobs(wanted, first=n * wanted)
        began = time.perf_counter()
        stand.accept(entered)
        pipelines.append(wanted / (time.perf_counter() - began))
    return {_PIPELINE: sorted(pipelines)[_ROUNDS // 2], _LOOP: sorted(loops)[_ROUNDS // 2]}


def _import(stand: Stand, rows: int) -> TimedCommand:
    path = stand.directory / "customers.csv"
    with path.open("w") as file:
        file.write("id,to\n")
        file.writelines(f"order-{n},{number}\n" for n, number in enumerate(numbers(rows)))
    timed = stand.timed("import", str(path), "--batch", BATCH)
    entered = stand.counts()["open"]
    if entered != rows:
        raise Failed(f"{entered} of {rows} rows were entered")
    return timed


def _intake(stand: Stand, count: int) -> float:
    """Return the messages per second that one worker accepts into the ledger while the fleet is paused."""
    Pause(stand.redis).begin(PauseReason.OPERATOR, "bench", for_s=None)
    for number in numbers(count):
        stand.producer.send_task("dial", args=[{"to": number, "batch": BATCH}], queue=INBOX_QUEUE)
    stand.start_dialer(ready=False)
    wait_until(lambda: stand.counts()["open"] > 0, 60, "the first message", look_s=0.005)
    first, began = stand.counts()["open"], time.perf_counter()
    wait_until(lambda: stand.counts()["open"] == count, 60, "the last message", look_s=0.005)
    return (count - first) / (time.perf_counter() - began)
