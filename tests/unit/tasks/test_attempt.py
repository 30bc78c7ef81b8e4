"""How a job ends, for every result of the API, the token cache and the ledger."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code
from tasks.errors import DialError, LedgerUnavailable, NotPlaced, Refused, Unknown
from tasks.fleet.pace import Pace
from tasks.fleet.pause import PauseReason
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.store import keys
from tests.support.desk import PLACED, Answer, Desk, ScriptedApi
from tests.support.ground import Ground, job


class RedisFailsAfterTheCall(ScriptedApi):
    """The n-th command to Redis after the answer fails."""

    def __init__(self, redis: Redis, answer: Answer, nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(answers=[answer])
        self._redis = redis
        self._nth = nth
        self._monkeypatch = monkeypatch

    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        execute: Any = self._redis.execute_command
        number = count(1)

        def away(*args: Any, **options: Any) -> Any:
            if next(number) == self._nth:
                raise LedgerUnavailable("away")
            return execute(*args, **options)

        self._monkeypatch.setattr(self._redis, "execute_command", away)
        return super().place_call(request, token=token)


@pytest.fixture
def desk(fake_redis: Redis) -> Desk:
    return Desk(Ground.over(fake_redis))


def test_a_good_job_is_placed(desk: Desk) -> None:
    desk.dial(job(attributes={"k": "v"}))
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["http_status"]) == ("placed", "placed", 201)
    assert (record["conversation_id"], record["correlation_id"]) == ("c-1", "x-1")
    assert (record["to"], record["from"], record["attempts"]) == ("+12125551234", "+12125559876", 1)
    assert desk.api.asked == [
        (
            CallRequest(
                job_id="order-42",
                attempt=1,
                to="+12125551234",
                caller_id="+12125559876",
                user_id="user",
                wrap_up_code_id="wrap",
                attributes={"k": "v"},
            ),
            "t-1",
        )
    ]


def test_what_the_job_says_goes_before_the_settings(desk: Desk) -> None:
    desk.dial(job(to="020 7946 0958", region="GB", caller_id="020 7946 0000", user_id="u2", wrap_up_code_id="w2"))
    request, _ = desk.api.asked[0]
    assert (request.to, request.caller_id) == ("+442079460958", "+442079460000")
    assert (request.user_id, request.wrap_up_code_id) == ("u2", "w2")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "hello"}, Code.NOT_A_NUMBER),
        ({"to": "+1 212-555-1234 ext. 5"}, Code.EXTENSION_UNSUPPORTED),
        ({"caller_id": "hello"}, Code.NOT_A_NUMBER),
        ({"region": "XX"}, Code.INVALID_FIELD),
    ],
)
def test_a_bad_address_is_rejected_and_nothing_is_sent(desk: Desk, fields: dict[str, str], code: Code) -> None:
    desk.dial(job(**fields))
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["attempts"]) == ("rejected", code, 0)
    assert record["message"].startswith("from:") == ("caller_id" in fields)
    assert desk.api.asked == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused(Code.INVALID_FROM_ADDRESS, "no", http_status=400, correlation_id="x"), "rejected"),
        (Refused(Code.INSUFFICIENT_PERMISSIONS, "no", http_status=403, correlation_id="x"), "rejected"),
        (Unknown(Code.NO_ANSWER_FROM_API, "no", correlation_id="x"), "unconfirmed"),
        (Unknown(Code.SERVER_ERROR, "no", http_status=500, correlation_id="x"), "unconfirmed"),
    ],
)
def test_a_final_answer_ends_the_job(desk: Desk, error: DialError, state: str) -> None:
    desk.api.answers = [error]
    desk.dial(job())
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["message"]) == (state, error.code, "no")
    assert record.get("http_status") == error.http_status
    assert record["correlation_id"] == "x"
    assert desk.ground.due() == []


def test_what_may_have_rung_is_sent_again_only_where_the_operator_chose_so(desk: Desk) -> None:
    desk.api.answers, desk.redial = [Unknown(Code.SERVER_ERROR), PLACED], True
    desk.dial(job())
    assert desk.ground.state("order-42") == "scheduled"
    desk.make_due()
    desk.dial()
    assert desk.ground.state("order-42") == "placed"


def test_what_may_have_rung_is_sent_again_no_more_often_than_allowed(desk: Desk) -> None:
    desk.api.answers, desk.redial = [Unknown(Code.SERVER_ERROR)], True
    desk.dial(job())
    for _ in range(2):
        assert desk.ground.state("order-42") == "scheduled"
        desk.make_due()
        desk.dial()
    assert (desk.ground.state("order-42"), len(desk.api.asked)) == ("unconfirmed", 3)


def test_certainly_not_placed_is_retried_until_the_attempts_are_used(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT, "refused")]
    for attempt in (1, 2):
        desk.dial(job())
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], record["attempts"]) == (
            "scheduled",
            "could_not_connect",
            attempt,
        )
        assert datetime.fromisoformat(record["due_at"]) > datetime.now(UTC) + timedelta(seconds=0.9)
        desk.make_due()
    desk.dial()
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["attempts"]) == ("failed", "could_not_connect", 3)
    assert record["message"] == "refused (3 attempts)"


def test_an_old_job_is_not_retried(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT)]
    desk.ground.ledger.accept([job()])
    desk.ground.advance(2 * 3600)
    desk.dial()
    assert desk.ground.state("order-42") == "failed"


def test_the_jobs_own_limit_of_attempts_counts(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT)]
    desk.dial(job(max_attempts=1))
    assert desk.ground.state("order-42") == "failed"


def test_a_rate_limit_pauses_the_fleet_and_costs_no_attempt(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.RATE_LIMITED, "slow down", retry_after_s=60)]
    desk.dial(job())
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["attempts"]) == ("queued", "rate_limited", 0)
    (entry,) = desk.pause.entries()
    assert (entry.reason, entry.message) == (PauseReason.RATE_LIMIT, "slow down")
    assert entry.until
    assert 60 < (entry.until - entry.since).total_seconds() < 62
    desk.dial(job("other"))
    assert len(desk.api.asked) == 1
    assert desk.ground.state("other") == "queued"


def test_a_refused_token_is_dropped_and_the_job_sent_at_once_with_a_new_one(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.TOKEN_REFUSED, http_status=401), PLACED]
    desk.tokens.tokens = ["old", "new"]
    desk.dial(job())
    assert (desk.tokens.discarded, desk.ground.state("order-42")) == (["old"], "queued")
    desk.dial()
    assert desk.ground.state("order-42") == "placed"
    assert [token for _, token in desk.api.asked] == ["old", "new"]


def test_a_token_that_is_refused_again_counts_as_an_attempt(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.TOKEN_REFUSED)]
    desk.tokens.tokens = ["a", "b", "c"]
    desk.dial(job())
    desk.dial()
    record = desk.ground.record("order-42")
    assert (record["state"], record["attempts"]) == ("scheduled", 1)


def test_refused_credentials_stop_the_fleet_and_the_job_keeps_its_place(desk: Desk) -> None:
    desk.tokens.tokens = [NotPlaced(Code.CREDENTIALS_REFUSED, "invalid_client")]
    desk.dial(job())
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["attempts"]) == ("queued", "credentials_refused", 0)
    assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.CREDENTIALS]


def test_without_a_token_the_job_waits(desk: Desk) -> None:
    desk.tokens.tokens = [NotPlaced(Code.TOKEN_UNAVAILABLE, "no token", retry_after_s=5)]
    desk.dial(job())
    record = desk.ground.record("order-42")
    assert (record["state"], record["code"], record["attempts"]) == ("scheduled", "token_unavailable", 0)
    assert desk.pause.entries() == []


def test_not_after_is_looked_at_last(desk: Desk) -> None:
    desk.dial(job(not_after=datetime.now(UTC) - timedelta(seconds=1)))
    assert desk.ground.state("order-42") == "expired"
    assert desk.api.asked == []


def test_a_paused_fleet_sends_nothing(desk: Desk) -> None:
    desk.ground.ledger.accept([job()])
    desk.pause.begin(PauseReason.OPERATOR, "lunch", for_s=None)
    desk.dial()
    assert (desk.ground.state("order-42"), desk.api.asked) == ("queued", [])


class TestWaitingForASlot:
    @pytest.fixture
    def paced(self, fake_redis: Redis) -> Callable[[Pace], Desk]:
        """A worker with this pace that has just used a slot."""

        def paced(pace: Pace) -> Desk:
            desk = Desk(Ground.over(fake_redis, pace=pace))
            desk.dial(job("before"))
            return desk

        return paced

    def test_a_short_wait_is_slept(self, paced: Callable[[Pace], Desk]) -> None:
        slow = paced(Pace(interval_s=0.2, max_wait_s=0.3))
        slow.dial(job())
        assert slow.ground.state("order-42") == "placed"

    def test_a_long_wait_reschedules_the_job(self, paced: Callable[[Pace], Desk]) -> None:
        slow = paced(Pace(interval_s=5, max_wait_s=0.3))
        slow.dial(job())
        record = slow.ground.record("order-42")
        assert (record["state"], record["attempts"]) == ("scheduled", 0)

    def test_shutdown_ends_the_wait_and_requeues_the_job(self, paced: Callable[[Pace], Desk]) -> None:
        slow = paced(Pace(interval_s=0.5, max_wait_s=1))
        timer = threading.Timer(0.05, slow.stopping.set)
        timer.start()
        slow.dial(job())
        timer.join()
        assert slow.ground.state("order-42") == "queued"
        assert len(slow.api.asked) == 1  # the job before


def test_a_stopping_worker_requeues_its_jobs(desk: Desk) -> None:
    desk.stopping.set()
    desk.dial(job())
    assert (desk.ground.state("order-42"), desk.ground.due()) == ("queued", ["order-42"])


def test_a_worker_that_was_suspended_after_go_does_not_send(
    desk: Desk,
) -> None:
    desk.clock = iter([0.0, 10.0]).__next__
    desk.dial(job())
    assert desk.api.asked == []
    record = desk.ground.record("order-42")
    assert (record["state"], record["attempts"]) == ("queued", 0)


class TestRedisUnavailable:
    """The result of a job is stored when Redis is available again: only this worker knows it."""

    @pytest.mark.parametrize("executed", [True, False])
    def test_a_lost_reply_to_send_sends_nothing(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, *, executed: bool
    ) -> None:
        really_send = desk.ground.ledger.send

        def reply_lost(*args: Any, **kwargs: Any) -> None:
            if executed:
                really_send(*args, **kwargs)
            raise LedgerUnavailable("reply lost")

        monkeypatch.setattr(desk.ground.ledger, "send", reply_lost)
        desk.dial(job())
        record = desk.ground.record("order-42")
        assert (desk.api.asked, record["state"], record["attempts"]) == ([], "queued", 0)
        assert desk.ground.due() == ["order-42"]

    def test_a_token_that_redis_cannot_give_is_no_defect(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        def away() -> str:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(desk.tokens, "current", away)
        with pytest.raises(LedgerUnavailable):
            desk.dial(job())
        assert (desk.ground.state("order-42"), desk.ground.record("order-42").get("code")) == ("preparing", None)

    @pytest.mark.parametrize("first", [True, False])
    def test_a_token_that_cannot_be_discarded_costs_no_answer(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, *, first: bool
    ) -> None:
        """The request was certainly refused, whether or not the token can be removed."""

        def away(_: str) -> None:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(desk.tokens, "discard", away)
        desk.api.answers = [NotPlaced(Code.TOKEN_REFUSED)]
        for _ in range(1 if first else 2):
            desk.dial(job())
        assert desk.ground.state("order-42") == ("queued" if first else "scheduled")

    def test_what_was_called_is_never_taken_for_a_defect(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise the job is requeued, and called again, when Redis is available again."""

        def away(*_: object, **__: object) -> None:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(desk.ground.ledger, "settle", away)
        with pytest.raises(LedgerUnavailable):
            desk.dial(job())
        assert (len(desk.api.asked), desk.ground.state("order-42")) == (1, "sending")

    @pytest.mark.parametrize("nth", range(1, 10))  # redis-py may have to load a script first
    @pytest.mark.parametrize(
        ("answer", "state"),
        [
            (PLACED, "placed"),
            (NotPlaced(Code.RATE_LIMITED, retry_after_s=0), "queued"),
            (NotPlaced(Code.COULD_NOT_CONNECT), "scheduled"),
            (Refused(Code.NOT_DIALABLE), "rejected"),
            (Unknown(Code.SERVER_ERROR), "unconfirmed"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_an_answer_is_not_lost(
        self, desk: Desk, answer: Answer, state: str, nth: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """This holds for each command after the answer that fails."""
        desk.api = RedisFailsAfterTheCall(desk.ground.redis, answer, nth, monkeypatch)
        desk.dial(job())
        monkeypatch.undo()
        assert desk.ground.state("order-42") == state


class TestDefects:
    """A defect in Dialer must not lose a job, send it twice, or retry it without end."""

    def test_before_sending_once_more_later_then_failed(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tasks.attempt.screen", lambda *_, **__: 1 / 0)
        desk.dial(job())
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"]) == ("scheduled", "internal_error")
        desk.make_due()
        desk.dial()
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], desk.api.asked) == ("failed", "internal_error", [])

    def test_a_job_that_kills_its_workers_ends_unsent(self, desk: Desk) -> None:
        desk.ground.ledger.accept([job()])
        for _ in range(5):
            desk.make_due()
            desk.ground.claim(job())
            desk.ground.end_leases()
            desk.ground.reaper.reap()
        desk.make_due()
        desk.dial()
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], desk.api.asked) == ("failed", "internal_error", [])
        assert record["message"].startswith("5 workers died")
        assert desk.ground.retry("order-42").done
        desk.dial()
        assert desk.ground.state("order-42") == "placed"

    def test_what_this_version_cannot_read_ends_where_it_belongs(self, desk: Desk) -> None:
        desk.ground.ledger.accept([job(batch="b")])
        desk.ground.redis.hset(keys.job("order-42"), "_job", '{"batch": "b", "new_field": 1}')
        desk.dial()
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], desk.api.asked) == ("failed", "internal_error", [])
        assert desk.ground.records.counts("b") == dict.fromkeys(desk.ground.records.counts(), 0) | {"failed": 1}

    def test_while_sending_nobody_knows(self, desk: Desk) -> None:
        desk.api.answers = [ZeroDivisionError()]
        desk.dial(job())
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"]) == ("unconfirmed", "internal_error")
