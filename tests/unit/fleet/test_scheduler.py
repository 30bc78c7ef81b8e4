"""Nudges: due jobs get a message in the queue of calls, in order, and stay in their due set."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.fleet.scheduler import DEPTH, REPEAT_S, Scheduler
from tasks.store import keys
from tests.support.ground import UNPACED, Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def scheduler(ground: Ground, *, width: int = 10, pace: Pace = UNPACED) -> Scheduler:
    return Scheduler(ground.redis, pace=pace, width=lambda: width)


def nudges(ground: Ground) -> list[str]:
    """The job ids on the queue of calls, in the order in which Celery takes them."""
    messages: Any = ground.redis.lrange(keys.calls, 0, -1)
    return [json.loads(raw)["headers"]["job_id"] for raw in reversed(messages)]


def test_due_jobs_are_nudged_by_priority_then_age(ground: Ground) -> None:
    ground.ledger.accept([job("old"), job("new"), job("first", priority=9), job("last", priority=0)])
    assert scheduler(ground).nudge()[0] == 4
    assert nudges(ground) == ["first", "old", "new", "last"]


def test_a_nudged_job_stays_due_until_it_is_claimed(ground: Ground) -> None:
    ground.ledger.accept([job()])
    nudger = scheduler(ground)
    assert [nudger.nudge()[0] for _ in range(2)] == [1, 0]
    assert ground.due() == ["order-42"]
    ground.claim(job())
    assert ground.due() == []


def test_a_lost_nudge_is_repeated(ground: Ground) -> None:
    ground.ledger.accept([job()])
    nudger = scheduler(ground)
    nudger.nudge()
    ground.redis.delete(keys.calls)
    ground.advance(REPEAT_S)
    nudger.nudge()
    assert nudges(ground) == ["order-42"]


def test_every_message_has_a_tag_of_its_own(ground: Ground) -> None:
    """kombu stores unacknowledged messages by tag: two messages with the same tag would be one."""
    ground.ledger.accept([job("a"), job("b")])
    scheduler(ground).nudge()
    messages: Any = ground.redis.lrange(keys.calls, 0, -1)
    assert len({json.loads(raw)["properties"]["delivery_tag"] for raw in messages}) == 2


def test_the_queue_stays_shallow_in_front_of_a_backlog(ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}") for n in range(50)])
    nudger = scheduler(ground, width=4)
    assert nudger.nudge() == (4 * DEPTH, None)  # full: the claim that empties it wakes the scheduler
    assert nudger.nudge() == (0, None)


def test_a_claim_that_empties_the_queue_wakes_a_scheduler(ground: Ground) -> None:
    ground.ledger.accept([job()])
    ground.redis.delete(keys.wake)
    ground.ledger.claim("order-42", worker="w", wake_depth=0)
    assert ground.redis.llen(keys.wake) == 1


def test_what_is_new_or_free_again_wakes_a_scheduler(ground: Ground) -> None:
    pause = Pause(ground.redis)
    for step in (lambda: ground.ledger.accept([job()]), lambda: pause.end(PauseReason.OPERATOR)):
        ground.redis.delete(keys.wake)
        step()
        assert ground.redis.llen(keys.wake) == 1


def test_a_fleet_that_probes_is_given_one_job(ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}") for n in range(5)])
    ground.redis.hset(keys.breaker, "open", "outage")
    assert scheduler(ground).nudge() == (1, None)


def test_no_more_than_the_pace_can_use_soon(ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}") for n in range(50)])
    nudged, wait_s = scheduler(ground, pace=Pace(interval_s=0.5, horizon_s=2)).nudge()
    assert (nudged, wait_s) == (4, 0.5)


def test_it_says_when_the_next_job_is_due(ground: Ground) -> None:
    ground.ledger.accept([job(not_before=datetime.now(UTC) + timedelta(seconds=60))])
    nudged, wait_s = scheduler(ground).nudge()
    assert nudged == 0
    assert wait_s == pytest.approx(60, abs=2)


def test_nothing_to_do_is_nothing_to_wait_for(ground: Ground) -> None:
    assert scheduler(ground).nudge() == (0, None)


def test_a_pause_holds_all_nudges(ground: Ground) -> None:
    ground.ledger.accept([job()])
    pause = Pause(ground.redis)
    pause.begin(PauseReason.OPERATOR, "lunch", for_s=None)
    assert scheduler(ground).nudge() == (0, None)
    pause.end(PauseReason.OPERATOR)
    assert scheduler(ground).nudge()[0] == 1


def test_sleep_ends_with_a_new_job(ground: Ground) -> None:
    ground.ledger.accept([job()])
    scheduler(ground).sleep(None)
    assert ground.redis.llen(keys.wake) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.0001, 3600.0, None])
def test_a_sleep_always_ends(real_redis: Redis, monkeypatch: pytest.MonkeyPatch, seconds: float | None) -> None:
    """It also ends if the wake-up was lost, and if there is work at once: for BLPOP, 0 means no time-out."""
    monkeypatch.setattr("tasks.fleet.scheduler.LONGEST_SLEEP_S", 0.1)
    began = time.monotonic()
    scheduler(Ground.over(real_redis)).sleep(seconds)
    assert time.monotonic() - began < 2


def test_an_awkward_id_survives_the_trip(ground: Ground) -> None:
    awkward = 'a"b\\c/é%1 «id» 😀'
    ground.ledger.accept([job(awkward)])
    scheduler(ground).nudge()
    assert nudges(ground) == [awkward]
