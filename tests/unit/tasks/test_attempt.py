"""What becomes of a job, for every answer that the API, the token cache and the ledger can give."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from redis import Redis

from tasks.attempt import Attempt
from tasks.codes import Code, State
from tasks.errors import DialError, LedgerUnavailable, NotPlaced, Refused, Unknown
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.job import Job
from tasks.resolution import RetryPolicy
from tasks.screening.rules import Rules
from tasks.store import keys
from tests.support.ground import Ground, job

Answer = PlacedCall | Exception
PLACED = PlacedCall(conversation_id="c-1", http_status=201, correlation_id="x-1", reading=None)


@dataclass
class ScriptedApi:
    """Answers in order, the last one for ever; keeps what it was asked."""

    answers: list[Answer] = field(default_factory=lambda: [PLACED])
    asked: list[tuple[CallRequest, str]] = field(default_factory=list)

    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        self.asked.append((request, token))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class AwayAfterTheCall(ScriptedApi):
    """Redis does not take the n-th command after the answer."""

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


@dataclass
class ScriptedTokens:
    tokens: list[str | NotPlaced] = field(default_factory=lambda: ["t-1"])
    discarded: list[str] = field(default_factory=list)

    def current(self) -> str:
        if isinstance(self.tokens[0], NotPlaced):
            raise self.tokens[0]
        return self.tokens[0]

    def discard(self, token: str) -> None:
        self.discarded.append(token)
        self.tokens.pop(0)


@dataclass
class Desk:
    """A worker's place: the use case and all that it talks to."""

    ground: Ground
    api: ScriptedApi = field(default_factory=ScriptedApi)
    tokens: ScriptedTokens = field(default_factory=ScriptedTokens)
    stopping: threading.Event = field(default_factory=threading.Event)
    redial: bool = False
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.pause = Pause(self.ground.redis)

    def dial(self, job: Job | None = None, *, job_id: str = "order-42") -> None:
        if job:
            self.ground.ledger.accept([job])
            job_id = job.id
        Attempt(
            ledger=self.ground.ledger,
            tokens=self.tokens,
            api=self.api,
            policy=RetryPolicy(max_attempts=3, retry_for_s=3600, redial=self.redial),
            rules=Rules(caller_id="+12125559876", region="US", user_id="user", wrap_up_code_id="wrap"),
            worker="w1",
            stopping=self.stopping,
            clock=self.clock,
        ).run(job_id)

    def make_due(self) -> None:
        """As if the time for the next attempt had come."""
        self.ground.redis.hset(keys.job("order-42"), "_due_ms", "1")


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


def test_certainly_not_placed_is_put_off_until_the_attempts_are_used(desk: Desk) -> None:
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


def test_an_old_job_is_not_put_off_once_more(desk: Desk) -> None:
    desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT)]
    desk.ground.ledger.accept([job()])
    two_hours_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000
    desk.ground.redis.hset(keys.job("order-42"), "_since_ms", str(two_hours_ago))
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


