"""Heartbeats: the messages of unresponsive workers are reclaimed, and a loss of data is reported."""

import pytest
from redis import Redis

from tasks.fleet.heartbeat import DEAD_AFTER_S, Heartbeat
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, INBOX_QUEUE
from tests.support.ground import Ground
from tests.support.inbox import inbox, send


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def test_messages_of_a_dead_worker_are_reclaimed_in_order(ground: Ground, raw_redis: Redis) -> None:
    send(ground.redis, "a", "b", "c")
    dead = inbox(ground, raw_redis, "dead")
    dead._take(keys=[keys.in_hand("dead"), keys.workers, *INBOX_LISTS], args=["dead", 2, 1_000_000])
    assert ground.redis.llen(keys.in_hand("dead")) == 2
    ground.redis.zadd(keys.workers, {"dead": 1})  # without a heartbeat for a long time
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    assert fleet.beat() == ["dead"]
    assert inbox(ground, raw_redis).drain() == 3
    assert ground.due() == ["a", "b", "c"]
    assert fleet.beat() == []


def test_a_live_worker_keeps_its_messages(ground: Ground, raw_redis: Redis) -> None:
    Heartbeat(ground.redis, worker="other", concurrency=4).beat()
    send(ground.redis, "a")
    inbox(ground, raw_redis, "other").wait(0.1)
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    assert fleet.beat() == []
    assert fleet.fleet_concurrency == 12
    assert ground.redis.llen(keys.in_hand("other")) == 1


def test_a_worker_whose_heartbeat_returns_is_not_reclaimed(ground: Ground, raw_redis: Redis) -> None:
    """The heartbeat returned after the worker was found unresponsive, and before its messages were reclaimed."""
    other = Heartbeat(ground.redis, worker="other", concurrency=4)
    other.beat()
    send(ground.redis, "a")
    inbox(ground, raw_redis, "other").wait(0.1)
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    fleet._reclaim("other", int(DEAD_AFTER_S * 1000))
    assert ground.redis.llen(keys.in_hand("other")) == 1
    assert ground.redis.zscore(keys.workers, "other")


def test_a_worker_that_deregisters_returns_its_messages(ground: Ground, raw_redis: Redis) -> None:
    send(ground.redis, "a")
    inbox(ground, raw_redis).wait(0.1)
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    fleet.deregister()
    assert ground.redis.llen(INBOX_QUEUE) == 1
    assert ground.redis.zcard(keys.workers) == 0


def test_the_heartbeat_of_another_worker_is_no_loss_of_data(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    one, other = (Heartbeat(ground.redis, worker=name, concurrency=8) for name in ("w1", "w2"))
    for fleet in (one, other, one, other):
        fleet.beat()
    assert caplog.records == []


def test_a_loss_of_data_is_logged_as_critical(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    fleet.beat()
    fleet.beat()
    assert caplog.records == []
    ground.redis.flushall()
    fleet.beat()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert "Redis has lost its data" in caplog.text
