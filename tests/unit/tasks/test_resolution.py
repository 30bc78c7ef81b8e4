"""The table of decisions: what each result means for the job and for the fleet, without Redis."""

from dataclasses import replace
from typing import Any

import pytest

from config.settings import Profile
from tasks.codes import PUBLIC_FIXES, Code, State, fix_of
from tasks.errors import DialError, JobError, NotPlaced, RateReading, Refused, Unknown
from tasks.fleet.breaker import FaultKind
from tasks.genesys.call import PlacedCall
from tasks.job import Job
from tasks.ledger.claim import Claim, Gate, GateVerdict
from tasks.ledger.settlement import End, Release, Settlement
from tasks.resolution import Answered, Event, Halt, NoToken, RetryPolicy, backoff_s, decide

POLICY = RetryPolicy(max_attempts=3, retry_for_s=3600, redial=False)
REDIAL = RetryPolicy(max_attempts=3, retry_for_s=3600, redial=True)
READING = RateReading(count=1, allowed=300, reset_s=60)
#: The back-off after the first attempt, with the jitter of `decided`: 1 + 0.5 * 4.
BACKOFF_S = 3.0


def claim(**changes: Any) -> Claim:
    known: dict[str, Any] = {"fence": 1, "last_code": "", "age_s": 0.0} | changes
    return Claim(**known | {"job": Job(id="order-42", to="+12125551234", **changes.get("job", {}))})


def answered(result: PlacedCall | DialError | None, *, attempts: int = 1) -> Answered:
    return Answered(gate=Gate(verdict=GateVerdict.GO, attempts=attempts, ticket=7), result=result)


def decided(event: Event, held: Claim | None = None, policy: RetryPolicy = POLICY) -> Settlement:
    return decide(event, held or claim(), policy, jitter=0.5)


def closed(verdict: GateVerdict, wait_s: float | None = None) -> Gate:
    return Gate(verdict=verdict, wait_s=wait_s)


def ends(state: State, code: Code, message: str | None = None, **known: Any) -> End:
    return End(state=state, code=code, message=message, **known)


def released(delay_s: float | None, code: Code | None = None, *, counts: bool = True) -> Release:
    return Release(delay_s=delay_s, counts=counts, code=code, message="m" if code else "")


PLACED = PlacedCall(conversation_id="c-1", http_status=201, correlation_id="k-1", reading=READING)
UNKNOWN = Unknown(Code.SERVER_ERROR, "m", http_status=500, correlation_id="k-1")
REFUSED = Refused(Code.INVALID_FROM_ADDRESS, "m", http_status=400, correlation_id="k-1")
NOT_PLACED = NotPlaced(Code.COULD_NOT_CONNECT, "m")
REFUSED_TOKEN = NotPlaced(Code.TOKEN_REFUSED, "m", http_status=401)
LIMITED = NotPlaced(Code.RATE_LIMITED, "m", http_status=429, retry_after_s=60)
IN_ITS_PLACE = released(None, Code.COULD_NOT_CONNECT, counts=False)

