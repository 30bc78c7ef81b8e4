"""Time passes: jobs whose `not_after` has passed end, whether or not anybody would have dialed them."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from tasks.fleet.pause import Pause, PauseReason
from tasks.store import keys
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def past() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def test_waiting_jobs_expire_though_the_fleet_is_paused(ground: Ground) -> None:
    Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
    ground.ledger.accept([job("late", not_after=past(), batch="b"), job("early", not_after=soon()), job("any")])
    assert ground.reaper.expire() == ["late"]
    record = ground.record("late")
    assert (record["state"], record["code"]) == ("expired", "not_after_passed")
    assert ground.due() == ["early", "any"]
    assert ground.records.counts("b")["expired"] == 1
    assert ground.reaper.expire() == []


def test_nothing_expires_before_its_time_by_an_old_list(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record under an id may be another one than a moment ago."""
    ground.ledger.accept([job("early", not_after=soon()), job("any")])
    overdue = [("early", None, 5), ("any", None, 5)]
    monkeypatch.setattr(ground.reaper, "_overdue", lambda *_: overdue)
    assert ground.reaper.expire() == []
    assert ground.due() == ["early", "any"]


def test_what_may_be_on_the_wire_does_not_expire(ground: Ground) -> None:
    ground.sending(job(not_after=soon()))
    ground.redis.zadd(keys.expiring, {"order-42": 1})
    assert ground.reaper.expire() == []
    assert ground.state("order-42") == "sending"


def test_an_outcome_ends_the_watch(ground: Ground) -> None:
    ground.ledger.accept([job(not_after=soon())])
    ground.cancel_retry.cancel("order-42")
    assert ground.redis.zcard(keys.expiring) == 0


def test_a_record_that_is_gone_ends_the_watch(ground: Ground) -> None:
    ground.redis.zadd(keys.expiring, {"ghost": 1})
    assert ground.reaper.expire() == []
    assert ground.redis.zcard(keys.expiring) == 0
