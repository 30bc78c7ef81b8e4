"""Nudges in the hands of a worker, and what is none."""

from typing import Any

import pytest
from celery import Celery
from kombu.transport import redis as kombu_redis
from kombu.utils import json as kombu_json
from redis import Redis

from tasks.fleet.scheduler import nudge_message
from worker.nudges import InMemoryQoS, patch_kombu, read_nudge


@pytest.mark.parametrize("junk", ["", "{", "[]", "null", "{}", '{"properties": {"delivery_tag": 1}}', "[" * 100_000])
def test_what_is_no_nudge_is_one_for_no_job(junk: str) -> None:
    """kombu would let the error out, and the worker with it."""
    message = read_nudge(junk)
    assert (message["headers"]["job_id"], message["headers"]["task"]) == ("", "dialer.call")


def test_a_nudge_is_itself() -> None:
    message = read_nudge(nudge_message(queue="dialer.calls", job_id="order-42", tag="t"))
    assert (message["headers"]["job_id"], message["properties"]["delivery_tag"]) == ("order-42", "t")


def test_junk_on_the_queue_of_calls_stops_nobody(
    redis_url: str, real_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kombu_redis.Channel, "QoS", kombu_redis.Channel.QoS)
    monkeypatch.setattr("kombu.transport.redis.loads", kombu_json.loads)
    patch_kombu()
    real_redis.lpush("dialer.calls", "junk")
    app = Celery("junk", broker=redis_url, set_as_current=False)
    with app.connection_for_read() as connection, connection.channel() as channel:
        assert channel.basic_get("dialer.calls").headers["job_id"] == ""


def test_a_broken_connection_gives_the_prefetch_back() -> None:
    """What was in hand comes again by another nudge; as if it were still held, the worker would ask for no more."""
    in_hand: Any = InMemoryQoS(None, prefetch_count=1)  # type: ignore[no-untyped-call]
    in_hand.append("a nudge", "t")
    assert not in_hand.can_consume()
    in_hand.restore_unacked()
    assert in_hand.can_consume()
