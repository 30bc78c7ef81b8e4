"""The jobs in doubt: when their calls are searched for, and what becomes of what was found, or not found."""

import json
import time
from typing import Any, Final

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.capacity import Capacity
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.claim import Claim
from tasks.ledger.doubt import DoubtfulJob
from tasks.ledger.evidence import MOST_LOOKS, Look
from tasks.ledger.progress import Progress
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import Ground, job

FIRST_SEARCH_S = 10


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def lose(ground: Ground, job_id: str = "order-42", **fields: Any) -> Claim:
    """Send the call of a job, and lose its answer."""
    claim = ground.sending(job(job_id, **fields))
    assert ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
    return claim


def search(ground: Ground, *, after_s: float = 0) -> list[DoubtfulJob]:
    ground.advance(after_s)
    return ground.doubt.take().jobs


def the_one(ground: Ground) -> DoubtfulJob:
    (found,) = ground.doubt.read(["order-42"])
    return found


def look(minute: float, *, witness: str = "w", other: str = "") -> Look:
    return Look(at=1_764_556_800 + 60 * minute, witness=witness, other=other)


def evidence(ground: Ground) -> Any:
    return ground.record("order-42").get("evidence")


class TestTake:
    def test_a_lost_call_is_searched_for_within_30_seconds(self, ground: Ground) -> None:
        claim = lose(ground, batch="spring", user_id="u-1")
        assert search(ground) == []
        (found,) = search(ground, after_s=FIRST_SEARCH_S + 1)
        assert (found.id, found.fence, found.batch) == ("order-42", claim.fence, "spring")
        assert (found.user_id, found.to) == ("u-1", "+12125551234")
        assert found.sent_at == pytest.approx(ground.doubt.take().at - FIRST_SEARCH_S - 1, abs=5)

    def test_earlier_calls_of_the_job_are_known(self, ground: Ground) -> None:
        lose(ground)
        ground.redis.hset(keys.job("order-42"), "calls", '[{"fence": 1, "conversation_id": "c-0"}]')
        assert the_one(ground).earlier == {"c-0"}

    def test_one_search_serves_all_that_are_due(self, ground: Ground) -> None:
        for name in ("a", "b", "c"):
            lose(ground, name)
        assert {found.id for found in search(ground, after_s=30)} == {"a", "b", "c"}

    def test_a_job_whose_worker_died_while_it_searched_is_searched_for_again(self, ground: Ground) -> None:
        lose(ground)
        assert len(search(ground, after_s=30)) == 1
        assert search(ground) == []
        assert len(search(ground, after_s=61)) == 1

    @pytest.mark.parametrize("state", [State.PLACED, State.FAILED, State.REJECTED])
    def test_no_other_outcome_is_searched_for(self, ground: Ground, state: State) -> None:
        ground.end(ground.sending(job()), state, Code.SERVER_ERROR, conversation_id="c")
        assert search(ground, after_s=3600) == []

    def test_what_a_late_answer_settled_is_not_searched_for(self, ground: Ground) -> None:
        claim = lose(ground)
        assert ground.end(claim, State.PLACED, Code.PLACED, conversation_id="c")
        assert search(ground, after_s=3600) == []

    def test_what_a_person_retried_is_not_searched_for(self, ground: Ground) -> None:
        lose(ground)
        assert ground.retry("order-42", not_placed=True).done
        assert search(ground, after_s=3600) == []

    def test_an_expired_record_is_forgotten(self, ground: Ground) -> None:
        lose(ground)
        ground.redis.delete(keys.job("order-42"))
        assert search(ground) == []
        ground.advance(60)
        assert search(ground) == []
        assert not ground.redis.exists(keys.in_doubt)

    @pytest.mark.parametrize(("reason", "found"), [(PauseReason.OPERATOR, 1), (PauseReason.RATE_LIMIT, 0)])
    def test_only_an_operators_pause_allows_it(self, ground: Ground, reason: PauseReason, found: int) -> None:
        lose(ground)
        Pause(ground.redis).begin(reason, "…", for_s=7200)
        assert len(search(ground, after_s=60)) == found
        assert (ground.doubt.slot() is not None) == bool(found)

    def test_the_searches_come_at_their_times_and_end_after_two_days(self, ground: Ground) -> None:
        lose(ground)
        age, found = 0.0, []
        for step in [5.0] * 30 + [60.0] * 60 + [3600.0] * 60:
            age += step
            if jobs := search(ground, after_s=step):
                found.append(age)
                ground.doubt.note(jobs[0], None)
        planned = [10, 60, 120, 300, 900, 3600, 6 * 3600, 24 * 3600, 48 * 3600]
        assert len(found) == len(planned)
        assert all(at <= seen <= at * 1.2 + 5 for at, seen in zip(planned, found, strict=True))
        assert not ground.redis.exists(keys.in_doubt)


