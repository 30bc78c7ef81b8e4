"""Lists that no worker reads are found by name, cheaply, and nothing else is taken for one."""

from typing import Any

import pytest
from celery import Celery
from redis import Redis

from tasks.fleet.unread import unread_lists
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS

UNREAD = (
    *("dial:1", "dial:3", "dial:9", "dial\x06\x161", "dial\x06\x168", "dial|2", "dial--10"),
    *("acme:dial", "acme_dial", "{acme}dial", "acme:dial:3", "acme:dial\x06\x163", "a\nb:dial"),
)
OTHERS = (
    *(*INBOX_LISTS, keys.calls, f"{keys.calls}\x06\x163", keys.in_hand("dial"), keys.wake),
    *("redial", "predial:1", "dialer", "dial1", "dial:", "dial:x", "dialog", "dial:1:2000x"),
)


@pytest.mark.parametrize("name", UNREAD, ids=ascii)
def test_a_list_that_no_worker_reads_is_found(name: str, redis_client: Redis) -> None:
    redis_client.rpush(name, "a", "b")
    assert unread_lists(redis_client, most_keys=100) == {name: 2}


@pytest.mark.parametrize("name", OTHERS, ids=ascii)
def test_any_other_list_is_not(name: str, redis_client: Redis) -> None:
    redis_client.rpush(name, "a")
    assert unread_lists(redis_client, most_keys=100) == {}


def test_what_is_no_list_is_not(redis_client: Redis) -> None:
    redis_client.set("acme:dial", "x")
    redis_client.set("dial:1", "x")
    redis_client.hset("dial:2", "x", "y")
    assert unread_lists(redis_client, most_keys=100) == {}


def test_the_scan_ends(real_redis: Redis) -> None:
    pipe = real_redis.pipeline(transaction=False)
    for n in range(30_000):
        pipe.set(f"k{n}", "")
    pipe.rpush("dial:1", "a")
    pipe.execute()
    before = scans(real_redis)
    assert unread_lists(real_redis, most_keys=10_000)["dial:1"] == 1
    assert scans(real_redis) - before == 2


def scans(redis: Redis) -> int:
    stats: Any = redis.info("commandstats")
    return int(stats.get("cmdstat_scan", {"calls": 0})["calls"])


@pytest.mark.parametrize(
    "options",
    [
        {"priority_steps": list(range(10)), "sep": ":", "queue_order_strategy": "priority"},
        {"priority_steps": list(range(10))},
        {"global_keyprefix": "acme:"},
        {"global_keyprefix": "acme_", "sep": ":"},
    ],
)
def test_what_celery_fills_with_such_options_is_found(options: dict[str, Any], real_redis: Redis) -> None:
    host = real_redis.connection_pool.connection_kwargs
    producer = Celery(broker=f"redis://{host['host']}:{host['port']}/{host.get('db') or 0}", set_as_current=False)
    producer.conf.broker_transport_options = options
    producer.send_task("dial", args=[{"to": "+12125551234"}], queue="dial", priority=4)
    assert list(unread_lists(real_redis, most_keys=100).values()) == [1]
