"""Redis goes away and comes back: workers neither crash nor spin nor send, say so, and need no restart."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator_process import Simulator
from tests.fleet import WorkerProcess, environment, wait_for
from tests.ground import Ground, job

JOBS = 300


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A server that the test may kill."""
    with EmbeddedRedis(appendonly=True) as server:
        yield server


@pytest.fixture
def ground(own_redis: EmbeddedRedis) -> Iterator[Ground]:
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield Ground.over(client)


@pytest.fixture
def worker(own_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path) -> Iterator[WorkerProcess]:
    env = environment(own_redis.url, simulator.url, DIALER_RATE_LIMIT="60/1s")
    with WorkerProcess(env, tmp_path / "worker.log") as process:
        process.wait_ready()
        yield process


def backlog(ground: Ground) -> None:
    ground.ledger.accept([job(f"job-{n}", to=f"+1212555{1000 + n}") for n in range(JOBS)])


def check_all_is_well(ground: Ground, simulator: Simulator, worker: WorkerProcess) -> None:
    wait_for(lambda: ground.records.counts()["open"] == 0, 60)
    states = Counter(ground.state(f"job-{n}") for n in range(JOBS))
    rung = Counter(call["to"] for call in simulator.calls())
    assert set(rung.values()) == {1}
    assert states["placed"] + states["unconfirmed"] == JOBS
    assert states["unconfirmed"] <= 8
    assert states["placed"] <= len(rung) <= JOBS
    assert worker.stop() == 0
    ours = [line for line in worker.output().splitlines() if " dialer.threads " in line and "away" in line]
    assert len(ours) <= 6  # once for each of the three threads, not once for each time that they ask


def test_redis_is_killed_and_comes_back(
    ground: Ground, own_redis: EmbeddedRedis, simulator: Simulator, worker: WorkerProcess
) -> None:
    backlog(ground)
    wait_for(lambda: len(simulator.calls()) > 20)
    own_redis.kill()
    time.sleep(1)
    before = len(simulator.calls())
    time.sleep(4)
    assert len(simulator.calls()) == before, "nothing is sent while the ledger is away"
    assert "Redis is away" in worker.output()
    own_redis.restart()
    check_all_is_well(ground, simulator, worker)
    assert "Redis is back" in worker.output()


def test_redis_hangs_and_goes_on(
    ground: Ground, own_redis: EmbeddedRedis, simulator: Simulator, worker: WorkerProcess
) -> None:
    backlog(ground)
    wait_for(lambda: len(simulator.calls()) > 20)
    own_redis.freeze()
    time.sleep(8)
    own_redis.thaw()
    check_all_is_well(ground, simulator, worker)


def test_a_worker_may_leave_while_redis_is_away(
    ground: Ground, own_redis: EmbeddedRedis, simulator: Simulator, worker: WorkerProcess
) -> None:
    backlog(ground)
    wait_for(lambda: len(simulator.calls()) > 20)
    own_redis.kill()
    time.sleep(1)
    asked = time.monotonic()
    worker.stop(timeout_s=30)
    assert time.monotonic() - asked < 15
    own_redis.restart()
    assert ground.records.counts()["open"] + ground.records.counts()["placed"] == JOBS


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(
    ground: Ground, own_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path
) -> None:
    own_redis.kill()
    env = environment(own_redis.url, simulator.url)
    with WorkerProcess(env, tmp_path / "early.log") as early:
        time.sleep(3)
        own_redis.restart()
        early.wait_ready()
        backlog(ground)
        wait_for(lambda: ground.records.counts()["placed"] == JOBS, 60)
        assert early.stop() == 0
        assert "Traceback" not in early.output()
