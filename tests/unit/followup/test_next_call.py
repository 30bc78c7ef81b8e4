"""What follows a call that has ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.codes import Code
from tasks.followup.next_call import NextCall
from tasks.ledger.conclusion import CallAgain, EndedCall
from tasks.redial import Redial
from tasks.results import CallResult
from tests.support.ground import job

NOW = datetime(2026, 12, 1, tzinfo=UTC)
REDIAL = Redial(distances={"busy": (300,), "no_answer": (3600,), "unreachable": (60,), "unanswered": (60,)}, most=3)
RULE = NextCall(max_attempts=3)


def ended(result: CallResult, *earlier: str, attempts: int = 1, **fields: object) -> EndedCall:
    asked: dict[str, Any] = {"redial": REDIAL} | fields
    found = job(**asked)
    return EndedCall(job=found, result=result, earlier=list(earlier), attempts=attempts, now=NOW.timestamp())


@pytest.mark.parametrize("result", list(CallResult))
def test_the_table(result: CallResult) -> None:
    again = RULE(ended(result))
    if result is CallResult.AGENT_MISSED:
        assert again == CallAgain(delay_s=0, code=Code.AGENT_MISSED, is_fresh=False)
    elif result in REDIAL.distances:
        assert again == CallAgain(delay_s=REDIAL.distances[result][0], code=Code.REDIAL, is_fresh=True)
    else:
        assert again is None


@pytest.mark.parametrize("result", list(CallResult))
def test_without_redial_only_a_missed_call_goes_back(result: CallResult) -> None:
    assert bool(RULE(ended(result, redial=None))) == (result is CallResult.AGENT_MISSED)


def test_the_default_of_the_settings_holds_for_a_job_that_says_nothing() -> None:
    rule = NextCall(max_attempts=3, redial=REDIAL)
    assert rule(ended(CallResult.BUSY, redial=None)) is not None
    assert rule(ended(CallResult.BUSY, redial=Redial(distances={"no_answer": (60,)}))) is None


@pytest.mark.parametrize(
    ("attempts", "own", "goes_back"), [(2, None, True), (3, None, False), (1, 1, False), (4, 5, True)]
)
def test_a_missed_call_counts_as_an_attempt(attempts: int, own: int | None, goes_back: bool) -> None:
    assert bool(RULE(ended(CallResult.AGENT_MISSED, attempts=attempts, max_attempts=own))) == goes_back


def test_a_missed_call_is_none_of_the_calls_in_all() -> None:
    assert RULE(ended(CallResult.BUSY, "agent_missed", "agent_missed"))
    assert RULE(ended(CallResult.BUSY, "busy", "no_answer")) is None


@pytest.mark.parametrize(("left_s", "goes_on"), [(299, False), (300, False), (301, True)])
def test_not_after_binds(left_s: int, goes_on: bool) -> None:
    assert bool(RULE(ended(CallResult.BUSY, not_after=NOW + timedelta(seconds=left_s)))) == goes_on
