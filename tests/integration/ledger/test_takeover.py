"""Workers die or are suspended: others dial their unsent jobs within seconds, and they never send a job late."""

import signal
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tasks.store.keys import INBOX_QUEUE
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, jobs
from tests.support.messages import message


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def backlog(ground: Ground, count: int) -> None:
    ground.ledger.accept(jobs(count))


def held(ground: Ground, state: str) -> set[str]:
    """Ids of the jobs that some worker holds, in this state."""
    ids: Any = ground.redis.zrange(keys.leases, 0, -1)
    return {job_id for job_id in ids if ground.state(job_id) == state}


def test_what_a_killed_worker_had_not_sent_is_dialed_by_another_within_15_s(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Two workers are killed while they wait for slots."""
    pace = {"DIALER_RATE_LIMIT": "8/1s"}
    doomed = [start_worker(concurrency=8, **pace) for _ in range(2)]
    backlog(ground, 60)
    wait_for(lambda: len(held(ground, "preparing")) >= 8)
    preparing = held(ground, "preparing")
    for worker in doomed:
        worker.signal(signal.SIGKILL)
    killed_at = datetime.now(UTC)
    start_worker(concurrency=8, **pace)
    wait_for(lambda: ground.records.counts()["open"] == 0, 60)
    records = {n: ground.record(f"job-{n}") for n in range(60)}
    late = [
        record
        for record in records.values()
        if record["id"] in preparing
        and record["state"] == "placed"
        and (datetime.fromisoformat(record["sent_at"]) - killed_at).total_seconds() > 15
    ]
    assert len(late) <= 0.05 * len(preparing)
    states = Counter(record["state"] for record in records.values())
    assert states["placed"] + states["unconfirmed"] == 60
    assert set(Counter(call["to"] for call in simulator.calls()).values()) == {1}


def test_a_worker_that_froze_beyond_its_lease_never_sends(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    frozen = start_worker(concurrency=8, DIALER_RATE_LIMIT="4/1s")
    backlog(ground, 30)
    wait_for(lambda: len(held(ground, "preparing")) >= 4)
    frozen.signal(signal.SIGSTOP)
    other = start_worker(concurrency=8)
    # Once its leases have ended.
    wait_for(lambda: ground.records.counts()["open"] == 0, 60)
    before = len(simulator.calls())
    frozen.signal(signal.SIGCONT)
    time.sleep(3)
    assert len(simulator.calls()) == before
    assert set(Counter(call["to"] for call in simulator.calls()).values()) == {1}
    assert [frozen.stop(), other.stop()] == [0, 0]


def test_messages_in_the_hand_of_a_killed_worker_are_taken_over(
    ground: Ground, real_redis: Redis, start_worker: StartWorker
) -> None:
    """The worker was killed after it took the messages, and before it accepted them."""
    real_redis.zadd(keys.workers, {"dead": 1})
    real_redis.lpush(keys.in_hand("dead"), message(headers_id="held"))
    real_redis.lpush(INBOX_QUEUE, message(headers_id="waiting"))
    start_worker()
    wait_for(lambda: ground.records.counts()["placed"] == 2, 20)
