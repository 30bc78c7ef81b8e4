"""When a lost call may have begun, and what the calls of that time say about each job."""

import dataclasses

import pytest

from tasks.followup.windows import EARLY_S, LATE_S, Found, verdict, windows, witness_for
from tasks.genesys.seen import Mark, SeenCall
from tasks.ledger.doubt import DoubtfulJob, KnownCall
from tasks.ledger.evidence import Look

AT = 10_000.0
JOB = DoubtfulJob(id="order-42", fence=3, batch="", sent_at=1_000.0, user_id="u", to="+12125551234")
WITNESS = SeenCall(conversation_id="w", started_at=1_040.0, mark=Mark("later", 1))


def at(sent_at: float, name: str = "order-42") -> DoubtfulJob:
    return dataclasses.replace(JOB, id=name, sent_at=sent_at)


def call(job_id: str = "order-42", attempt: int | None = 3, conversation_id: str = "c-1") -> SeenCall:
    return SeenCall(conversation_id=conversation_id, started_at=1_001.0, mark=Mark(job_id, attempt))


def judged(*calls: SeenCall, is_complete: bool = True, witness: SeenCall | None = WITNESS) -> Found | Look | None:
    return verdict(JOB, calls, witness=witness, at=AT, is_complete=is_complete)


def test_one_window_for_all_jobs_of_about_the_same_time() -> None:
    first, second = windows([at(1_000), at(5_000), at(1_020, "b"), at(990, "a")])
    assert [job.id for job in first.jobs] == ["a", "order-42", "b"]
    assert (first.start_s, first.end_s) == (990 - EARLY_S, 1_020 + LATE_S)
    assert (second.start_s, second.end_s) == (5_000 - EARLY_S, 5_000 + LATE_S)


def test_a_window_does_not_grow_without_end() -> None:
    found = windows([at(1_000 + 20 * n) for n in range(50)])
    assert len(found) > 5
    assert max(window.end_s - window.start_s for window in found) <= 120
    assert sum(len(window.jobs) for window in found) == 50


def test_the_call_that_names_job_and_attempt_is_the_jobs() -> None:
    assert judged(call("another"), call()) == Found(conversation_id="c-1")
    assert judged(call(), is_complete=False) == Found(conversation_id="c-1")


@pytest.mark.parametrize("attempt", [2, 4, None])
def test_another_attempt_is_no_match_and_speaks_against_a_retry(attempt: int | None) -> None:
    assert judged(call(attempt=attempt)) == Look(at=AT, other="c-1")
    assert judged(call(attempt=attempt), is_complete=False) == Look(at=AT, other="c-1")


def test_an_earlier_call_that_the_ledger_knows_says_nothing() -> None:
    """The producer asked for more than one call."""
    again = dataclasses.replace(JOB, earlier=frozenset({"c-1"}))
    first = call(attempt=1)
    assert verdict(again, [first], witness=WITNESS, at=AT, is_complete=True) == Look(at=AT, witness="w")
    assert verdict(again, [first, call(conversation_id="c-2")], witness=None, at=AT, is_complete=True) == Found(
        conversation_id="c-2"
    )


def test_a_call_without_a_readable_conversation_is_not_bound_and_not_forgotten() -> None:
    assert judged(call(conversation_id="")) == Look(at=AT, other="unknown")


def test_nothing_found_beside_a_witness() -> None:
    foreign = SeenCall(conversation_id="by hand", started_at=1_001.0)
    assert judged(call("another"), foreign) == Look(at=AT, witness="w")
    assert judged(witness=None) == Look(at=AT)


def test_an_answer_that_is_not_complete_says_nothing() -> None:
    assert judged(is_complete=False) is None
    assert judged(dataclasses.replace(call("x"), mark=None, is_whole=False)) is None


WINDOW = windows([JOB])[0]
KNOWN = {"later": KnownCall(conversation_id="w", sent_at=1_039.0)}


def test_a_call_that_the_ledger_knows_as_placed_later_is_the_witness() -> None:
    assert witness_for(WINDOW, [call("x"), WITNESS], KNOWN) == WITNESS


@pytest.mark.parametrize(
    ("later", "known"),
    [
        (WITNESS, {}),
        (WITNESS, {"later": KnownCall(conversation_id="another", sent_at=1_039.0)}),
        (WITNESS, {"later": KnownCall(conversation_id="w", sent_at=1_029.0)}),
        (dataclasses.replace(WITNESS, started_at=1_029.0), KNOWN),
        (dataclasses.replace(WITNESS, started_at=None), KNOWN),
        (dataclasses.replace(WITNESS, mark=None), KNOWN),
        (dataclasses.replace(WITNESS, started_at=1_039.0 + LATE_S + 1), KNOWN),
        (WITNESS, {"later": KnownCall(conversation_id="w", sent_at=1_040.0 + EARLY_S + 1)}),
    ],
    ids=[
        "unknown",
        "other conversation",
        "sent before",
        "began before",
        "no time",
        "not ours",
        "platform's clock is ahead",
        "ours is ahead",
    ],
)
def test_nothing_else_is_a_witness(later: SeenCall, known: dict[str, KnownCall]) -> None:
    assert witness_for(WINDOW, [later], known) is None
