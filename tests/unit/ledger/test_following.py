"""The calls that are followed until they end: when each is looked at, and what is recorded."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.following import FollowedCall
from tasks.ledger.progress import Progress
from tasks.results import VAGUE, CallResult, CallState
from tasks.store import keys
from tests.support.ground import Ground, job

FIRST_LOOK_S = 20
TALKING = Progress(state=CallState.CONNECTED, answered_at=1_700_000_000.5)
ANSWERED = Progress(
    state=CallState.ENDED,
    result=CallResult.ANSWERED,
    detail="hung_up_by:callee",
    answered_at=1_700_000_000.5,
    ended_at=1_700_000_030.0,
    ring_s=5.25,
    talk_s=29.5,
)


def ended(result: CallResult) -> Progress:
    return Progress(state=CallState.ENDED, result=result, detail="sip:486")


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def place(ground: Ground, job_id: str = "order-42", **fields: Any) -> str:
    """Place the call of a job, and return its conversation."""
    conversation = f"conversation of {job_id}"
    claim = ground.sending(job(job_id, **fields))
    assert ground.end(claim, State.PLACED, Code.PLACED, conversation_id=conversation)
    return conversation


def look(ground: Ground, *, most: int = 50, after_s: float = 0) -> list[FollowedCall]:
    ground.advance(after_s)
    return ground.following.take(most=most).calls


def look_of(call: FollowedCall, other: FollowedCall) -> FollowedCall:
    """The same call, whose times are older since time has passed."""
    return replace(call, since_ms=other.since_ms)


def events(ground: Ground) -> list[dict[str, str]]:
    entries: Any = ground.redis.xrange(keys.outcomes)
    return [entry for _, entry in entries]


class TestTake:
    def test_a_placed_call_is_looked_at_after_a_while(self, ground: Ground) -> None:
        conversation = place(ground, batch="spring")
        assert look(ground, after_s=FIRST_LOOK_S - 1) == []
        (call,) = look(ground, after_s=10)
        assert (call.conversation_id, call.job_id, call.batch) == (conversation, "order-42", "spring")

    @pytest.mark.parametrize("state", [State.UNCONFIRMED, State.FAILED])
    def test_no_other_outcome_is_followed(self, ground: Ground, state: State) -> None:
        ground.end(ground.sending(job()), state, Code.SERVER_ERROR, conversation_id="c")
        assert look(ground, after_s=3600) == []

    def test_the_first_call_waits_for_others_to_share_a_request(self, ground: Ground) -> None:
        place(ground, "a")
        assert look(ground, after_s=FIRST_LOOK_S + 1) == []
        place(ground, "b")
        assert [call.job_id for call in look(ground, after_s=FIRST_LOOK_S)] == ["a", "b"]

    def test_a_full_request_does_not_wait(self, ground: Ground) -> None:
        for name in "abc":
            place(ground, name)
        assert len(look(ground, most=2, after_s=FIRST_LOOK_S + 1)) == 2

    def test_a_call_whose_worker_died_while_it_looked_is_looked_at_again(self, ground: Ground) -> None:
        place(ground)
        assert len(look(ground, most=1, after_s=60)) == 1
        assert look(ground, most=1) == []
        assert len(look(ground, most=1, after_s=60)) == 1

    def test_each_look_is_later_than_the_one_before(self, ground: Ground) -> None:
        place(ground)
        waits = []
        for _ in range(5):
            waited = 0
            while not (calls := look(ground, after_s=10)):
                waited += 10
            ground.following.record([(calls[0], TALKING)])
            waits.append(waited)
        assert waits == sorted(waits)
        assert waits[-1] > 4 * waits[0]

    @pytest.mark.parametrize(
        ("reason", "looks"),
        [
            (PauseReason.OPERATOR, 1),
            (PauseReason.RATE_LIMIT, 0),
            (PauseReason.OUTAGE, 0),
            (PauseReason.CREDENTIALS, 0),
        ],
    )
    def test_only_an_operators_pause_allows_it(self, ground: Ground, reason: PauseReason, looks: int) -> None:
        """An operator stops calls. The other reasons say that the API must be left alone."""
        place(ground)
        Pause(ground.redis).begin(reason, "…", for_s=7200)
        assert len(look(ground, after_s=60)) == looks


class TestPace:
    @pytest.fixture
    def ground(self, redis_client: Redis) -> Ground:
        return Ground.over(redis_client, pace=Pace(interval_s=1.0, late_s=0.05, max_wait_s=3.0))

    def test_a_look_takes_a_slot(self, ground: Ground) -> None:
        place(ground)
        ground.advance(60)
        before: Any = ground.redis.hget(keys.pace, "granted")
        ground.following.take(most=50)
        assert ground.redis.hget(keys.pace, "granted") == str(int(before) + 1)

    def test_looks_take_a_tenth_of_the_slots_while_jobs_are_due(self, ground: Ground) -> None:
        for n in range(20):
            place(ground, f"job-{n}")
            ground.advance(1)
        ground.advance(60)
        ground.ledger.accept([job("waiting")])
        taken = 0
        for _ in range(100):
            taken += len(look(ground, most=1, after_s=1))
        assert 9 <= taken <= 10

    def test_looks_take_what_is_left_over_when_no_job_is_due(self, ground: Ground) -> None:
        for n in range(20):
            place(ground, f"job-{n}")
            ground.advance(1)
        ground.advance(60)
        assert sum(len(look(ground, most=1, after_s=1)) for _ in range(20)) == 20

    def test_without_a_free_slot_soon_nothing_is_taken(self, ground: Ground) -> None:
        place(ground)
        ground.advance(60)
        now: Any = ground.redis.time()
        ground.redis.hset(keys.pace, "tat_ms", now[0] * 1000 + 10_000)
        assert ground.following.take(most=50).calls == []


class TestRecord:
    def test_what_was_found_is_in_the_record(self, ground: Ground) -> None:
        place(ground)
        (call,) = look(ground, after_s=60)
        assert ground.following.record([(call, ANSWERED)]) == [(CallResult.ANSWERED, None)]
        record = ground.record("order-42")
        assert (record["state"], record["call_state"], record["result"]) == ("placed", "ended", "answered")
        assert (record["result_detail"], record["ring_s"], record["talk_s"]) == ("hung_up_by:callee", 5.25, 29.5)
        assert record["answered_at"] == "2023-11-14T22:13:20.500Z"
        assert record["ended_at"] == "2023-11-14T22:13:50.000Z"

    def test_a_call_that_ended_is_not_looked_at_again(self, ground: Ground) -> None:
        place(ground)
        ground.following.record([(look(ground, after_s=60)[0], ANSWERED)])
        assert look(ground, after_s=24 * 3600) == []
        assert not ground.redis.exists(keys.followed, keys.followed_jobs)

    def test_a_result_is_an_entry_of_the_stream(self, ground: Ground) -> None:
        place(ground, batch="spring")
        ground.following.record([(look(ground, after_s=60)[0], ANSWERED)])
        outcome, result = events(ground)
        assert (outcome["event"], result["event"]) == ("outcome", "result")
        assert (outcome["final"], outcome["result"]) == ("0", "")
        assert result == outcome | {"event": "result", "result": "answered", "final": "1"}

    def test_results_are_counted_by_batch(self, ground: Ground) -> None:
        for n, result in enumerate([CallResult.BUSY, CallResult.BUSY, CallResult.ANSWERED]):
            place(ground, f"job-{n}", batch="spring")
            (call,) = look(ground, after_s=60)
            ground.following.record([(call, ended(result))])
        assert ground.records.results("spring") == {"answered": 1, "busy": 2}
        assert ground.records.results("unknown") == {}

    @pytest.mark.parametrize("order", list(permutations(["contacting", "connected", "ended"])))
    def test_late_and_repeated_news_change_nothing(self, ground: Ground, order: tuple[str, ...]) -> None:
        place(ground, batch="spring")
        (call,) = look(ground, after_s=60)
        news = {"contacting": Progress(state=CallState.CONTACTING), "connected": TALKING, "ended": ANSWERED}
        results = [ground.following.record([(call, news[name])] * 2) for name in order]
        assert [new.result for each in results for new in each if new] == ["answered"]
        record = ground.record("order-42")
        assert (record["call_state"], record["result"]) == ("ended", "answered")
        assert ground.records.results("spring") == {"answered": 1}
        assert len(events(ground)) == 2

    @pytest.mark.parametrize("first", CallResult)
    @pytest.mark.parametrize("then", CallResult)
    def test_only_a_vague_result_is_replaced_by_a_better_one(
        self, ground: Ground, first: CallResult, then: CallResult
    ) -> None:
        place(ground, batch="spring")
        (call,) = look(ground, after_s=60)
        ground.following.record([(call, ended(first))])
        ground.following.record([(call, ended(then))])
        expected = then if first in VAGUE and then not in VAGUE else first
        assert ground.record("order-42")["result"] == expected
        assert ground.records.results("spring") == {expected: 1}

    @pytest.mark.parametrize("first", CallResult)
    def test_a_call_is_looked_at_once_more_if_an_event_could_not_tell_why_it_ended(
        self, ground: Ground, first: CallResult
    ) -> None:
        conversation = place(ground, batch="spring")
        (call,) = ground.following.calls_of([conversation, "unknown"]).values()
        assert ground.following.record([(call, ended(first))], by_event=True) == [(first, None)]
        assert ground.following.record([(call, ended(first))], by_event=True) == [None]
        if first not in VAGUE:
            assert look(ground, after_s=24 * 3600) == []
            return
        (again,) = look(ground, after_s=60)
        assert again == look_of(call, again)
        # Analytics may lag behind events, and does not show the end yet, or does not show the call at all.
        ground.following.record([(again, TALKING)])
        (again,) = look(ground, after_s=700)
        ground.following.record([(again, None)])
        (again,) = look(ground, after_s=700)
        assert ground.record("order-42")["call_state"] == "ended"
        assert ground.following.record([(again, ended(CallResult.BUSY))]) == [(CallResult.BUSY, first)]
        assert ground.record("order-42")["result"] == "busy"
        assert ground.records.results("spring") == {"busy": 1}
        assert look(ground, after_s=24 * 3600) == []

    def test_a_look_that_cannot_tell_more_is_the_last(self, ground: Ground) -> None:
        conversation = place(ground)
        (call,) = ground.following.calls_of([conversation]).values()
        ground.following.record([(call, ended(CallResult.UNANSWERED))], by_event=True)
        ground.following.record([(look(ground, after_s=60)[0], ended(CallResult.UNANSWERED))])
        assert look(ground, after_s=24 * 3600) == []

    def test_a_repeated_event_does_not_put_the_look_off(self, ground: Ground) -> None:
        conversation = place(ground)
        (call,) = ground.following.calls_of([conversation]).values()
        for _ in range(4):
            ground.following.record([(call, ended(CallResult.UNANSWERED))], by_event=True)
            ground.advance(10)
        assert len(look(ground)) == 1

    def test_a_call_that_is_not_found_is_looked_for_again_and_given_up_in_the_end(self, ground: Ground) -> None:
        place(ground)
        looks = 0
        while calls := look(ground, after_s=700):
            ground.following.record([(calls[0], None)])
            looks += 1
        assert looks > 5
        assert ground.record("order-42")["result"] == "not_known"

    def test_a_long_call_is_not_given_up(self, ground: Ground) -> None:
        place(ground)
        for _ in range(30):
            (call,) = look(ground, after_s=700)
            ground.following.record([(call, TALKING)])
        assert "result" not in ground.record("order-42")

    def test_news_of_another_call_change_nothing(self, ground: Ground) -> None:
        """The record has expired, or the id was used again."""
        place(ground)
        (call,) = look(ground, after_s=60)
        ground.redis.hset(keys.job("order-42"), "conversation_id", "another")
        assert ground.following.record([(call, ANSWERED)]) == [None]
        ground.redis.delete(keys.job("order-42"))
        assert ground.following.record([(call, ANSWERED)]) == [None]
        assert not ground.redis.exists(keys.job("order-42"))

    def test_a_call_that_redis_forgot_is_followed_again(self, ground: Ground) -> None:
        conversation = place(ground)
        ground.redis.flushall()
        assert ground.ledger.replay() == ["order-42"]
        (call,) = look(ground, after_s=60)
        assert call.conversation_id == conversation
