"""Which job is the next probe, and that the scheduler sends that one."""

import json
from typing import Any

import pytest
from redis import Redis

from config.values import RateLimit
from tasks.codes import Code, State
from tasks.errors import NotPlaced, Refused
from tasks.fleet.breaker import IN_A_ROW
from tasks.fleet.probe import Probe, choose
from tasks.fleet.scheduler import Scheduler
from tasks.fleet.status import look
from tasks.store import keys
from tests.support.ground import UNPACED, Ground, job


def probe(job_id: str, batch: str, number: str) -> Probe:
    return Probe(job_id=job_id, batch=batch, number=number)


@pytest.mark.parametrize(
    ("candidates", "probed", "chosen"),
    [
        ([probe("a", "x", "1")], [], "a"),
        ([probe("a", "x", "1"), probe("b", "x", "2")], [], "a"),
        ([probe("a", "x", "1"), probe("b", "x", "2")], [probe("a", "x", "1")], "b"),
        ([probe("a", "x", "1"), probe("b", "x", "2"), probe("c", "y", "3")], [probe("z", "x", "9")], "c"),
        ([probe("a", "x", "1"), probe("b", "y", "1"), probe("c", "y", "3")], [probe("z", "x", "1")], "c"),
        # A job without a batch has no batch in common with another one.
        ([probe("a", "x", "1"), probe("b", "", "2")], [probe("z", "", "9"), probe("y", "x", "8")], "b"),
        # Nothing else is due.
        ([probe("a", "x", "1")], [probe("a", "x", "1")], "a"),
    ],
)
def test_the_next_probe_has_least_in_common_with_the_last_ones(
    candidates: list[Probe], probed: list[Probe], chosen: str
) -> None:
    assert choose(candidates, probed) == chosen


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def nudged(ground: Ground) -> list[str]:
    raw: Any = ground.redis.lrange(keys.calls, 0, -1)
    ground.redis.delete(keys.calls)
    return [json.loads(each)["headers"]["job_id"] for each in raw]


def open_breaker(ground: Ground, batch: str) -> None:
    """So many jobs of the batch fail in a row that the fleet stops; their number is the same for all."""
    for n in range(IN_A_ROW + 1):
        ground.answer(ground.sending(job(f"{batch}-{n}", batch=batch)), NotPlaced(Code.COULD_NOT_CONNECT))
    assert ground.redis.hget(keys.breaker, "open") == "outage"
    ground.redis.delete(keys.pause)  # the distance to the next probe has passed


def test_one_bad_batch_does_not_hold_up_the_others(ground: Ground) -> None:
    open_breaker(ground, "bad")
    ground.ledger.accept([job(f"more-{n}", batch="bad") for n in range(150)])
    ground.ledger.accept([job("good", batch="good", to="+12125550100")])
    assert Scheduler(ground.redis, pace=UNPACED, width=lambda: 10).nudge() == (1, None)
    assert nudged(ground) == ["good"]


def test_while_the_breaker_is_open_one_job_at_a_time_is_nudged(ground: Ground) -> None:
    open_breaker(ground, "bad")
    ground.ledger.accept([job(f"j{n}") for n in range(5)])
    scheduler = Scheduler(ground.redis, pace=UNPACED, width=lambda: 10)
    assert [scheduler.nudge()[0] for _ in range(3)] == [1, 0, 0]


def test_with_nothing_due_there_is_nothing_to_choose(ground: Ground) -> None:
    ground.redis.hset(keys.breaker, "open", "outage")
    assert Scheduler(ground.redis, pace=UNPACED, width=lambda: 10).nudge() == (0, None)


def test_the_status_names_what_the_probes_met_without_its_number(ground: Ground) -> None:
    open_breaker(ground, "bad")
    status = look(ground.redis, limit=RateLimit(count=300, period_s=60))
    assert [(each.job_id, each.batch) for each in status.probed] == [(f"bad-{IN_A_ROW}", "bad")]
    assert "5551234" not in repr(status)


def test_the_status_names_what_was_rejected_before_the_pause_until_it_is_retried(ground: Ground) -> None:
    def rejected() -> list[str]:
        return look(ground.redis, limit=RateLimit(count=300, period_s=60)).rejected_before_pause

    codes = [Code.BAD_REQUEST, Code.MALFORMED_PARTICIPANT_ADDRESS]
    for n in range(IN_A_ROW + 1):
        assert rejected() == []
        ground.answer(ground.sending(job(f"j{n}")), Refused(codes[n % 2]))
    assert rejected() == [f"j{n}" for n in range(IN_A_ROW)]
    assert ground.retry("j0").done
    assert rejected() == [f"j{n}" for n in range(1, IN_A_ROW)]


def test_what_was_rejected_before_a_call_was_placed_is_nobodys_concern(ground: Ground) -> None:
    for n in range(3):
        ground.answer(ground.sending(job(f"j{n}")), Refused(Code.BAD_REQUEST))
    ground.end(ground.sending(job("good")), State.PLACED, Code.PLACED)
    assert ground.redis.hget(keys.breaker, "rejected") is None
