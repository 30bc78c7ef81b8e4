"""Accepting jobs and refusals into the ledger, on a fake and a real Redis."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.accept import Acceptance, Refusal
from tasks.store import keys
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


class TestAccept:
    def test_a_new_job_waits_in_the_due_set(self, ground: Ground) -> None:
        assert ground.ledger.accept([job(batch="b")]) == [(Acceptance.ACCEPTED, State.QUEUED)]
        record = ground.record("order-42")
        assert record | {"accepted_at": "", "due_at": ""} == {
            "id": "order-42",
            "state": "queued",
            "to_raw": "+1 212-555-1234",
            "attempts": 0,
            "priority": 5,
            "batch": "b",
            "accepted_at": "",
            "due_at": "",
        }
        accepted = datetime.fromisoformat(record["accepted_at"])
        assert abs(accepted - datetime.now(UTC)) < timedelta(seconds=5)
        assert ground.due() == ["order-42"]

    def test_a_job_for_later_is_scheduled(self, ground: Ground) -> None:
        later = in_an_hour()
        assert ground.ledger.accept([job(not_before=later)]) == [(Acceptance.ACCEPTED, State.SCHEDULED)]
        due = datetime.fromisoformat(ground.record("order-42")["due_at"])
        assert abs(due - later) < timedelta(milliseconds=2)

    def test_the_same_again_is_a_replay_and_changes_nothing(self, ground: Ground) -> None:
        ground.ledger.accept([job()])
        assert ground.ledger.accept([job()]) == [(Acceptance.REPLAY, State.QUEUED)]
        assert ground.record("order-42")["replays"] == 1
        assert ground.due() == ["order-42"]

    def test_other_content_under_a_known_id_is_a_conflict_and_the_first_stands(self, ground: Ground) -> None:
        ground.ledger.accept([job()])
        assert ground.ledger.accept([job(to="+12125550000")]) == [(Acceptance.CONFLICT, State.QUEUED)]
        record = ground.record("order-42")
        assert (record["to_raw"], record["conflicts"]) == ("+1 212-555-1234", 1)

    def test_a_finished_job_that_comes_again_stays_finished(self, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.PLACED, Code.PLACED)
        assert ground.ledger.accept([job()]) == [(Acceptance.REPLAY, State.PLACED)]
        assert ground.due() == []

    def test_a_key_that_somebody_else_uses_holds_up_nobody(self, ground: Ground) -> None:
        ground.redis.set(keys.job("taken"), "by another program")
        refusal = Refusal(id="taken", fingerprint="f", code=Code.MISSING_FIELD, message="m")
        entries = ground.ledger.accept([job("taken"), refusal, job("mine")])
        assert [entry for entry, _ in entries] == [Acceptance.CONFLICT, Acceptance.CONFLICT, Acceptance.ACCEPTED]

    def test_a_message_that_is_no_job_is_stored_as_rejected(self, ground: Ground) -> None:
        refusal = Refusal(id="bad", fingerprint="f", code=Code.MISSING_FIELD, message="no 'to'")
        assert ground.ledger.accept([refusal]) == [(Acceptance.ACCEPTED, State.REJECTED)]
        record = ground.record("bad")
        assert (record["state"], record["code"], record["message"]) == ("rejected", "missing_field", "no 'to'")
        assert record["hint"]
        assert ground.ledger.accept([refusal]) == [(Acceptance.REPLAY, State.REJECTED)]
