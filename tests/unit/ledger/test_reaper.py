"""The reaper ends expired leases, and jobs whose `not_after` has passed."""

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


class TestReap:
    def test_valid_leases_are_kept(self, ground: Ground) -> None:
        ground.claim(job("a"))
        ground.sending(job("b"))
        assert ground.reaper.reap() == {}

    def test_a_lease_that_was_extended_is_kept(self, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
        """The list of expired leases may be outdated."""
        ground.claim(job("a"))
        ground.sending(job("b"))
        overdue = [("a", None, 5), ("b", None, 5)]
        monkeypatch.setattr(ground.reaper, "_overdue", lambda *_: overdue)
        assert ground.reaper.reap() == {}
        assert (ground.state("a"), ground.state("b")) == ("preparing", "sending")

    def test_an_unsent_job_goes_back_to_its_place(self, ground: Ground) -> None:
        claim = ground.claim(job())
        ground.end_leases()
        assert ground.reaper.reap() == {"order-42": "queued"}
        assert ground.due() == ["order-42"]
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "lost"

    def test_a_job_that_a_second_worker_died_with_goes_behind_the_others(self, ground: Ground) -> None:
        ground.claim(job())
        for verdict, state in (("queued", "queued"), ("queued", "scheduled")):
            ground.end_leases()
            assert ground.reaper.reap() == {"order-42": verdict}
            assert ground.state("order-42") == state
            ground.advance(60)
            ground.ledger.claim("order-42", worker="w2")

    def test_a_job_that_was_sending_is_unconfirmed_and_never_due_again(self, ground: Ground) -> None:
        ground.sending(job(batch="b"))
        ground.end_leases()
        assert ground.reaper.reap() == {"order-42": "unconfirmed"}
        assert ground.record("order-42")["code"] == "worker_lost"
        assert ground.due() == []
        assert ground.records.counts("b")["unconfirmed"] == 1


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
    """The list of expired jobs may be outdated."""
    ground.ledger.accept([job("early", not_after=soon()), job("any")])
    overdue = [("early", None, 5), ("any", None, 5)]
    monkeypatch.setattr(ground.reaper, "_overdue", lambda *_: overdue)
    assert ground.reaper.expire() == []
    assert ground.due() == ["early", "any"]


def test_a_request_in_progress_does_not_expire(ground: Ground) -> None:
    ground.sending(job(not_after=soon()))
    ground.advance(2 * 3600)
    assert ground.reaper.expire() == []
    assert ground.state("order-42") == "sending"


def test_an_outcome_ends_the_watch(ground: Ground) -> None:
    ground.ledger.accept([job(not_after=soon())])
    ground.cancel("order-42")
    assert ground.redis.zcard(keys.expiring) == 0


def test_a_record_that_is_gone_ends_the_watch(ground: Ground) -> None:
    ground.redis.zadd(keys.expiring, {"ghost": 1})
    assert ground.reaper.expire() == []
    assert ground.redis.zcard(keys.expiring) == 0