#: The result, the claim, the policy -> what happens to the job, and what happens instead while the breaker is open.
TABLE: list[tuple[str, Event, Claim, RetryPolicy, End | Release, Release | None]] = [
    (
        "placed",
        answered(PLACED),
        claim(),
        POLICY,
        ends(State.PLACED, Code.PLACED, http_status=201, conversation_id="c-1", correlation_id="k-1"),
        None,
    ),
    (
        "refused",
        answered(REFUSED),
        claim(),
        POLICY,
        ends(State.REJECTED, Code.INVALID_FROM_ADDRESS, "m", http_status=400, correlation_id="k-1"),
        released(None, Code.INVALID_FROM_ADDRESS, counts=False),
    ),
    (
        "unknown",
        answered(UNKNOWN),
        claim(),
        POLICY,
        ends(State.UNCONFIRMED, Code.SERVER_ERROR, "m", http_status=500, correlation_id="k-1"),
        None,
    ),
    ("unknown, redial", answered(UNKNOWN), claim(), REDIAL, released(BACKOFF_S, Code.SERVER_ERROR), None),
    (
        "unknown, redial, attempts used up",
        answered(UNKNOWN, attempts=3),
        claim(),
        REDIAL,
        ends(State.UNCONFIRMED, Code.SERVER_ERROR, "m", http_status=500, correlation_id="k-1"),
        None,
    ),
    (
        "not placed",
        answered(NOT_PLACED),
        claim(),
        POLICY,
        released(BACKOFF_S, Code.COULD_NOT_CONNECT),
        IN_ITS_PLACE,
    ),
    (
        "not placed, asked to wait longer than the back-off",
        answered(NotPlaced(Code.SERVICE_UNAVAILABLE, "m", retry_after_s=90)),
        claim(),
        POLICY,
        released(90, Code.SERVICE_UNAVAILABLE),
        released(None, Code.SERVICE_UNAVAILABLE, counts=False),
    ),
    (
        "not placed, attempts used up",
        answered(NOT_PLACED, attempts=3),
        claim(),
        POLICY,
        ends(State.FAILED, Code.COULD_NOT_CONNECT, "m (3 attempts)"),
        IN_ITS_PLACE,
    ),
    (
        "not placed, the job's own attempts used up",
        answered(NOT_PLACED),
        claim(job={"max_attempts": 1}),
        POLICY,
        ends(State.FAILED, Code.COULD_NOT_CONNECT, "m (1 attempts)"),
        IN_ITS_PLACE,
    ),
    (
        "not placed, too old to be retried",
        answered(NOT_PLACED),
        claim(age_s=3598.0),
        POLICY,
        ends(State.FAILED, Code.COULD_NOT_CONNECT, "m (1 attempts)"),
        IN_ITS_PLACE,
    ),
    (
        "rate limit",
        answered(LIMITED),
        claim(),
        POLICY,
        released(None, Code.RATE_LIMITED, counts=False),
        released(None, Code.RATE_LIMITED, counts=False),
    ),
    (
        "rate limit, attempts used up",
        answered(LIMITED, attempts=3),
        claim(),
        POLICY,
        released(None, Code.RATE_LIMITED, counts=False),
        released(None, Code.RATE_LIMITED, counts=False),
    ),
    (
        "first 401",
        answered(REFUSED_TOKEN),
        claim(),
        POLICY,
        released(None, Code.TOKEN_REFUSED, counts=False),
        released(None, Code.TOKEN_REFUSED, counts=False),
    ),
    (
        "second 401 in a row",
        answered(REFUSED_TOKEN),
        claim(last_code=Code.TOKEN_REFUSED),
        POLICY,
        released(BACKOFF_S, Code.TOKEN_REFUSED),
        released(None, Code.TOKEN_REFUSED, counts=False),
    ),
    ("a defect while sending", answered(None), claim(), POLICY, ends(State.UNCONFIRMED, Code.INTERNAL_ERROR), None),
    (
        "credentials refused",
        NoToken(error=NotPlaced(Code.CREDENTIALS_REFUSED, "m")),
        claim(),
        POLICY,
        released(None, Code.CREDENTIALS_REFUSED, counts=False),
        None,
    ),
    (
        "no token for now",
        NoToken(error=NotPlaced(Code.TOKEN_UNAVAILABLE, "m")),
        claim(),
        POLICY,
        released(2, Code.TOKEN_UNAVAILABLE),
        None,
    ),
    (
        "no token, asked to wait",
        NoToken(error=NotPlaced(Code.TOKEN_UNAVAILABLE, "m", retry_after_s=5)),
        claim(),
        POLICY,
        released(5, Code.TOKEN_UNAVAILABLE),
        None,
    ),
    ("a bad number", JobError(Code.TOO_SHORT, "m"), claim(), POLICY, ends(State.REJECTED, Code.TOO_SHORT, "m"), None),
    ("paused", closed(GateVerdict.PAUSED, 9), claim(), POLICY, released(None), None),
    ("no slot", closed(GateVerdict.BUSY, 9), claim(), POLICY, released(9), None),
    ("expired", closed(GateVerdict.EXPIRED), claim(), POLICY, ends(State.EXPIRED, Code.NOT_AFTER_PASSED), None),
    ("shut down", Halt.STOPPING, claim(), POLICY, released(None, counts=False), None),
    ("frozen", Halt.LATE, claim(), POLICY, released(None, counts=False), None),
    ("send unanswered", Halt.SEND_UNANSWERED, claim(), POLICY, released(None, counts=False), None),
    (
        "poison",
        Halt.POISON,
        claim(poison="5 workers died."),
        POLICY,
        ends(State.FAILED, Code.INTERNAL_ERROR, "5 workers died."),
        None,
    ),
    ("a defect", Halt.DEFECT, claim(), POLICY, Release(delay_s=30, code=Code.INTERNAL_ERROR), None),
    (
        "a defect, again",
        Halt.DEFECT,
        claim(last_code=Code.INTERNAL_ERROR),
        POLICY,
        ends(State.FAILED, Code.INTERNAL_ERROR),
        None,
    ),
]


