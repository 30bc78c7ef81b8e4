"""What follows a call that has ended: the job is final, or has another call."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.followup.next_call import NextCall
from tasks.ledger.claim import Declined, DeclineReason
from tasks.ledger.conclusion import Conclusion
from tasks.ledger.following import FollowedCall, Following, NewResult
from tasks.ledger.progress import Progress
from tasks.redial import Redial
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import UNPACED, Ground, job

REDIAL = Redial(distances={"busy": (300,), "no_answer": (3600,), "unanswered": (60,)}, most=3)
RULE = NextCall(max_attempts=3)


class Stage:
    """One job, and what becomes of its calls."""

    def __init__(self, redis: Redis) -> None:
        self.ground = Ground.over(redis)
        self.redis: Any = redis
        self.following = Following(redis, pace=UNPACED, retention_s=3600, give_up_s=7200, next_call=RULE)
        self.calls = 0

    def place(self, **fields: Any) -> FollowedCall:
        """Place a call of the job, and return it when its look is due."""
        self.calls += 1
        claim = self.ground.sending(job(**({"redial": REDIAL} | fields)))
        assert self.ground.end(claim, State.PLACED, Code.PLACED, conversation_id=f"c-{self.calls}")
        self.ground.advance(30)
        (call,) = self.following.take(most=50).calls
        return call

    def end(self, call: FollowedCall, result: CallResult = CallResult.BUSY) -> list[NewResult | None]:
        return self.following.record([(call, Progress(state=CallState.ENDED, result=result, detail="sip:486"))])

    @property
    def record(self) -> dict[str, Any]:
        return self.ground.record("order-42")

    def events(self) -> list[tuple[str, str, str]]:
        return [(e["event"], e["result"], e["final"]) for _, e in self.redis.xrange(keys.outcomes)]


@pytest.fixture
def stage(redis_client: Redis) -> Stage:
    return Stage(redis_client)


class TestAgain:
    def test_the_job_waits_for_its_next_call(self, stage: Stage) -> None:
        stage.end(stage.place(batch="b"))
        record = stage.record
        assert (record["state"], record["code"]) == ("scheduled", "redial")
        assert not {"result", "conversation_id", "call_state", "finished_at", "ended_at", "final"} & record.keys()
        (earlier,) = record["calls"]
        assert earlier | {"sent_at": ""} == {"fence": 1, "conversation_id": "c-1", "result": "busy", "sent_at": ""}
        assert stage.ground.records.counts("b")["open"] == 1
        assert stage.ground.records.results("b") == {}
        assert stage.redis.pttl(keys.job("order-42")) == -1
        assert stage.redis.exists(keys.followed, keys.followed_jobs, keys.result("order-42")) == 0
        assert stage.events() == [("outcome", "", "0"), ("result", "busy", "0")]

    def test_it_is_due_after_the_distance_and_has_a_fresh_attempt_count(self, stage: Stage) -> None:
        stage.end(stage.place())
        stage.ground.advance(299)
        declined = stage.ground.ledger.claim("order-42", worker="w")
        assert isinstance(declined, Declined)
        assert declined.reason is DeclineReason.EARLY
        stage.ground.advance(2)
        stage.place()
        assert (stage.record["attempts"], stage.record["conversation_id"]) == (1, "c-2")

    def test_the_last_call_is_final(self, stage: Stage) -> None:
        for _ in range(3):
            stage.end(stage.place())
            stage.ground.advance(301)
        record = stage.record
        assert (record["state"], record["result"], record["final"]) == ("placed", "busy", True)
        assert [call["conversation_id"] for call in record["calls"]] == ["c-1", "c-2"]
        assert record["redial"] == REDIAL.content()
        assert stage.events()[-1] == ("result", "busy", "1")
        assert "_job" not in stage.redis.hkeys(keys.job("order-42"))

    @pytest.mark.parametrize("result", [CallResult.ANSWERED, CallResult.DECLINED, CallResult.INVALID_NUMBER])
    def test_an_answer_a_decline_and_a_wrong_number_end_it(self, stage: Stage, result: CallResult) -> None:
        stage.end(stage.place(), result)
        assert (stage.record["state"], stage.record["final"]) == ("placed", True)

    def test_repeated_news_call_nobody_again(self, stage: Stage) -> None:
        call = stage.place()
        stage.end(call)
        stage.end(call)
        stage.ground.advance(301)
        second = stage.place()
        stage.end(call, CallResult.ANSWERED)
        assert (stage.record["state"], stage.record["conversation_id"]) == ("placed", second.conversation_id)
        assert "result" not in stage.record

    def test_what_an_event_could_not_tell_is_looked_at_before_the_next_call(self, stage: Stage) -> None:
        call = stage.place()
        vague = Progress(state=CallState.ENDED, result=CallResult.UNANSWERED)
        stage.following.record([(call, vague)], by_event=True)
        assert stage.record["state"] == "placed"
        stage.end(call, CallResult.DECLINED)
        assert (stage.record["state"], stage.record["result"]) == ("placed", "declined")
        assert stage.record["final"] is True

    def test_not_after_is_watched_again(self, stage: Stage) -> None:
        stage.end(stage.place(not_after=datetime.now(UTC) + timedelta(seconds=700)))
        assert stage.record["state"] == "scheduled"
        stage.ground.advance(800)
        assert stage.ground.reaper.expire() == ["order-42"]

    def test_a_person_can_cancel_it_between_two_calls(self, stage: Stage) -> None:
        stage.end(stage.place())
        assert stage.ground.cancel("order-42").done
        assert (stage.record["state"], stage.record["final"]) == ("cancelled", True)

    def test_what_a_worker_remembers_of_the_first_call_does_not_undo_it(self, stage: Stage) -> None:
        stage.end(stage.place())
        assert stage.ground.ledger.replay() == []
        assert stage.record["state"] == "scheduled"

    def test_a_call_that_redis_had_forgotten_is_followed_by_another_too(self, stage: Stage) -> None:
        """After a replay, the job still has what its next call needs."""
        call = stage.place()
        stage.redis.delete(keys.job("order-42"))
        stage.ground.ledger.replay()
        stage.end(call)
        assert stage.record["state"] == "scheduled"


class TestMissed:
    def test_the_job_goes_back_to_its_place_for_another_user(self, stage: Stage) -> None:
        stage.end(stage.place(redial=None), CallResult.AGENT_MISSED)
        record = stage.record
        assert (record["state"], record["code"], record["attempts"]) == ("queued", "agent_missed", 1)
        assert [call["result"] for call in record["calls"]] == ["agent_missed"]

    def test_attempts_used_up_it_stays_placed(self, stage: Stage) -> None:
        for aside_s in (61, 301, 0):
            stage.end(stage.place(redial=None), CallResult.AGENT_MISSED)
            stage.ground.advance(aside_s)
        record = stage.record
        assert (record["state"], record["result"], record["final"]) == ("placed", "agent_missed", True)


class TestDeath:
    def test_a_worker_that_dies_before_the_decision_is_followed_by_another(self, stage: Stage) -> None:
        call = stage.place()
        dying = Following(stage.redis, pace=UNPACED, retention_s=3600, give_up_s=7200, next_call=died)
        with pytest.raises(KeyboardInterrupt):
            dying.record([(call, Progress(state=CallState.ENDED, result=CallResult.BUSY))])
        assert stage.record["result"] == "busy"
        assert "final" not in stage.record
        stage.ground.advance(10)
        (again,) = stage.following.take(most=50).calls
        assert stage.end(again) == [None]  # the result is told once
        assert stage.record["state"] == "scheduled"
        assert [event for event, *_ in stage.events()] == ["outcome", "result"]

    def test_two_workers_that_decide_at_once_decide_once(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        call = stage.place()
        asked: list[Any] = []
        monkeypatch.setattr(Conclusion, "conclude", lambda _, questions: asked.append(list(questions)))
        stage.end(call)
        stage.end(call)
        monkeypatch.undo()
        for questions in asked:
            assert questions
            Conclusion(stage.redis, retention_s=3600, next_call=RULE).conclude(questions)
        assert len(stage.record["calls"]) == 1
        assert [event for event, *_ in stage.events()] == ["outcome", "result"]


def died(_: object) -> None:
    raise KeyboardInterrupt


def test_a_result_of_a_job_without_redial_is_final_at_once(stage: Stage) -> None:
    stage.end(stage.place(redial=None))
    assert stage.record["final"] is True
    assert "_job" not in stage.redis.hgetall(keys.job("order-42"))
    assert stage.redis.pttl(keys.job("order-42")) > 0


def test_the_history_has_each_change(stage: Stage) -> None:
    stage.end(stage.place())
    history = [json.loads(entry) for entry in stage.redis.lrange(keys.history("order-42"), 0, -1)]
    changes = [["queued"], ["sending", "", "w1"], ["placed", "placed"], ["ended", "busy"], ["scheduled", "redial"]]
    assert [change[1:] for change in history] == changes
