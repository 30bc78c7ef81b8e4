"""The environment of one measurement: a Redis, a simulator, and the processes of one contender, on loopback."""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from celery import Celery
from redis import Redis

from bench.processes import Child, Failed, peak_mb
from config.settings import load
from sandbox.embedded_redis import EmbeddedRedis
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tasks.job import Job
from tasks.ledger.records import Records
from worker.connection import connect
from worker.wiring import ledger_of

UNLIMITED: Final = "100000/1s"
BATCH: Final = "bench"
_ROOT: Final = Path(__file__).resolve().parent.parent
_CHUNK: Final = 500
_TIMEOUT_S: Final = 1800.0
_FIRST_NUMBER: Final = 2_340_000


class TimedCommand(NamedTuple):
    """One run of a command, including its start, and its peak memory."""

    seconds: float
    memory_mb: float | None


class Stand:
    """Each measurement has its own stand, so that nothing is left over from the previous one.

    `limit` is the rate limit in the settings of Dialer; `behavior` are fields of the simulator's behavior. Redis writes
    each command to disk before it answers, as with `deploy/redis.conf`, unless `durable` is False.
    """

    def __init__(self, *, limit: str = UNLIMITED, durable: bool = True, **behavior: object) -> None:
        self._limit = limit
        self._behavior = {"rate_limit": 0, **behavior}
        self._redis_server = EmbeddedRedis(appendonly=durable)
        self._stack = ExitStack()
        self._children = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._redis_server)
            self.simulator = stack.enter_context(Simulator(**self._behavior))
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-bench-")))
            self.environ = {
                **caller_settings(self.simulator.url, Behavior()),
                "DIALER_REDIS_URL": self._redis_server.url,
                "DIALER_RATE_LIMIT": self._limit,
            }
            settings = load(self.environ, dotenv=None)
            self.redis: Redis = stack.enter_context(connect(settings))
            self.ledger = ledger_of(settings, self.redis)
            self.records = Records(self.redis)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def redis_pid(self) -> int:
        return self._redis_server.pid

    def start_dialer(self, count: int = 1, *, concurrency: int = 8, ready: bool = True) -> list[Child]:
        """Start `dialer worker` processes, as an operator does."""
        command = ["-m", "worker.cli.main", "worker", f"--concurrency={concurrency}"]
        return self._start("worker", command, count, self.environ, ready=ready)

    def start_rival(
        self, count: int = 1, *, concurrency: int = 8, pool: str = "threads", quota: str = "", ready: bool = True
    ) -> list[Child]:
        """Start workers of the plain Celery task; `quota` is Celery's `rate_limit` of each worker."""
        command = ["-m", "celery", "-A", "bench.rival_task", "worker", "-l", "INFO", f"--pool={pool}"]
        environ = {**self.environ, "RIVAL_REDIS_URL": self._redis_server.url}
        if quota:
            environ["RIVAL_RATE_LIMIT"] = quota
        return self._start("rival", [*command, f"--concurrency={concurrency}"], count, environ, ready=ready)

    def start_script(self, numbers: list[str]) -> Child:
        """Start the guide's script in a loop over the numbers."""
        path = self.directory / "numbers.txt"
        path.write_text("\n".join(numbers))
        (script,) = self._start("script", ["-m", "bench.rival_script", str(path)], 1, self.environ, ready=False)
        return script

    def run(self, *arguments: str) -> Child:
        """Start a `dialer` command."""
        (child,) = self._start("command", ["-m", "worker.cli.main", *arguments], 1, self.environ, ready=False)
        return child

    def timed(self, *arguments: str) -> TimedCommand:
        """Run a `dialer` command to its end. Raises Failed if it fails, or takes too long."""
        began, memory_mb = time.perf_counter(), None
        command = self.run(*arguments)
        while command.runs:
            memory_mb = peak_mb(command.pid) or memory_mb
            if time.perf_counter() - began > _TIMEOUT_S:
                raise Failed(f"dialer {arguments[0]} took longer than {_TIMEOUT_S:g} s")
            time.sleep(0.02)
        if command.wait(0):
            raise Failed(f"dialer {arguments[0]} failed: {command.log.read_text(errors='replace')[-500:]}")
        return TimedCommand(time.perf_counter() - began, memory_mb)

    def accept(self, jobs: list[Job]) -> None:
        """Enter jobs as `dialer import` does."""
        for first in range(0, len(jobs), _CHUNK):
            self.ledger.accept(jobs[first : first + _CHUNK])

    @cached_property
    def producer(self) -> Celery:
        """A producer that uses only Celery."""
        url = self._redis_server.url
        return Celery("producer", broker=url, backend=url, set_as_current=False)

    def send_to_rival(self, numbers: list[str], **options: Any) -> None:
        """Send the numbers to the plain Celery task, on the queue of its workers."""
        for n, number in enumerate(numbers):
            self.producer.send_task("rival.dial", args=[number], task_id=f"job-{n}", **options)

    def rival_results(self) -> Counter[str]:
        """Count the ended tasks of the rival by Celery's state, SUCCESS or FAILURE."""
        found = Counter(result["status"] for result in self.celery_results())
        del found["RETRY"]
        return found

    def celery_results(self) -> Iterator[dict[str, Any]]:
        """Read what Celery's result backend knows of every task."""
        keys = list(self.redis.scan_iter("celery-task-meta-*", count=1000))
        for first in range(0, len(keys), _CHUNK):
            texts: Any = self.redis.mget(keys[first : first + _CHUNK])
            yield from (json.loads(text) for text in texts if text)

    def counts(self) -> Counter[str]:
        """Count the jobs of Dialer by outcome; `open` counts those without one."""
        return Counter(self.records.counts(BATCH))

    def _start(
        self, name: str, command: list[str], count: int, environ: dict[str, str], *, ready: bool
    ) -> list[Child]:
        children = []
        for _ in range(count):
            self._children += 1
            log = self.directory / f"{name}-{self._children}.log"
            children.append(self._stack.enter_context(Child([sys.executable, *command], environ, log)))
        for child in children if ready else ():
            child.wait_ready()
        return children


def numbers(count: int) -> list[str]:
    """Return different numbers in E.164 for which the simulator causes no fault."""
    return [f"+1212{_FIRST_NUMBER + n}" for n in range(count)]


def jobs(count: int, *, first: int = 0, **fields: Any) -> list[Job]:
    """Return jobs for these numbers."""
    found = enumerate(numbers(first + count))
    return [Job(**{"id": f"job-{n}", "to": to, "batch": BATCH, **fields}) for n, to in found if n >= first]
