"""Pauses: which one counts when there are several, and what ends them."""

import pytest
from redis import Redis

from tasks.codes import Code
from tasks.errors import Unknown
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


@pytest.mark.parametrize("longer", [60.0, None])
def test_a_longer_pause_stands(pause: Pause, longer: float | None) -> None:
    """A second 429 with a shorter wait must not end a pause earlier."""
    pause.begin(PauseReason.OPERATOR, "first", for_s=longer)
    (before,) = pause.entries()
    pause.begin(PauseReason.OPERATOR, "second", for_s=1)
    assert pause.entries() == [before]


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
