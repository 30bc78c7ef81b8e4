"""Redis goes away and comes back: workers neither crash nor spin nor send, say so, and need no restart."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, environment, wait_for
from tests.support.ground import Ground
from tests.support.outage import JOBS, Outage


@pytest.fixture
def ground(own_redis: EmbeddedRedis) -> Iterator[Ground]:
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield Ground.over(client)


@pytest.fixture
def outage(ground: Ground, own_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path) -> Iterator[Outage]:
    env = environment(own_redis.url, simulator.url, DIALER_RATE_LIMIT="60/1s")
    with WorkerProcess(env, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        yield Outage(ground=ground, simulator=simulator, worker=worker)


def test_redis_is_killed_and_comes_back(own_redis: EmbeddedRedis, outage: Outage) -> None:
    outage.begin()
    own_redis.kill()
    outage.check_stands_still(3)
    assert "Redis unavailable:" in outage.worker.output()
    own_redis.restart()
    outage.check_all_is_well()
    assert "Redis available again" in outage.worker.output()


def test_a_worker_may_leave_while_redis_is_away(ground: Ground, own_redis: EmbeddedRedis, outage: Outage) -> None:
    outage.begin()
    own_redis.kill()
    wait_for(lambda: "Redis unavailable:" in outage.worker.output())
    asked = time.monotonic()
    assert outage.worker.stop(timeout_s=30) == 0
    assert time.monotonic() - asked < 15
    own_redis.restart()
    assert ground.records.counts()["open"] + ground.records.counts()["placed"] == JOBS


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(
    own_redis: EmbeddedRedis, ground: Ground, simulator: Simulator, tmp_path: Path
) -> None:
    own_redis.kill()
    env = environment(own_redis.url, simulator.url)
    with WorkerProcess(env, tmp_path / "early.log") as early:
        wait_for(lambda: "dialer.consumer Redis unavailable:" in early.output())
        own_redis.restart()
        early.wait_ready()
        outage = Outage(ground=ground, simulator=simulator, worker=early)
        outage.begin()
        outage.check_all_is_well()
