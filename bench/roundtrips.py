"""Commands to Redis per job, counted with MONITOR, and the purpose of each."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bench.figures import PLAIN, PRODUCT, BenchReport, Figure, Task
from bench.processes import Failed, wait_until
from bench.stand import Stand, jobs, numbers
from tasks.store.scripts import operations, source

#: The scripts and commands that are sent for a job, and the purpose of each.
WHY: Final = {
    "accept": "enter the job into the ledger and its due set",
    "nudge": "dispatch due jobs to the queue of calls, several at once",
    "BLPOP": "the scheduler waits until a job is due or the queue is short",
    "BRPOP": "Celery fetches a nudge",
    "claim": "one worker claims the job: fence, lease, removal from the due set",
    "token_take": "read the current token, so that a revoked token causes one refusal for the fleet",
    "send": "last check before the request: fence, lease, cancellation, pause, slot",
    "settle": "store outcome, indexes, batch, stream and Celery's result atomically",
}
#: Commands that are sent in a pipeline, and how many share a round trip.
_PIPELINED: Final = {"accept": 500}
_END_MARK: Final = "bench-ends"


def run(task: Task) -> BenchReport:
    count = task.count(600)
    ours, within = _counted(task, PRODUCT, _dialer, count)
    rivals, _ = _counted(task, PLAIN, _rival, count)
    known = {name: ours[name] / count for name in WHY}
    others = ours.total() / count - sum(known.values())
    trips = sum(each / _PIPELINED.get(name, 1) for name, each in known.items()) + others
    sent = ", ".join(f"{name} {shown / count:.2f}" for name, shown in rivals.most_common() if shown / count >= 0.01)  # noqa: PLR2004
    return BenchReport(
        title="commands to Redis per job",
        conditions=f"{count:,} jobs, one worker of 8 threads, no limit",
        figures=[
            *(Figure(name=f"{name}: {WHY[name]}", values={PRODUCT: each}) for name, each in known.items()),
            Figure(name="others: heartbeat, expired leases, inbox, connections", values={PRODUCT: others}),
            Figure(
                name="all commands of producer and worker",
                values={PRODUCT: ours.total() / count, PLAIN: rivals.total() / count},
            ),
            Figure(name="round trips, with 500 jobs accepted in one", values={PRODUCT: trips}),
            Figure(name="commands that scripts run inside Redis", values={PRODUCT: within.total() / count}),
        ],
        notes=[
            "With a limit, a job that waits for its slot runs 'send' twice.",
            f"Commands of the plain task, in pipelines of two to four: {sent}.",
        ],
    )


def _counted(
    task: Task, name: str, contend: Callable[[Stand, int], None], count: int
) -> tuple[Counter[str], Counter[str]]:
    """Count the commands of clients and of scripts while one contender runs its jobs."""
    task.print_progress(f"{name}, {count} jobs")
    with Stand(durable=False) as stand:
        (stand.start_dialer if name == PRODUCT else stand.start_rival)()
        contend(stand, 10)  # opens connections, loads scripts, fetches the token
        with _monitored(stand) as found:
            contend(stand, count)
        return found


def _dialer(stand: Stand, count: int) -> None:
    before = stand.simulator.stats()["calls"]
    stand.accept(jobs(count, first=before))
    wait_until(lambda: stand.simulator.stats()["calls"] == before + count, 60, "the calls")


def _rival(stand: Stand, count: int) -> None:
    before = stand.simulator.stats()["calls"]
    stand.send_to_rival(numbers(count))
    wait_until(lambda: stand.simulator.stats()["calls"] == before + count, 60, "the calls")


@contextmanager
def _monitored(stand: Stand) -> Iterator[tuple[Counter[str], Counter[str]]]:
    """Count commands during the block: those of clients, and those of scripts."""
    clients: Counter[str] = Counter()
    scripts: Counter[str] = Counter()
    names = _scripts()
    ready = threading.Event()

    def listen() -> None:
        with stand.redis.monitor() as monitor:  # type: ignore[no-untyped-call] # redis-py's
            ready.set()
            for heard in monitor.listen():
                words: list[str] = heard["command"].split()
                command = words[0].upper()
                if command == "ECHO" and _END_MARK in words:
                    return
                if heard["client_type"] == "lua":
                    scripts[command] += 1
                else:
                    clients[names.get(words[1], command) if command == "EVALSHA" else command] += 1

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise Failed("MONITOR does not work with this Redis")
    yield clients, scripts
    stand.redis.echo(_END_MARK)
    thread.join(30)


def _scripts() -> dict[str, str]:
    """Return the names of the scripts by their SHA-1, as in EVALSHA."""
    return {hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest(): name for name in operations()}