@pytest.mark.parametrize(
    ("event", "held", "policy", "action", "if_stopped"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_becomes_of_the_job(
    event: Event, held: Claim, policy: RetryPolicy, action: End | Release, if_stopped: Release | None
) -> None:
    settlement = decided(event, held, policy)
    done = replace(settlement.action, hint=None) if isinstance(settlement.action, End) else settlement.action
    assert (done, settlement.if_stopped) == (action, if_stopped)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("code", [*PUBLIC_FIXES, Code.NOT_FOUND])
@pytest.mark.parametrize("error", [Refused, Unknown, NotPlaced])
def test_a_hint_is_in_the_words_of_the_profile(error: type[DialError], code: Code, profile: Profile) -> None:
    action = decided(answered(error(code), attempts=3), policy=replace(POLICY, profile=profile)).action
    assert isinstance(action, End)
    assert action.hint == fix_of(code, profile)


@pytest.mark.parametrize(
    ("event", "held", "kind", "is_an_answer"),
    [
        (answered(PLACED), claim(), None, None),
        (answered(None), claim(), None, None),
        (JobError(Code.TOO_SHORT), claim(), None, None),
        (Halt.DEFECT, claim(), None, None),
        (NoToken(error=NotPlaced(Code.TOKEN_UNAVAILABLE)), claim(), None, None),
        (NoToken(error=NotPlaced(Code.CREDENTIALS_REFUSED)), claim(), FaultKind.CREDENTIALS, True),
        (answered(UNKNOWN), claim(), FaultKind.OUTAGE, True),
        (answered(Unknown(Code.NO_ANSWER_FROM_API)), claim(), FaultKind.OUTAGE, False),
        (answered(NOT_PLACED), claim(), FaultKind.OUTAGE, False),
        (answered(LIMITED), claim(), FaultKind.CLEAR, True),
        (answered(REFUSED_TOKEN), claim(), FaultKind.REFUSAL, True),
        (answered(REFUSED), claim(), FaultKind.REFUSAL, True),
        (answered(REFUSED), claim(job={"caller_id": "+12125550000"}), FaultKind.CLEAR, True),
        (answered(Refused(Code.NOT_FOUND)), claim(), FaultKind.REFUSAL, True),
        (answered(Refused(Code.NOT_FOUND)), claim(job={"user_id": "gone"}), FaultKind.CLEAR, True),
        (answered(Refused(Code.MALFORMED_PARTICIPANT_ADDRESS)), claim(), FaultKind.REFUSAL, True),
        (answered(Refused(Code.BAD_REQUEST)), claim(), FaultKind.REFUSAL, True),
        (
            answered(Refused(Code.BAD_REQUEST)),
            claim(job={"user_id": "u"}),
            FaultKind.REFUSAL,
            True,
        ),
    ],
)
def test_what_the_breaker_is_told(
    event: Event, held: Claim, kind: FaultKind | None, is_an_answer: bool | None
) -> None:
    report = decided(event, held).report
    assert (report and report.kind, report and report.answered) == (kind, is_an_answer)


@pytest.mark.parametrize(
    ("result", "for_s"),
    [
        (LIMITED, 60.55),
        (NotPlaced(Code.RATE_LIMITED, "m"), 2.55),
        (NotPlaced(Code.RATE_LIMITED, "m", retry_after_s=0), 0.55),
        (NotPlaced(Code.SERVICE_UNAVAILABLE, "m", retry_after_s=60), None),
        (PLACED, None),
    ],
)
def test_only_a_rate_limit_pauses_the_fleet_and_a_little_longer_than_told(
    result: PlacedCall | DialError, for_s: float | None
) -> None:
    pause = decided(answered(result)).pause
    assert (pause and pause.for_s) == (for_s and pytest.approx(for_s))


def test_what_an_answer_told_of_the_limit_is_passed_on_with_its_slot() -> None:
    settlement = decided(answered(PLACED))
    assert (settlement.reading, settlement.ticket) == (READING, 7)


@pytest.mark.parametrize("attempts", [1, 2, 5, 50, 10_000])
def test_backoff_grows_to_a_bound(attempts: int) -> None:
    assert backoff_s(attempts, 0) == 1
    assert backoff_s(attempts, 1) == 1 + min(2 * 2 ** min(attempts, 20), 900)
