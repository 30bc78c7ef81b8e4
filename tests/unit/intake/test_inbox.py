"""The inbox: no message of a producer is ever lost."""

import json
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tasks.codes import State
from tasks.fleet.heartbeat import Heartbeat
from tasks.intake.message import read_message
from tasks.job import Job
from tasks.ledger.accept import Refusal
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, INBOX_QUEUE, MAX_BYTES, MAX_READ_BYTES
from tests.support.ground import Ground
from tests.support.inbox import inbox, send
from tests.support.messages import message


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def test_messages_enter_the_ledger_in_their_order(ground: Ground, raw_redis: Redis) -> None:
    send(ground.redis, "a", "b", "c")
    assert inbox(ground, raw_redis).drain() == 3
    assert ground.due() == ["a", "b", "c"]
    assert ground.redis.llen(INBOX_QUEUE) == 0


def test_every_priority_of_the_queue_is_read(ground: Ground, raw_redis: Redis) -> None:
    for queue in INBOX_LISTS:
        send(ground.redis, f"job-{queue}".replace("\x06\x16", "-"), queue=queue)
    assert inbox(ground, raw_redis).drain() == len(INBOX_LISTS)
    assert len(ground.due()) == len(INBOX_LISTS)


def test_the_kombu_names_of_the_lists_are_right() -> None:
    from kombu.transport.redis import Channel

    channel: Any = Channel.__new__(Channel)
    assert [channel._q_for_pri(INBOX_QUEUE, step) for step in Channel.priority_steps] == list(INBOX_LISTS)


def test_what_was_not_accepted_is_still_in_hand(
    ground: Ground, raw_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(ground.redis, "a", "b")
    taker = inbox(ground, raw_redis)

    def away(_: Any) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(ground.ledger, "accept", away)
        with pytest.raises(RedisConnectionError):
            taker.drain()
    assert ground.redis.llen(keys.in_hand("w1")) == 2
    assert taker.drain() == 2
    assert ground.due() == ["a", "b"]
    assert taker.drain() == 0
    assert ground.redis.llen(keys.in_hand("w1")) == 0


def repeat_commands(redis: Redis) -> None:
    """The client sends each command again, as if its answer had been lost."""
    execute: Any = redis.execute_command

    def twice(*args: Any, **kwargs: Any) -> Any:
        execute(*args, **kwargs)
        return execute(*args, **kwargs)

    redis.execute_command = twice  # type: ignore[method-assign]


def test_a_step_that_is_repeated_forgets_nothing_that_it_took_itself(ground: Ground, raw_redis: Redis) -> None:
    send(ground.redis, "a")
    taker = inbox(ground, raw_redis)
    taker.drain()
    send(ground.redis, "b")
    repeat_commands(raw_redis)
    assert taker.drain() == 1
    assert ground.due() == ["a", "b"]


def test_nobody_is_taken_for_dead_who_takes_in_messages(ground: Ground, raw_redis: Redis) -> None:
    """Its hand would be emptied, and the worker struck off the list while a message is on its way to it."""
    taker = inbox(ground, raw_redis, "other")
    fleet = Heartbeat(ground.redis, worker="w1", concurrency=8)
    for step in (taker.drain, lambda: taker.wait(0.01)):
        ground.redis.zadd(keys.workers, {"other": 1})
        step()
        assert fleet.beat() == []


def test_a_hand_holds_no_more_than_it_may(ground: Ground, raw_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is filled while nothing can be accepted."""
    monkeypatch.setattr("tasks.intake.inbox._AT_ONCE", 2)
    send(ground.redis, "a", "b", "c", "d", "e")
    taker = inbox(ground, raw_redis)

    def away(_: Any) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(ground.ledger, "accept", away)
    for _ in range(2):
        with pytest.raises(RedisConnectionError):
            taker.drain()
    assert ground.redis.llen(keys.in_hand("w1")) == 2


def test_waiting_wakes_with_the_first_message(ground: Ground, raw_redis: Redis) -> None:
    send(ground.redis, "a")
    taker = inbox(ground, raw_redis)
    taker.wait(5)
    assert ground.redis.llen(keys.in_hand("w1")) == 1
    assert taker.drain() == 1


def test_the_bad_do_not_hold_up_the_good(ground: Ground, raw_redis: Redis) -> None:
    ground.redis.lpush(INBOX_QUEUE, b"\xff", b"{}", message(), json.dumps({"headers": 1}))
    assert inbox(ground, raw_redis).drain() == 4
    assert ground.due() == ["order-42"]
    assert ground.records.counts()["rejected"] == 3


def test_a_conflict_is_told(ground: Ground, raw_redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sent the second job must be able to learn that it is not dialed."""
    ground.redis.lpush(INBOX_QUEUE, message(), message({"to": "+12125559999"}))
    inbox(ground, raw_redis).drain()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "id already used by a different job; kept the first")
    ]


