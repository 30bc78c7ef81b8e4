"""Pauses: which one counts when there are several, and what ends them."""

import pytest
from redis import Redis

from tasks.codes import Code
from tasks.errors import NotPlaced, Unknown
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.claim import Claim
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


@pytest.fixture
def pause(ground: Ground) -> Pause:
    return Pause(ground.redis)


def wait_s(ground: Ground, claim: Claim) -> float | None:
    return ground.ledger.send(claim, to="+1", caller_id="").wait_s


def test_a_longer_pause_stands(ground: Ground, pause: Pause) -> None:
    """A second 429 with a shorter wait must not end a pause earlier."""
    claims = [ground.sending(job(name)) for name in ("first", "second", "third")]
    ends = []
    for claim, retry_after_s in zip(claims, (60, 1, 120), strict=True):
        ground.answer(claim, NotPlaced(Code.RATE_LIMITED, retry_after_s=retry_after_s))
        (entry,) = pause.entries()
        assert entry.until
        ends.append(entry.until)
    assert ends[0] == ends[1] < ends[2]


@pytest.mark.parametrize("former", [None, 3600.0, 1.0])
@pytest.mark.parametrize("for_s", [None, 60.0])
def test_an_operators_pause_replaces_the_one_that_holds(
    pause: Pause, former: float | None, for_s: float | None
) -> None:
    """Its reason and its end, also if that is earlier; the fleet has been paused since the first."""
    assert pause.begin(PauseReason.OPERATOR, "first", for_s=former) is None
    (before,) = pause.entries()
    assert pause.begin(PauseReason.OPERATOR, "second", for_s=for_s) == before
    (after,) = pause.entries()
    assert (after.message, after.since) == ("second", before.since)
    if for_s is None:
        assert after.until is None
    else:
        assert after.until
        assert (after.until - after.since).total_seconds() == pytest.approx(for_s, abs=10)


def test_a_pause_that_has_ended_is_not_replaced(ground: Ground, pause: Pause) -> None:
    pause.begin(PauseReason.OPERATOR, "first", for_s=0)
    assert pause.begin(PauseReason.OPERATOR, "second", for_s=60) is None
    (entry,) = pause.entries()
    assert entry.until
    assert (entry.until - entry.since).total_seconds() == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize("longest_first", [True, False])
def test_of_several_pauses_the_longest_counts(ground: Ground, pause: Pause, *, longest_first: bool) -> None:
    claim = ground.claim(job())
    pauses = [(PauseReason.RATE_LIMIT, 60.0), (PauseReason.OUTAGE, 5.0)]
    for reason, for_s in pauses if longest_first else pauses[::-1]:
        pause.begin(reason, "", for_s=for_s)
    assert wait_s(ground, claim) == pytest.approx(60, abs=2)
    pause.begin(PauseReason.OPERATOR, "lunch", for_s=None)
    assert wait_s(ground, claim) is None


def test_an_operator_ends_the_probing(ground: Ground, pause: Pause) -> None:
    """After an operator ended the pause, jobs are sent concurrently again, and not one by one."""
    for claim in [ground.sending(job(f"j{n}")) for n in range(6)]:
        ground.answer(claim, Unknown(Code.NO_ANSWER_FROM_API))
    pause.end(*PauseReason)
    ground.sending(job("one"))
    ground.sending(job("beside it"))
