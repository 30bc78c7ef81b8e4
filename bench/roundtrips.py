"""Commands to Redis a job, as Redis itself tells them (MONITOR), and what each is for."""

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

#: What is sent for a job, by the script's or the command's name, and why.
WHY: Final = {
    "accept": "the job into the ledger and its due set",
    "nudge": "jobs that are due to the queue of calls, as many at once as there is room for",
    "BLPOP": "the scheduler sleeps until a job is due or the queue is short",
    "BRPOP": "Celery takes a nudge",
    "claim": "one worker takes the job: fence, lease, out of the due set",
    "token_take": "the token as it is now: a revoked one costs one refusal, not one a worker",
    "send": "the last look before the first byte: fence, lease, cancel, pause, slot",
    "settle": "outcome, indexes, batch, stream and Celery's result, all or nothing",
}
#: Commands that share a round trip with others.
_PIPELINED: Final = {"accept": 500}
_LAST_WORD: Final = "bench-ends"


def run(task: Task) -> BenchReport:
    count = task.count(600)
    ours, within = _counted(task, PRODUCT, _dialer, count)
    rivals, _ = _counted(task, PLAIN, _rival, count)
    known = {name: ours[name] / count for name in WHY}
    others = ours.total() / count - sum(known.values())
    trips = sum(each / _PIPELINED.get(name, 1) for name, each in known.items()) + others
    sent = ", ".join(f"{name} {shown / count:.2f}" for name, shown in rivals.most_common() if shown / count >= 0.01)  # noqa: PLR2004
    return BenchReport(
        title="commands to Redis a job",
        conditions=f"{count:,} jobs, one worker of 8 threads, no limit",
        figures=[
            *(Figure(name=f"{name}: {WHY[name]}", values={PRODUCT: each}) for name, each in known.items()),
            Figure(name="others: heartbeat, leases that ran out, inbox, connections", values={PRODUCT: others}),
            Figure(
                name="all that producer and worker send",
                values={PRODUCT: ours.total() / count, PLAIN: rivals.total() / count},
            ),
            Figure(name="round trips, 500 accepted in one", values={PRODUCT: trips}),
            Figure(name="commands that scripts run inside Redis", values={PRODUCT: within.total() / count}),
        ],
        notes=[
            "With a limit, a job that waits for its slot asks 'send' twice.",
            f"The plain task's, in pipelines of two to four: {sent}.",
        ],
    )


def _counted(
    task: Task, name: str, contend: Callable[[Stand, int], None], count: int
) -> tuple[Counter[str], Counter[str]]:
    """What clients sent, and what scripts ran, while one contender had its jobs."""
    task.say(f"{name}, {count} jobs")
    with Stand(durable=False) as stand:
        (stand.start_dialer if name == PRODUCT else stand.start_rival)()
        contend(stand, 10)  # connections, scripts, the token
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
                if command == "ECHO" and _LAST_WORD in words:
                    return
                if heard["client_type"] == "lua":
                    scripts[command] += 1
                else:
                    clients[names.get(words[1], command) if command == "EVALSHA" else command] += 1

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise Failed("Redis does not let itself be monitored")
    yield clients, scripts
    stand.redis.echo(_LAST_WORD)
    thread.join(30)


def _scripts() -> dict[str, str]:
    """The name of each script by what EVALSHA calls it."""
    return {hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest(): name for name in operations()}