class TestPace:
    @pytest.fixture
    def ground(self, redis_client: Redis) -> Ground:
        return Ground.over(redis_client, pace=Pace(interval_s=1.0, late_s=0.05, max_wait_s=3.0))

    def test_searches_and_look_ups_share_a_tenth_of_the_slots_while_jobs_are_due(self, ground: Ground) -> None:
        lose(ground)
        ground.advance(60)
        ground.ledger.accept([job("waiting")])
        taken = 0
        for _ in range(100):
            taken += bool(ground.doubt.take().jobs) or ground.doubt.slot() is not None
            ground.advance(1)
        assert 9 <= taken <= 11

    def test_each_request_of_a_search_takes_a_slot(self, ground: Ground) -> None:
        lose(ground)
        ground.advance(60)
        before: Any = ground.redis.hget(keys.pace, "granted")
        assert ground.doubt.take().jobs
        assert ground.doubt.slot() is not None
        assert ground.redis.hget(keys.pace, "granted") == str(int(before) + 2)


class TestBind:
    def test_a_found_call_is_placed_and_followed(self, ground: Ground) -> None:
        lose(ground, batch="spring")
        found = the_one(ground)
        ground.doubt.note(found, look(1))
        assert ground.doubt.bind(found, "c-1")
        record = ground.record("order-42")
        assert (record["state"], record["code"], record["conversation_id"]) == ("placed", "placed", "c-1")
        assert "evidence" not in record
        assert ground.records.counts("spring")["placed"] == 1
        assert ground.records.counts("spring")["unconfirmed"] == 0
        ground.advance(60)
        (call,) = ground.following.take(most=1).calls
        assert (call.conversation_id, call.job_id, call.batch) == ("c-1", "order-42", "spring")
        result: Any = ground.redis.get(keys.result("order-42"))
        assert json.loads(result)["result"]["state"] == "placed"
        entries: Any = ground.redis.xrange(keys.outcomes)
        assert [entry["state"] for _, entry in entries] == ["unconfirmed", "placed"]

    def test_it_can_be_repeated(self, ground: Ground) -> None:
        lose(ground)
        found = the_one(ground)
        assert [ground.doubt.bind(found, "c-1") for _ in range(2)] == [True, False]
        entries: Any = ground.redis.xrange(keys.outcomes)
        assert len(entries) == 2

    def test_another_attempt_is_not_meant(self, ground: Ground) -> None:
        lose(ground)
        earlier = the_one(ground)
        assert ground.retry("order-42", not_placed=True).done
        assert not ground.doubt.bind(earlier, "c-1")
        assert ground.state("order-42") == "queued"
        lose(ground)
        assert not ground.doubt.bind(earlier, "c-1")
        assert ground.state("order-42") == "unconfirmed"

    @pytest.mark.parametrize("state", [State.PLACED, State.FAILED, State.REJECTED])
    def test_an_outcome_is_never_replaced(self, ground: Ground, state: State) -> None:
        claim = lose(ground)
        found = the_one(ground)
        ground.end(claim, state, Code.PLACED, conversation_id="c-of-the-answer")
        before = ground.record("order-42")
        assert not ground.doubt.bind(found, "c-1")
        assert ground.record("order-42") == before

    def test_a_call_of_another_job_is_not_taken(self, ground: Ground) -> None:
        ground.end(ground.sending(job("owner")), State.PLACED, Code.PLACED, conversation_id="c-1")
        lose(ground)
        assert not ground.doubt.bind(the_one(ground), "c-1")
        assert ground.state("order-42") == "unconfirmed"

    def test_a_late_answer_after_it_changes_nothing(self, ground: Ground) -> None:
        claim = lose(ground)
        assert ground.doubt.bind(the_one(ground), "c-1")
        before = ground.record("order-42")
        ground.end(claim, State.PLACED, Code.PLACED, conversation_id="c-1")
        assert not ground.end(claim, State.REJECTED, Code.BAD_REQUEST)
        assert ground.record("order-42") == before


class TestNote:
    def test_what_was_not_found_is_in_the_record(self, ground: Ground) -> None:
        lose(ground)
        ground.doubt.note(the_one(ground), look(0))
        ground.doubt.note(the_one(ground), None)
        ground.doubt.note(the_one(ground), look(1, witness=""))
        first = {"at": "2025-12-01T02:40:00.000Z", "found": False, "witness": "w"}
        assert evidence(ground) == [first, {"at": "2025-12-01T02:41:00.000Z", "found": False}]

    def test_it_is_bounded_and_never_forgets_another_call_of_the_job(self, ground: Ground) -> None:
        lose(ground)
        ground.doubt.note(the_one(ground), look(0, witness="", other="c-other"))
        for minute in range(1, 30):
            ground.doubt.note(the_one(ground), look(minute))
        kept = evidence(ground)
        assert len(kept) == MOST_LOOKS
        assert (kept[0]["other"], kept[-1]["at"]) == ("c-other", "2025-12-01T03:09:00.000Z")

    def test_a_search_for_another_attempt_is_not_noted(self, ground: Ground) -> None:
        lose(ground)
        earlier = the_one(ground)
        ground.retry("order-42", not_placed=True)
        lose(ground)
        ground.doubt.note(earlier, look(0))
        assert evidence(ground) is None
        assert len(search(ground, after_s=30)) == 1