class TestTroubleInARow:
    """What every job would meet stops the fleet after a few; then one probe at a time, until one is placed."""

    def test_refusals_of_one_kind(self, desk: Desk) -> None:
        desk.api.answers = [Refused(Code.INSUFFICIENT_PERMISSIONS, "missing scope", http_status=403)]
        for n in range(8):
            desk.dial(job(f"j{n}"))
        states = [desk.ground.state(f"j{n}") for n in range(8)]
        # The sixth opened the breaker: it and all others keep their place.
        assert states == ["rejected"] * 5 + ["queued"] * 3
        assert len(desk.api.asked) == 6
        assert desk.ground.record("j5")["attempts"] == 0
        (entry,) = desk.pause.entries()
        assert (entry.reason, entry.message) == (PauseReason.REFUSAL, "insufficient_permissions: missing scope")

    @pytest.mark.parametrize(
        "codes",
        [
            [Code.INSUFFICIENT_PERMISSIONS, Code.INVALID_FROM_ADDRESS, Code.NOT_FOUND],
            [Code.MALFORMED_PARTICIPANT_ADDRESS],
            [Code.BAD_REQUEST],
            [Code.BAD_REQUEST, Code.NO_STATION],
        ],
    )
    def test_refusals_count_in_a_row_whatever_their_codes(self, desk: Desk, codes: list[Code]) -> None:
        """What every job meets may show as several codes, and as one that could be the fault of a number."""
        desk.api.answers = [Refused(codes[n % len(codes)]) for n in range(12)]
        for n in range(12):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.state(f"j{n}") for n in range(12)] == ["rejected"] * 5 + ["queued"] * 7
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.REFUSAL]

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"caller_id": "+12125550000"}, Code.INVALID_FROM_ADDRESS),
            ({"user_id": "gone"}, Code.NOT_FOUND),
            ({"user_id": "phoneless"}, Code.NO_STATION),
        ],
    )
    def test_what_a_job_brings_along_is_its_own_fault(self, desk: Desk, fields: dict[str, str], code: Code) -> None:
        """One producer that is wrong must not stop all the others."""
        desk.api.answers = [Refused(code)]
        for n in range(12):
            desk.dial(job(f"j{n}", **fields))
        assert {desk.ground.state(f"j{n}") for n in range(12)} == {"rejected"}
        assert desk.pause.entries() == []

    def test_a_placed_call_starts_the_count_anew(self, desk: Desk) -> None:
        refused = Refused(Code.INSUFFICIENT_PERMISSIONS)
        desk.api.answers = [*[refused] * 5, PLACED, *[refused] * 5]
        for n in range(11):
            desk.dial(job(f"j{n}"))
        assert desk.pause.entries() == []

    def test_unknown_answers(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        for n in range(8):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.state(f"j{n}") for n in range(8)] == ["unconfirmed"] * 6 + ["queued"] * 2
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.OUTAGE]

    def test_an_outage_costs_no_attempt_once_it_is_known(self, desk: Desk) -> None:
        desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT)]
        for n in range(7):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.record(f"j{n}")["attempts"] for n in range(7)] == [1] * 5 + [0, 0]

    def test_probes_go_out_one_by_one_at_growing_distance(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        distances = []
        for n in range(6, 12):
            (entry,) = desk.pause.entries()
            assert entry.until
            distances.append(round((entry.until - entry.since).total_seconds()))
            desk.ground.redis.delete(keys.pause)  # the distance passes
            desk.dial(job(f"j{n}"))
            assert desk.ground.state(f"j{n}") == "unconfirmed"
        assert distances == [5, 10, 20, 40, 60, 60]

    def test_while_a_probe_is_out_nobody_else_sends(self, desk: Desk) -> None:
        desk.ground.redis.hset(keys.breaker, "open", "outage")
        desk.ground.sending(job("probe"))
        desk.dial(job("other"))
        assert (desk.ground.state("other"), desk.api.asked) == ("queued", [])

    def test_the_first_good_answer_ends_it(self, desk: Desk) -> None:
        desk.api.answers = [*[Unknown(Code.NO_ANSWER_FROM_API)] * 6, PLACED]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        desk.ground.redis.delete(keys.pause)
        for n in range(6, 10):
            desk.dial(job(f"j{n}"))
        assert {desk.ground.state(f"j{n}") for n in range(6, 10)} == {"placed"}
        assert desk.pause.entries() == []

    def test_a_probe_that_is_placed_ends_the_pause(self, desk: Desk) -> None:
        """Which answers that came after it may have begun anew."""
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        claim = desk.ground.sending(job("slow"))
        for n in range(6):
            desk.dial(job(f"j{n}"))
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.OUTAGE]
        desk.ground.finish(claim, State.PLACED, Code.PLACED)
        assert desk.pause.entries() == []

    def test_failures_with_answers_between_them_are_no_outage(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API), Refused(Code.INVALID_FROM_ADDRESS)] * 8
        for n in range(16):
            desk.dial(job(f"j{n}", caller_id="+12125550000"))
        assert {desk.ground.state(f"j{n}") for n in range(16)} == {"unconfirmed", "rejected"}

    def test_what_was_on_the_wire_does_not_put_off_the_probe(self, desk: Desk) -> None:
        for claim in [desk.ground.sending(job(f"j{n}")) for n in range(9)]:
            desk.ground.answer(claim, Unknown(Code.NO_ANSWER_FROM_API))
        (entry,) = desk.pause.entries()
        assert entry.until
        assert (entry.until - entry.since).total_seconds() == pytest.approx(5, abs=0.5)

    def test_refusals_are_no_silence(self, desk: Desk) -> None:
        """Answers that come seldom are answers all the same."""
        desk.api.answers = [Refused(Code.INVALID_FROM_ADDRESS)]
        for n in range(12):
            desk.dial(job(f"j{n}", caller_id="+12125550000"))
            desk.ground.redis.hset(keys.breaker, "answered_ms", "1")
        assert len(desk.api.asked) == 12

    def test_a_person_ends_it(self, desk: Desk) -> None:
        desk.api.answers = [*[Refused(Code.NOT_FOUND)] * 6, PLACED]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        assert desk.pause.end(*PauseReason) == 1
        desk.dial(job("j6"))
        assert desk.ground.state("j6") == "placed"

    def test_no_more_than_ten_requests_are_sent_into_silence(self, desk: Desk) -> None:
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.dial(job("eleventh"))
        assert (desk.ground.state("eleventh"), desk.api.asked) == ("queued", [])
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.SILENCE]

    def test_a_time_out_is_no_answer(self, desk: Desk) -> None:
        """Or the first of ten that time out together would let ten more into the silence."""
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.ground.redis.hset(keys.breaker, "unanswered", 9)
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        desk.dial(job("times-out"))
        desk.dial(job("eleventh"))
        assert desk.ground.state("eleventh") == "queued"
        assert len(desk.api.asked) == 1

    def test_silence_after_deaths_ends_with_their_lease(self, desk: Desk) -> None:
        """Nobody will ever answer for the requests of dead workers."""
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.ground.redis.hset(keys.breaker, "sent_ms", "1")
        desk.dial(job("eleventh"))
        assert desk.ground.state("eleventh") == "placed"


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
    def slow(self, fake_redis: Redis) -> Desk:
        desk = Desk(Ground.over(fake_redis, pace=Pace(interval_s=0.2, max_wait_s=0.3)))
        desk.dial(job("before"))
        return desk

    def test_a_short_wait_is_slept(self, slow: Desk) -> None:
        slow.dial(job())
        assert slow.ground.state("order-42") == "placed"

    def test_a_long_wait_gives_the_job_back_for_later(self, slow: Desk) -> None:
        slow.ground.redis.hset(keys.pace, "tat_ms", str(datetime.now(UTC).timestamp() * 1000 + 5000))
        slow.dial(job())
        record = slow.ground.record("order-42")
        assert (record["state"], record["attempts"]) == ("scheduled", 0)

    def test_shutdown_wakes_the_sleeper_and_the_job_goes_back(self, slow: Desk) -> None:
        slow.ground.redis.hset(keys.pace, "tat_ms", str(datetime.now(UTC).timestamp() * 1000 + 200))
        timer = threading.Timer(0.05, slow.stopping.set)
        timer.start()
        slow.dial(job())
        timer.join()
        assert slow.ground.state("order-42") == "queued"
        assert len(slow.api.asked) == 1  # the one before


