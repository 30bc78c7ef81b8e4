"""After Redis lost its latest writes, workers record their outcomes again, and nobody is called twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.claim import Claim, Declined
from tasks.store import keys
from tests.support.ground import Ground, job


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    """Only a real Redis has a run id and can be set back to an earlier state."""
    return Ground.over(real_redis)


@contextmanager
def forgotten(redis: Redis) -> Iterator[None]:
    """Redis loses everything that is written inside this context."""
    options: Any = {name: redis.connection_pool.connection_kwargs[name] for name in ("host", "port", "db")}
    with Redis(**options) as raw:
        kept = {key: raw.dump(key) for key in raw.scan_iter()}
        yield
        raw.flushdb()
        for key, value in kept.items():
            assert value is not None
            raw.restore(key, 0, value)


def call(ground: Ground, claim: Claim, state: State = State.PLACED) -> None:
    assert ground.ledger.send(claim, to="+12125551234", caller_id="").verdict == "go"
    ground.end(claim, state, Code.PLACED if state is State.PLACED else Code.NO_ANSWER_FROM_API)


def nothing(ground: Ground) -> None:
    pass


def reap(ground: Ground) -> None:
    ground.end_leases()
    ground.reaper.reap()


def claim_anew(ground: Ground) -> None:
    assert isinstance(ground.ledger.claim("order-42", worker="another"), Claim)


def test_a_job_that_was_waiting_before_the_loss(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    check_replayed(ground)


@pytest.mark.parametrize("meanwhile", [nothing, reap, claim_anew], ids=lambda each: each.__name__)
def test_a_job_that_another_worker_may_claim_before_the_replay(
    ground: Ground, meanwhile: Callable[[Ground], None]
) -> None:
    if meanwhile is claim_anew:
        ground.ledger.accept([job(batch="b")])
        with forgotten(ground.redis):
            call(ground, ground.claim(job(batch="b")))
    else:
        claim = ground.claim(job(batch="b"))
        with forgotten(ground.redis):
            call(ground, claim)
    meanwhile(ground)
    check_replayed(ground)


def test_a_job_that_was_sending_before_the_loss(ground: Ground) -> None:
    claim = ground.sending(job(batch="b"))
    with forgotten(ground.redis):
        ground.end(claim, State.PLACED, Code.PLACED)
    reap(ground)
    check_replayed(ground)


def test_a_job_without_a_record(ground: Ground) -> None:
    """Its message may be in the queue again, and must not become a new job."""
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    check_replayed(ground)


def test_an_answer_after_the_loss_is_recorded_at_once(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        claim = ground.sending(job(batch="b"))
    assert ground.end(claim, State.PLACED, Code.PLACED)
    assert ground.state("order-42") == "placed"
    assert ground.due() == []


def test_an_unconfirmed_outcome_is_replayed_too(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")), State.UNCONFIRMED)
    assert ground.ledger.replay() == ["order-42"]
    assert ground.state("order-42") == "unconfirmed"
    assert ground.due() == []


def test_a_replay_without_a_loss_changes_nothing(ground: Ground) -> None:
    call(ground, ground.claim(job("a")))
    call(ground, ground.claim(job("b")), State.UNCONFIRMED)
    assert ground.retry("b", not_placed=True).done
    assert ground.ledger.replay() == []
    assert (ground.state("a"), ground.state("b")) == ("placed", "queued")
    assert ground.redis.xlen(keys.outcomes) == 2


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED])
def test_a_job_that_was_withdrawn_after_the_loss_of_its_call(ground: Ground, state: State) -> None:
    """The call was placed, and the record must say so."""
    asked = job(batch="b", not_after=datetime.now(UTC) + timedelta(hours=1))
    ground.ledger.accept([asked])
    with forgotten(ground.redis):
        call(ground, ground.claim(asked))
    if state is State.CANCELLED:
        assert ground.cancel("order-42").done
    else:
        ground.advance(2 * 3600)
        assert ground.reaper.expire() == ["order-42"]
    assert ground.ledger.replay() == ["order-42"]
    assert ground.state("order-42") == "placed"
    assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"placed": 1}
    assert ground.redis.zcard(keys.index(state)) == 0


def test_another_outcome_is_kept(ground: Ground) -> None:
    """No step leads to this outcome from a state before the call, so it is newer."""
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    ground.end(ground.claim(job(batch="b")), State.REJECTED, Code.NOT_DIALABLE)
    assert ground.ledger.replay() == []
    assert ground.state("order-42") == "rejected"


def test_nothing_is_sent_until_all_workers_had_time_to_replay(ground: Ground) -> None:
    """The run id of Redis has changed."""
    call(ground, ground.claim(job("before")))
    ground.redis.set(keys.run, "another server")
    gate = ground.ledger.send(ground.claim(job()), to="+12125551234", caller_id="")
    assert (gate.verdict, gate.detail) == ("paused", "restart")
    assert gate.wait_s == pytest.approx(18, abs=1), "a whole request, and a margin"
    (entry,) = Pause(ground.redis).entries()
    assert entry.reason is PauseReason.RESTART
    Pause(ground.redis).end(PauseReason.RESTART)
    assert ground.state("order-42") == "preparing"


def check_replayed(ground: Ground) -> None:
    """The records are the same as without the loss, and no other worker can claim the job."""
    assert ground.ledger.replay() == ["order-42"]
    assert ground.ledger.replay() == []
    assert ground.state("order-42") == "placed"
    assert ground.due() == []
    assert ground.redis.zcard(keys.leases) == 0
    assert ground.redis.exists(keys.result("order-42"))
    assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"placed": 1}
    assert isinstance(ground.ledger.claim("order-42", worker="another"), Declined)
    assert [entry for entry, _ in ground.ledger.accept([job(batch="b")])] == ["replay"]