class TestRetry:
    def retry(self, ground: Ground) -> bool:
        (change,) = ground.cancel_retry.retry(ground.look("order-42"), with_evidence=True)
        return change.done

    def note(self, ground: Ground, *looks: Look) -> None:
        for each in looks:
            ground.doubt.note(the_one(ground), each)

    def test_enough_evidence_lets_a_person_retry(self, ground: Ground) -> None:
        claim = lose(ground)
        self.note(ground, look(0), look(2))
        assert self.retry(ground)
        assert ground.state("order-42") == "queued"
        assert evidence(ground) is None
        assert not ground.end(claim, State.PLACED, Code.PLACED, conversation_id="c")

    @pytest.mark.parametrize(
        "looks",
        [[], [look(0)], [look(0), look(1)], [look(0), look(9, witness="")], [look(0), look(9), look(10, other="c")]],
        ids=["none", "one", "soon", "no witness", "other call"],
    )
    def test_less_does_not(self, ground: Ground, looks: list[Look]) -> None:
        lose(ground)
        self.note(ground, *looks)
        assert not self.retry(ground)
        assert ground.state("order-42") == "unconfirmed"

    def test_evidence_that_has_changed_since_is_judged_anew(self, ground: Ground) -> None:
        lose(ground)
        self.note(ground, look(0), look(2))
        seen = ground.look("order-42")
        self.note(ground, look(3, witness="", other="c-other"))
        (change,) = ground.cancel_retry.retry(seen, with_evidence=True)
        assert not change.done
        assert ground.state("order-42") == "unconfirmed"

    def test_evidence_of_an_earlier_attempt_does_not_count(self, ground: Ground) -> None:
        lose(ground)
        self.note(ground, look(0), look(2))
        assert self.retry(ground)
        lose(ground)
        assert not self.retry(ground)

    def test_nothing_makes_it_sendable_by_itself(self, ground: Ground) -> None:
        lose(ground)
        self.note(ground, *(look(minute) for minute in range(10)))
        ground.advance(3 * 24 * 3600)
        ground.reaper.reap()
        assert ground.state("order-42") == "unconfirmed"
        assert ground.due() == []


class TestFree:
    USER: Final = "user-1"

    @pytest.fixture
    def ground(self, redis_client: Redis) -> Ground:
        return Ground.over(redis_client, capacity=Capacity(calls_per_user=1, users=(self.USER,)))

    def lose(self, ground: Ground) -> Claim:
        claim = ground.claim(job())
        assert ground.ledger.send(claim, to="+12125551234", caller_id="", users=[self.USER]).user == self.USER
        assert ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
        return claim

    def calls(self, ground: Ground) -> Any:
        return ground.redis.hget(keys.users_calls, self.USER)

    def test_a_user_without_a_call_is_free(self, ground: Ground) -> None:
        self.lose(ground)
        found = the_one(ground)
        assert (found.user_id, self.calls(ground)) == (self.USER, "1")
        assert ground.doubt.free(found)
        assert self.calls(ground) is None
        assert not ground.doubt.free(found)

    def test_a_call_that_was_found_keeps_its_user(self, ground: Ground) -> None:
        self.lose(ground)
        found = the_one(ground)
        assert ground.doubt.bind(found, "c-1")
        assert not ground.doubt.free(found)
        assert self.calls(ground) == "1"
        ground.advance(6 * 60)
        (call,) = ground.following.take(most=1).calls
        ground.following.record([(call, Progress(state=CallState.ENDED, result=CallResult.BUSY))])
        assert self.calls(ground) is None

    def test_a_call_that_is_found_after_its_user_was_freed_holds_the_user_again(self, ground: Ground) -> None:
        self.lose(ground)
        found = the_one(ground)
        assert ground.doubt.free(found)
        assert ground.doubt.bind(found, "c-1")
        assert self.calls(ground) == "1"

    def test_another_attempt_is_not_meant(self, ground: Ground) -> None:
        self.lose(ground)
        earlier = the_one(ground)
        assert ground.retry("order-42", not_placed=True).done
        self.lose(ground)
        assert not ground.doubt.free(earlier)
        assert self.calls(ground) == "1"


def test_a_call_that_redis_forgot_is_in_doubt_again(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """With about the time of its request, although the record that had it is lost."""
    lose(ground)
    sent_at = the_one(ground).sent_at
    ground.redis.flushall()
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 300)
    assert ground.ledger.replay() == ["order-42"]
    monkeypatch.undo()
    (found,) = search(ground, after_s=FIRST_SEARCH_S + 1)
    # The outcome was recorded again 300 s after the request, which took 13 s at most.
    assert found.sent_at + 300 + FIRST_SEARCH_S + 1 == pytest.approx(sent_at - 6.5, abs=8)


def test_a_bind_that_redis_forgot_is_made_again(ground: Ground) -> None:
    lose(ground)
    found = the_one(ground)
    assert ground.doubt.bind(found, "c-1")
    ground.redis.delete(keys.job("order-42"))
    assert ground.ledger.replay() == ["order-42"]
    assert ground.doubt.bind(the_one(ground), "c-1")
    assert ground.state("order-42") == "placed"
