"""A worker with a backlog, and a Redis that fails it: what must hold meanwhile, and afterwards."""

import time
from collections import Counter
from dataclasses import dataclass

from bench.processes import cpu_s
from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, wait_for
from tests.support.ground import Ground, jobs

JOBS = 200
CONCURRENCY = 8
#: The threads, the consumer, Celery and the nudges in hand say it once each; and so does each call on the wire.
_MOST_LINES = 8 + CONCURRENCY
_BUSY = 0.3


@dataclass(kw_only=True)
class Outage:
    ground: Ground
    simulator: Simulator
    worker: WorkerProcess
    #: What it had complained of when it last was at work.
    said: int = 0

    def begin(self) -> None:
        """Give the worker its backlog, and calls that stay on the wire for a moment."""
        self.simulator.behave(latency_s=0.1)
        self.ground.ledger.accept(jobs(JOBS))
        self.wait_for_calls()

    def wait_for_calls(self) -> None:
        """Until calls are placed, again."""
        before = len(self.simulator.calls())
        wait_for(lambda: len(self.simulator.calls()) >= before + 20)
        self.said = len(self.complaints())

    def check_stands_still(self, for_s: float) -> None:
        """Nothing is sent while Redis is away, and the worker neither spins nor talks."""
        wait_for(self._calls_rest)
        calls, cpu = len(self.simulator.calls()), cpu_s(self.worker.pid)
        time.sleep(for_s)
        assert len(self.simulator.calls()) == calls
        complaints = self.complaints()[self.said :]
        assert len(complaints) <= _MOST_LINES, complaints
        # A loop that retries every second or two does not log each failure. (Lines about jobs are another matter.)
        of_loops = [line for line in complaints if "Redis unavailable:" in line and " job=" not in line]
        loops = Counter(line.partition("Redis unavailable:")[0].split(maxsplit=1)[1] for line in of_loops)
        assert max(loops.values(), default=0) <= 1, complaints
        now = cpu_s(self.worker.pid)
        if cpu is not None:
            assert now is not None, "it has ended"
            assert now - cpu < _BUSY * for_s

    def check_all_is_well(self, *, unconfirmed: int = CONCURRENCY) -> None:
        """It ends by itself: each job with an outcome, nobody called twice, and the same worker leaves in peace."""
        wait_for(lambda: self.ground.records.counts()["open"] == 0, 60)
        records = [self.ground.record(f"job-{n}") for n in range(JOBS)]
        states = Counter(record["state"] for record in records)
        rung = Counter(call["to"] for call in self.simulator.calls())
        assert set(rung.values()) == {1}
        assert states["placed"] + states["unconfirmed"] == JOBS
        assert states["unconfirmed"] <= unconfirmed
        assert states["placed"] <= len(rung) <= JOBS
        assert all("sent_at" in record for record in records), "nothing is sent that the ledger had not let go"
        assert self.worker.stop() == 0
        assert "Traceback" not in self.worker.output()

    def complaints(self) -> list[str]:
        """What the worker says louder than INFO."""
        return [
            line
            for line in self.worker.output().splitlines()
            if line.split()[1] != "INFO" and "lease expired" not in line
        ]

    def _calls_rest(self) -> bool:
        before = len(self.simulator.calls())
        time.sleep(1)
        return len(self.simulator.calls()) == before
