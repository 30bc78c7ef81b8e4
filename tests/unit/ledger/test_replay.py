"""A Redis that forgot its last moments is told what the workers know, and nobody is called again for them."""

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
    """The real one alone: who tells a run id, and can be set back, is a server."""
    return Ground.over(real_redis)


@contextmanager
def forgotten(redis: Redis) -> Iterator[None]:
    """Whatever happens within is not known to Redis afterwards."""
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


def test_a_job_that_was_waiting_when_redis_forgot(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    check_told(ground)


@pytest.mark.parametrize("meanwhile", [nothing, reap, claim_anew], ids=lambda each: each.__name__)
def test_a_job_that_another_may_take_up_before_redis_is_told(
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
    check_told(ground)


def test_a_job_that_was_sending_when_redis_forgot(ground: Ground) -> None:
    claim = ground.sending(job(batch="b"))
    with forgotten(ground.redis):
        ground.end(claim, State.PLACED, Code.PLACED)
    reap(ground)
    check_told(ground)


def test_a_job_that_redis_does_not_know_at_all(ground: Ground) -> None:
    """Its message may be in the queue again, and must not be a new job."""
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    check_told(ground)


def test_an_answer_that_comes_after_redis_forgot_is_told_at_once(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        claim = ground.sending(job(batch="b"))
    assert ground.end(claim, State.PLACED, Code.PLACED)
    assert ground.state("order-42") == "placed"
    assert ground.due() == []


def test_what_is_in_doubt_is_told_too(ground: Ground) -> None:
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")), State.UNCONFIRMED)
    assert ground.ledger.replay() == ["order-42"]
    assert ground.state("order-42") == "unconfirmed"
    assert ground.due() == []


def test_a_redis_that_forgot_nothing_learns_nothing(ground: Ground) -> None:
    call(ground, ground.claim(job("a")))
    call(ground, ground.claim(job("b")), State.UNCONFIRMED)
    assert ground.cancel_retry.retry("b", not_placed=True).done
    assert ground.ledger.replay() == []
    assert (ground.state("a"), ground.state("b")) == ("placed", "queued")
    assert ground.redis.xlen(keys.outcomes) == 2


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED])
def test_a_job_that_was_called_off_after_redis_forgot_its_call(ground: Ground, state: State) -> None:
    """It was called all the same, and whoever called it off is told so."""
    asked = job(batch="b", not_after=datetime.now(UTC) + timedelta(hours=1))
    ground.ledger.accept([asked])
    with forgotten(ground.redis):
        call(ground, ground.claim(asked))
    if state is State.CANCELLED:
        assert ground.cancel_retry.cancel("order-42").done
    else:
        ground.advance(2 * 3600)
        assert ground.reaper.expire() == ["order-42"]
    assert ground.ledger.replay() == ["order-42"]
    assert ground.state("order-42") == "placed"
    assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"placed": 1}
    assert ground.redis.zcard(keys.index(state)) == 0


def test_another_outcome_stands(ground: Ground) -> None:
    """One that no step leads to from before a call: it is of another time."""
    ground.ledger.accept([job(batch="b")])
    with forgotten(ground.redis):
        call(ground, ground.claim(job(batch="b")))
    ground.end(ground.claim(job(batch="b")), State.REJECTED, Code.NOT_DIALABLE)
    assert ground.ledger.replay() == []
    assert ground.state("order-42") == "rejected"


def test_nothing_is_sent_until_all_had_the_time_to_tell(ground: Ground) -> None:
    """By another server than the last time."""
    call(ground, ground.claim(job("before")))
    ground.redis.set(keys.run, "another server")
    gate = ground.ledger.send(ground.claim(job()), to="+12125551234", caller_id="")
    assert (gate.verdict, gate.detail) == ("paused", "restart")
    assert gate.wait_s == pytest.approx(18, abs=1), "a whole exchange, and a margin"
    (entry,) = Pause(ground.redis).entries()
    assert entry.reason is PauseReason.RESTART
    Pause(ground.redis).end(PauseReason.RESTART)
    assert ground.state("order-42") == "preparing"


def check_told(ground: Ground) -> None:
    """As if nothing had been forgotten, and safe from whoever comes."""
    assert ground.ledger.replay() == ["order-42"]
    assert ground.ledger.replay() == []
    assert ground.state("order-42") == "placed"
    assert ground.due() == []
    assert ground.redis.zcard(keys.leases) == 0
    assert ground.redis.exists(keys.result("order-42"))
    assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"placed": 1}
    assert isinstance(ground.ledger.claim("order-42", worker="another"), Declined)
    assert [entry for entry, _ in ground.ledger.accept([job(batch="b")])] == ["replay"]