def test_a_stopping_worker_gives_its_jobs_back(desk: Desk) -> None:
    desk.stopping.set()
    desk.dial(job())
    assert (desk.ground.state("order-42"), desk.ground.due()) == ("queued", ["order-42"])


def test_a_worker_that_froze_after_the_ledgers_word_does_not_send(
    desk: Desk,
) -> None:
    desk.clock = iter([0.0, 10.0]).__next__
    desk.dial(job())
    assert desk.api.asked == []
    record = desk.ground.record("order-42")
    assert (record["state"], record["attempts"]) == ("queued", 0)


class TestTheLedgerIsAway:
    """Whatever is known of a job is told when the ledger is back: nobody else knows it."""

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
        """The request was refused for certain, whether or not the fleet can be told of its token."""

        def away(_: str) -> None:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(desk.tokens, "discard", away)
        desk.api.answers = [NotPlaced(Code.TOKEN_REFUSED)]
        for _ in range(1 if first else 2):
            desk.dial(job())
        assert desk.ground.state("order-42") == ("queued" if first else "scheduled")

    def test_what_was_called_is_never_taken_for_a_defect(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """However long Redis is away: it would be given back, and called again, as soon as Redis is there."""

        def away(*_: object, **__: object) -> None:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(desk.ground.ledger, "settle", away)
        with pytest.raises(LedgerUnavailable):
            desk.dial(job())
        assert (len(desk.api.asked), desk.ground.state("order-42")) == (1, "sending")

    @pytest.mark.parametrize("nth", range(1, 10))  # a script may have to be loaded first
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
    def test_an_answer_is_not_forgotten(
        self, desk: Desk, answer: Answer, state: str, nth: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whichever command after the answer meets a Redis that is away."""
        desk.api = AwayAfterTheCall(desk.ground.redis, answer, nth, monkeypatch)
        desk.dial(job())
        monkeypatch.undo()
        assert desk.ground.state("order-42") == state


class TestDefects:
    """A bug of ours must neither lose a job, nor send it twice, nor go round in circles."""

    def test_before_sending_once_more_later_then_failed(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tasks.attempt.screen", lambda *_, **__: 1 / 0)
        desk.dial(job())
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"]) == ("scheduled", "internal_error")
        desk.make_due()
        desk.dial()
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], desk.api.asked) == ("failed", "internal_error", [])

    def test_what_one_worker_after_the_other_dies_of_ends_unsent(self, desk: Desk) -> None:
        desk.ground.ledger.accept([job()])
        for _ in range(5):
            desk.make_due()
            desk.ground.claim(job())
            desk.ground.end_lease("order-42")
            desk.ground.reaper.reap()
        desk.make_due()
        desk.dial()
        record = desk.ground.record("order-42")
        assert (record["state"], record["code"], desk.api.asked) == ("failed", "internal_error", [])
        assert record["message"].startswith("5 workers died")
        assert desk.ground.cancel_retry.retry("order-42").done
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