# What is larger than any worker should be asked to read.


def giant(job_id: str = "giant") -> bytes:
    return message({"to": "x" * MAX_READ_BYTES}, headers_id=job_id)


def rejected(ground: Ground) -> list[Any]:
    """Code and first words of each refusal."""
    records = ground.records.page(State.REJECTED).records
    return [(record["code"], record["message"].partition(";")[0]) for record in records]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How large the messages are that a worker reads."""
    found: list[int] = []

    def read(raw: bytes) -> Job | Refusal:
        found.append(len(raw))
        return read_message(raw)

    monkeypatch.setattr("tasks.intake.inbox.read_message", read)
    return found


def test_a_giant_is_refused_without_being_handed_to_anybody(
    ground: Ground, raw_redis: Redis, sizes: list[int]
) -> None:
    """A worker that fetched it whole might run out of memory, and so might the next one to take it over."""
    ground.redis.lpush(INBOX_QUEUE, giant())
    send(ground.redis, "a")
    taker = inbox(ground, raw_redis)
    while taker.drain():
        pass
    assert ground.due() == ["a"]
    assert rejected(ground) == [("message_too_large", f"The message has {len(giant())} bytes")]
    assert max(sizes) < 1000
    assert ground.redis.llen(keys.in_hand("w1")) == 0


def test_the_same_giant_again_is_the_same_refusal_and_another_is_another(ground: Ground, raw_redis: Redis) -> None:
    ground.redis.lpush(INBOX_QUEUE, giant(), giant(), giant("other"))
    taker = inbox(ground, raw_redis)
    assert [taker.drain() for _ in range(4)] == [1, 1, 1, 0]
    assert ground.records.counts()["rejected"] == 2


def test_no_more_is_taken_at_once_than_a_worker_can_bear(ground: Ground, raw_redis: Redis) -> None:
    each = len(message({"to": "x" * MAX_BYTES}, headers_id="00"))
    for n in range(12):
        ground.redis.lpush(INBOX_LISTS[n // 6], message({"to": "x" * MAX_BYTES}, headers_id=f"{n:02}"))
    taker = inbox(ground, raw_redis)
    taken = [taker.drain() for _ in range(4)]
    assert (sum(taken), taken[3]) == (12, 0)
    assert (taken[0] - 1) * each < MAX_READ_BYTES <= taken[0] * each
    assert ground.records.counts()["rejected"] == 12


def test_a_giant_that_came_while_its_worker_slept_is_cut_before_it_is_read(
    ground: Ground, raw_redis: Redis, sizes: list[int]
) -> None:
    ground.redis.lpush(INBOX_QUEUE, giant())
    taker = inbox(ground, raw_redis)
    taker.wait(5)
    assert raw_redis.lindex(keys.in_hand("w1"), 0) == giant()
    assert taker.drain() == 1
    assert taker.drain() == 0
    assert max(sizes) < 100
    assert [code for code, _ in rejected(ground)] == ["message_too_large"]
    assert ground.redis.llen(keys.in_hand("w1")) == 0


def test_a_giant_that_killed_its_worker_kills_no_other(ground: Ground, raw_redis: Redis) -> None:
    """Its hand goes back to the inbox, in the old order, and the giant cut."""
    ground.redis.lpush(INBOX_QUEUE, giant())
    inbox(ground, raw_redis, "dead").wait(5)
    send(ground.redis, "a", "b")
    ground.redis.zadd(keys.workers, {"dead": 1})  # silent since long ago
    assert Heartbeat(ground.redis, worker="w1", concurrency=8).beat() == ["dead"]
    waiting: Any = raw_redis.lrange(INBOX_QUEUE, 0, -1)
    assert len(waiting) == 3
    assert len(waiting[-1]) < 100
    assert inbox(ground, raw_redis).drain() == 3
    assert ground.due() == ["a", "b"]
    assert rejected(ground) == [("message_too_large", f"The message has {len(giant())} bytes")]


def test_a_step_that_is_repeated_cuts_nothing_twice(ground: Ground, raw_redis: Redis) -> None:
    ground.redis.lpush(INBOX_QUEUE, giant())
    taker = inbox(ground, raw_redis)
    repeat_commands(raw_redis)
    assert taker.drain() == 1
    assert rejected(ground) == [("message_too_large", f"The message has {len(giant())} bytes")]
