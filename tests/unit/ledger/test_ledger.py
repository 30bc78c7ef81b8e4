"""The steps of the ledger: claim, send and settle, on a fake and a real Redis."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.errors import LedgerUnavailable, NotPlaced, RateReading
from tasks.fleet.breaker import IN_A_ROW
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.claim import Claim, Declined, DeclineReason
from tasks.ledger.ledger import SENDING_MARGIN_S, WAITING_MARGIN_S, Ledger
from tasks.store import keys
from tests.support.ground import CALL_DEADLINE_S, UNPACED, Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


class TestClaim:
    def test_takes_the_job_out_of_the_due_set_under_a_lease(self, ground: Ground) -> None:
        claim = ground.claim(job())
        assert (claim.job, claim.fence, ground.record("order-42")["attempts"]) == (job(), 1, 0)
        assert ground.state("order-42") == "preparing"
        assert ground.record("order-42")["worker"] == "w1"
        assert ground.due() == []
        assert ground.redis.zscore(keys.leases, "order-42")

    def test_a_second_nudge_is_dropped(self, ground: Ground) -> None:
        ground.claim(job())
        assert ground.ledger.claim("order-42", worker="w2") == Declined(
            reason=DeclineReason.DUPLICATE, detail="preparing"
        )

    def test_a_nudge_for_a_finished_job_is_dropped(self, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.PLACED, Code.PLACED)
        assert ground.ledger.claim("order-42", worker="w2") == Declined(
            reason=DeclineReason.DUPLICATE, detail="placed"
        )

    def test_a_nudge_that_comes_before_the_time_is_dropped(self, ground: Ground) -> None:
        ground.ledger.accept([job(not_before=in_an_hour())])
        assert ground.ledger.claim("order-42", worker="w") == Declined(reason=DeclineReason.EARLY, detail="scheduled")

    def test_a_nudge_for_a_job_that_is_gone_clears_the_due_set(self, ground: Ground) -> None:
        ground.redis.zadd(keys.due_at(5), {"ghost": 1})
        assert ground.ledger.claim("ghost", worker="w") == Declined(reason=DeclineReason.UNKNOWN, detail="")
        assert ground.due() == []

    def test_a_paused_fleet_claims_nothing_and_the_job_keeps_its_place(self, ground: Ground) -> None:
        ground.ledger.accept([job("first"), job("second")])
        ground.redis.zadd(keys.due_at(5), {"first": 9e12})  # as after a nudge
        Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
        assert ground.ledger.claim("first", worker="w") == Declined(reason=DeclineReason.PAUSED, detail="operator")
        assert ground.due() == ["first", "second"]


class TestSend:
    def test_is_the_point_of_no_return(self, ground: Ground) -> None:
        ground.sending(job())
        record = ground.record("order-42")
        assert (record["state"], record["attempts"]) == ("sending", 1)
        assert (record["to"], record["from"]) == ("+12125551234", "+12125559876")
        assert record["sent_at"]

    def test_gives_its_holder_the_same_answer_when_the_reply_was_lost(self, ground: Ground) -> None:
        claim = ground.sending(job())
        again = ground.ledger.send(claim, to="+12125551234", caller_id="")
        assert (again.verdict, again.attempts) == ("go", 1)

    def test_refuses_an_older_fence(self, ground: Ground) -> None:
        old = ground.claim(job())
        ground.requeue(old)
        new = ground.claim(job())
        assert new.fence > old.fence
        assert ground.ledger.send(old, to="+1", caller_id="").verdict == "lost"
        assert ground.state("order-42") == "preparing"

    def test_refuses_when_the_lease_has_ended(self, ground: Ground) -> None:
        claim = ground.claim(job())
        ground.end_leases()
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "lost"
        assert ground.record("order-42")["attempts"] == 0

    def test_refuses_what_has_an_outcome_whatever_lease_was_left(self, ground: Ground) -> None:
        claim = ground.claim(job())
        ground.cancel("order-42")
        ground.redis.zadd(keys.leases, {"order-42": 9e12})
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "lost"
        assert ground.state("order-42") == "cancelled"

    def test_its_lease_outlives_the_call(self, ground: Ground) -> None:
        """The lease begins with the reply `go`, and the deadline of the request begins later."""
        ground.sending(job())
        seconds, micros = ground.redis.time()
        ends: Any = ground.redis.zscore(keys.leases, "order-42")
        assert ends / 1000 - seconds - micros / 1e6 == pytest.approx(CALL_DEADLINE_S + SENDING_MARGIN_S, abs=1)

    def test_refuses_after_not_after(self, ground: Ground) -> None:
        claim = ground.claim(job(not_after=an_hour_ago()))
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "expired"

    def test_refuses_while_the_fleet_is_paused(self, ground: Ground) -> None:
        claim = ground.claim(job())
        pause = Pause(ground.redis)
        pause.begin(PauseReason.RATE_LIMIT, "429", for_s=60)
        gate = ground.ledger.send(claim, to="+1", caller_id="")
        assert (gate.verdict, gate.detail) == ("paused", "rate_limit")
        assert gate.wait_s == pytest.approx(60, abs=2)
        pause.end(PauseReason.RATE_LIMIT)
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "go"

    def test_a_pause_ends_by_redis_clock(self, ground: Ground) -> None:
        claim = ground.claim(job())
        Pause(ground.redis).begin(PauseReason.RATE_LIMIT, "429", for_s=0)
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "go"


class TestSlots:
    """There is one slot per interval, in order; a worker waits for its slot."""

    @pytest.fixture
    def paced(self, redis_client: Redis) -> Ground:
        return Ground.over(redis_client, pace=Pace(interval_s=1, max_wait_s=2.5))

    def send(self, ground: Ground, claim: Claim) -> Any:
        return ground.ledger.send(claim, to="+12125551234", caller_id="")

    def test_slots_stand_an_interval_apart_and_too_long_a_wait_gives_the_job_back(self, paced: Ground) -> None:
        gates = [self.send(paced, paced.claim(job(f"j{n}"))) for n in range(5)]
        assert [gate.verdict for gate in gates] == ["go", "wait", "wait", "busy", "busy"]
        assert gates[1].wait_s == pytest.approx(1, abs=0.5)
        assert gates[2].wait_s == pytest.approx(2, abs=0.5)
        assert gates[3].wait_s == pytest.approx(3, abs=0.5)
        assert gates[4].wait_s == pytest.approx(3, abs=0.5)  # the fourth job reserved no slot

    def test_asking_again_keeps_the_slot(self, paced: Ground) -> None:
        self.send(paced, paced.claim(job("first")))
        claim = paced.claim(job("second"))
        assert self.send(paced, claim).wait_s == pytest.approx(1, abs=0.5)
        assert self.send(paced, claim).wait_s == pytest.approx(1, abs=0.5)

    def test_a_lease_outlives_the_slot_that_is_waited_for(self, paced: Ground) -> None:
        """The margin is short, so that the job of a worker that dies while it waits is requeued soon."""
        self.send(paced, paced.claim(job("first")))
        claim = paced.claim(job("second"))
        self.send(paced, claim)
        slot: Any = paced.redis.hget(keys.job("second"), "_slot_ms")
        ends: Any = paced.redis.zscore(keys.leases, "second")
        assert (ends - float(slot)) / 1000 == pytest.approx(WAITING_MARGIN_S, abs=0.01)

    def test_a_slot_that_was_missed_by_much_is_void(self, paced: Ground) -> None:
        self.send(paced, paced.claim(job("first")))
        claim = paced.claim(job("late"))
        assert self.send(paced, claim).verdict == "wait"
        paced.advance(3)
        self.send(paced, paced.claim(job("other")))
        assert self.send(paced, claim).verdict == "wait"


class TestSettleOutcome:
    def test_stores_the_outcome_everywhere_at_once(self, ground: Ground) -> None:
        claim = ground.sending(job(batch="b"))
        assert ground.end(
            claim, State.PLACED, Code.PLACED, http_status=201, conversation_id="c-1", correlation_id="x-1"
        )
        record = ground.record("order-42")
        assert (record["state"], record["code"], record["http_status"]) == ("placed", "placed", 201)
        assert (record["conversation_id"], record["correlation_id"]) == ("c-1", "x-1")
        assert "due_at" not in record
        assert ground.redis.zcard(keys.leases) == 0
        assert 0 < int(ground.redis.pttl(keys.job("order-42"))) <= 3_600_000
        assert ground.records.counts("b") == dict.fromkeys(ground.records.counts("b"), 0) | {"placed": 1}
        assert ground.records.counts()["placed"] == 1
        entries: Any = ground.redis.xrange(keys.outcomes)
        assert [entry["id"] for _, entry in entries] == ["order-42"]
        result = json.loads(str(ground.redis.get("celery-task-meta-order-42")))
        assert result["status"] == "SUCCESS"
        assert result["children"] == []
        assert result["result"] == record

    def test_a_placed_job_keeps_only_what_a_reader_needs(self, ground: Ground) -> None:
        """It is never dialed again. What the producer asked for stays, whether the job waits or is placed."""
        asked: dict[str, Any] = {"user_id": "u-1", "attributes": {"order": "42", "name": 'Zoë/"'}, "max_attempts": 7}
        claim = ground.sending(job(**asked, not_after=datetime(2099, 1, 1, tzinfo=UTC)))
        before = ground.record("order-42")
        ground.end(claim, State.PLACED, Code.PLACED)  # without a conversation, there is nothing to follow
        record = ground.record("order-42")
        fields: Any = ground.redis.hkeys(keys.job("order-42"))
        assert {field for field in fields if field.startswith("_")} == {"_fingerprint", "_fence"}
        for seen in (before, record):
            assert {name: seen[name] for name in asked} == asked
            assert seen["not_after"] == "2099-01-01T00:00:00+00:00"
        result = json.loads(str(ground.redis.get("celery-task-meta-order-42")))
        assert result["result"] | {"final": True} == record

    @pytest.mark.parametrize("state", [State.FAILED, State.UNCONFIRMED, State.REJECTED])
    def test_any_other_outcome_keeps_the_job_for_a_retry(self, ground: Ground, state: State) -> None:
        ground.end(ground.sending(job(attributes={"order": "42"})), state, Code.SERVER_ERROR)
        assert ground.record("order-42")["attributes"] == {"order": "42"}
        result = json.loads(str(ground.redis.get("celery-task-meta-order-42")))["result"]
        record = ground.record("order-42")
        assert record.pop("final", state is State.UNCONFIRMED) is True
        assert result == record
        assert ground.retry("order-42", not_placed=True).done
        assert ground.claim(job(attributes={"order": "42"})).job.attributes == {"order": "42"}

    def test_a_record_that_was_large_is_small_again(self, real_redis: Redis) -> None:
        """A hash with one long value is a table in Redis, which takes several times as much memory."""
        ground = Ground.over(real_redis)
        claim = ground.sending(job(wrap_up_code_id="0" * 36, user_id="1" * 36))
        assert real_redis.object("ENCODING", keys.job("order-42")) == "hashtable"
        ground.end(claim, State.PLACED, Code.PLACED)
        assert real_redis.object("ENCODING", keys.job("order-42")) == "listpack"

    def test_celerys_result_lives_a_day_and_the_record_for_the_retention(self, redis_client: Redis) -> None:
        for days, expected_s in ((7, 86_400), (0.5, 43_200)):
            ledger = Ledger(redis_client, pace=UNPACED, retention_s=days * 86_400, call_deadline_s=13)
            ground = replace(Ground.over(redis_client), ledger=ledger)
            ground.end(ground.sending(job(f"job-{days}")), State.PLACED, Code.PLACED)
            left: Any = [redis_client.ttl(key(f"job-{days}")) for key in (keys.result, keys.job)]
            assert left == [pytest.approx(expected_s, abs=60), pytest.approx(days * 86_400, abs=60)]

    def test_twice_is_once(self, ground: Ground) -> None:
        claim = ground.sending(job(batch="b"))
        for _ in range(2):
            assert ground.end(claim, State.PLACED, Code.PLACED)
        assert ground.redis.xlen(keys.outcomes) == 1
        assert ground.records.counts("b")["placed"] == 1

    def test_an_outcome_is_never_overwritten(self, ground: Ground) -> None:
        claim = ground.sending(job())
        ground.end(claim, State.PLACED, Code.PLACED)
        assert not ground.end(claim, State.FAILED, Code.COULD_NOT_CONNECT)
        assert ground.state("order-42") == "placed"

    def test_an_older_fence_changes_nothing(self, ground: Ground) -> None:
        old = ground.claim(job())
        ground.requeue(old)
        ground.claim(job())
        assert not ground.end(old, State.REJECTED, Code.NOT_A_NUMBER)
        assert ground.state("order-42") == "preparing"

    def test_a_late_answer_turns_unconfirmed_into_what_happened(self, ground: Ground) -> None:
        claim = ground.sending(job(batch="b"))
        ground.end_leases()
        assert ground.reaper.reap() == {"order-42": "unconfirmed"}
        assert ground.end(claim, State.PLACED, Code.PLACED, conversation_id="c")
        assert ground.state("order-42") == "placed"
        for counts in (ground.records.counts("b"), ground.records.counts()):
            assert (counts["placed"], counts["unconfirmed"], counts["open"]) == (1, 0, 0)

    def test_a_late_refusal_counts_too(self, ground: Ground) -> None:
        """No person has to search for a call that was certainly not placed."""
        claim = ground.sending(job())
        ground.end_leases()
        ground.reaper.reap()
        assert ground.end(claim, State.REJECTED, Code.INVALID_FROM_ADDRESS)
        assert ground.state("order-42") == "rejected"

    def test_tells_a_producer_that_waits(self, ground: Ground) -> None:
        """`AsyncResult.get` subscribes, and does not read the result again."""
        redis: Any = ground.redis
        with redis.pubsub(ignore_subscribe_messages=True) as waiting:
            waiting.subscribe(keys.result("order-42"))
            waiting.get_message(timeout=1)
            ground.end(ground.sending(job()), State.PLACED, Code.PLACED)
            message: Any = waiting.get_message(timeout=1)
        assert json.loads(message["data"])["result"]["state"] == "placed"

    def test_what_the_answer_tells_of_the_limit_counts(self, ground: Ground) -> None:
        claim = ground.sending(job())
        reading = RateReading(count=300, allowed=300, reset_s=60)
        ground.end(claim, State.PLACED, Code.PLACED, ticket=1, reading=reading)
        gate = ground.ledger.send(ground.claim(job("next")), to="+1", caller_id="")
        assert gate.verdict == "busy"

    def test_indexes_do_not_outgrow_the_retention(self, ground: Ground) -> None:
        old = {f"old-{n}": n for n in range(20)}
        ground.redis.zadd(keys.index("placed"), old)
        for name in ("a", "b"):
            ground.end(ground.sending(job(name)), State.PLACED, Code.PLACED)
        assert ground.records.counts()["placed"] == 2


class TestSettleRelease:
    def test_back_to_its_old_place(self, ground: Ground) -> None:
        ground.ledger.accept([job("first"), job("second")])
        assert ground.requeue(ground.claim(job("first")))
        assert ground.due() == ["first", "second"]
        assert ground.state("first") == "queued"
        assert ground.redis.zcard(keys.leases) == 0

    def test_for_later_with_the_reason(self, ground: Ground) -> None:
        claim = ground.sending(job())
        ground.requeue(claim, delay_s=60, code=Code.COULD_NOT_CONNECT, message="refused")
        record = ground.record("order-42")
        assert (record["state"], record["code"], record["message"]) == (
            "scheduled",
            "could_not_connect",
            "refused",
        )
        assert record["attempts"] == 1

    def test_an_attempt_that_is_not_the_jobs_fault_does_not_count(self, ground: Ground) -> None:
        ground.requeue(ground.sending(job()), counts=False, delay_s=0)
        assert ground.record("order-42")["attempts"] == 0

    def test_only_by_its_holder(self, ground: Ground) -> None:
        claim = ground.claim(job())
        assert ground.requeue(claim)
        assert not ground.requeue(claim)
        assert ground.due() == ["order-42"]

    def test_never_with_an_older_fence(self, ground: Ground) -> None:
        old = ground.claim(job())
        ground.requeue(old)
        ground.sending(job())
        assert not ground.requeue(old)
        assert (ground.state("order-42"), ground.due()) == ("sending", [])

    def test_a_repeated_report_counts_once(self, ground: Ground) -> None:
        """Redis' reply may be lost, so that the same settlement is sent again."""
        claim = ground.sending(job())
        for _ in range(2 * IN_A_ROW):
            ground.answer(claim, NotPlaced(Code.COULD_NOT_CONNECT))
        assert ground.redis.hget(keys.breaker, "outage") == "1"
        assert Pause(ground.redis).entries() == []

    def test_never_after_an_outcome(self, ground: Ground) -> None:
        claim = ground.sending(job())
        ground.end(claim, State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        assert not ground.requeue(claim, delay_s=0)
        assert ground.due() == []


class TestRetrying:
    """Only this process knows the result of a call."""

    @pytest.mark.parametrize("ends", [True, False])
    def test_settle_is_repeated_until_redis_answers(
        self, ground: Ground, monkeypatch: pytest.MonkeyPatch, *, ends: bool
    ) -> None:
        claim = ground.sending(job())
        script, failures = ground.ledger._scripts["settle"], [LedgerUnavailable("away")] * 2

        def away(**asked: Any) -> Any:
            if failures:
                raise failures.pop()
            return script(**asked)

        monkeypatch.setitem(ground.ledger._scripts, "settle", away)
        if ends:
            assert ground.end(claim, State.PLACED, Code.PLACED)
        else:
            assert ground.requeue(claim)
