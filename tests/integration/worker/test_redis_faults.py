"""Redis refuses, falls silent, or loses what was said: nothing is sent meanwhile, and all ends by itself."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, environment, wait_for
from tests.support.ground import Ground, jobs
from tests.support.outage import CONCURRENCY, Outage
from tests.support.redis_proxy import RedisProxy

# How to make Redis refuse, and to make it take everything again.
READ_ONLY = ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")  # nobody is at port 1: the data stay
FULL = ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")
WITHOUT_REPLICAS = ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0")
SOCKET_TIMEOUT_S = 5


@pytest.fixture
def ground(own_redis: EmbeddedRedis) -> Iterator[Ground]:
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield Ground.over(client)


@pytest.fixture
def proxy(own_redis: EmbeddedRedis) -> Iterator[RedisProxy]:
    """What is between the worker and Redis; the test itself has a connection that never fails."""
    with RedisProxy(own_redis.port) as proxy:
        yield proxy


@pytest.fixture
def outage(ground: Ground, proxy: RedisProxy, simulator: Simulator, tmp_path: Path) -> Iterator[Outage]:
    env = environment(proxy.url, simulator.url, DIALER_RATE_LIMIT="30/1s")
    with WorkerProcess(env, tmp_path / "worker.log", concurrency=CONCURRENCY) as worker:
        worker.wait_ready()
        yield Outage(ground=ground, simulator=simulator, worker=worker)


def tell(ground: Ground, command: str) -> None:
    redis: Any = ground.redis
    redis.execute_command(command)


def test_redis_refuses_what_is_asked(ground: Ground, outage: Outage) -> None:
    """An answer that is an error stops the worker no less than no answer, and costs it no more."""
    outage.begin()
    for refuse, relent in (READ_ONLY, FULL, WITHOUT_REPLICAS):
        tell(ground, refuse)
        outage.check_stands_still(2.5)
        tell(ground, relent)
        outage.wait_for_calls()
    # An answer that said no leaves no doubt of what was done, and what was on the wire was noted afterwards.
    outage.check_all_is_well(unconfirmed=0)


@pytest.mark.parametrize(("refuse", "relent"), [READ_ONLY, FULL], ids=["read-only", "full"])
def test_a_worker_that_starts_while_redis_refuses_waits(
    ground: Ground, proxy: RedisProxy, simulator: Simulator, tmp_path: Path, refuse: str, relent: str
) -> None:
    ground.ledger.accept(jobs(20))
    tell(ground, refuse)
    with WorkerProcess(environment(proxy.url, simulator.url), tmp_path / "early.log") as early:
        wait_for(lambda: "dialer.consumer Redis unavailable:" in early.output())
        tell(ground, relent)
        early.wait_ready()
        wait_for(lambda: ground.records.counts()["placed"] == 20, 60)
        assert early.stop() == 0
        assert "Traceback" not in early.output()


def test_redis_falls_silent(ground: Ground, outage: Outage, proxy: RedisProxy) -> None:
    """It hangs; the network holds everything back, longer than a socket waits; or swallows it for good."""
    outage.begin()
    ground.redis.client_pause(6000, all=True)
    outage.wait_for_calls()
    proxy.freeze()
    outage.check_stands_still(SOCKET_TIMEOUT_S)
    proxy.thaw()
    outage.wait_for_calls()
    proxy.freeze()
    outage.check_stands_still(1)
    proxy.cut()
    proxy.thaw()
    outage.wait_for_calls()
    proxy.strand()
    outage.check_all_is_well()


def test_connections_break_and_replies_are_lost(ground: Ground, outage: Outage, proxy: RedisProxy) -> None:
    """Again and again, in the middle of work: clients killed, scripts gone, resets, executed but not answered."""
    outage.begin()
    faults: list[Callable[[], object]] = [
        lambda: tell(ground, "CLIENT KILL TYPE normal SKIPME yes"),
        ground.redis.script_flush,
        proxy.cut,
        lambda: proxy.drop_replies(3),
    ]
    for _ in range(4):
        for fault in faults:
            fault()
            time.sleep(0.3)
    assert ground.records.counts()["open"] > 0, "the faults met no work"
    outage.check_all_is_well()
