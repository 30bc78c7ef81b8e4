"""What one door refuses, no other lets through to a phone; what one promises to dial, no other refuses."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from config.settings import load
from tasks.errors import JobError
from tasks.intake.message import read_message
from tasks.job import parse_job
from tasks.screening.rules import rules_of
from tasks.screening.screen import screen
from tests.support.doors import ACCEPTED, Case, Doors
from tests.support.messages import JOB, message
from tests.unit.conftest import Run

NEW_YORK = "+12125551234"
FUTURE = {"not_before": "2999-01-01T00:00:00Z", "not_after": "2999-01-02T00:00:00Z"}
PAST = {"not_before": "2001-01-01T00:00:00Z", "not_after": "2001-01-02T00:00:00Z"}
ONLY_US = {"DIALER_ALLOWED_REGIONS": "US"}
BRITISH = {"DIALER_DEFAULT_REGION": "GB"}
TRUSTED = {"DIALER_EXTRA_RANGES": "+1679,+1861"}

#: What the producer writes (a text is the number), the operator's settings, the verdict.
CASES: list[tuple[str | dict[str, Any], dict[str, str], str]] = [
    # numbers
    (NEW_YORK, {}, ACCEPTED),
    ("(212) 555-1234", {}, ACCEPTED),
    ("＋１（２１２）５５５－１２３４", {}, ACCEPTED),
    ("tel:+1-212-555-1234", {}, ACCEPTED),
    ("011 44 20 7946 0958", {}, ACCEPTED),
    ("1-800-FLOWERS", {}, ACCEPTED),
    ("442079460958", {}, "ambiguous_number"),
    ("+8 (495) 123-45-67", {}, "ambiguous_number"),
    ("+ 44 20 7946 0018", {}, ACCEPTED),
    ('="+12125551234"', {}, ACCEPTED),
    ("'+12125551234", {}, ACCEPTED),
    ("+1\ufe0f 212·555·1234", {}, ACCEPTED),
    ("+52 1 55 1234 5678", {}, ACCEPTED),
    ("03-1234-5678内線12", {}, "extension_unsupported"),
    ("hello", {}, "not_a_number"),
    ("212 555 1234 / 212 555 9876", {}, "not_a_number"),
    ("1.21255512E+10", {}, "not_a_number"),
    ("+1 212 555 1234 ext. 5", {}, "extension_unsupported"),
    ("555-1234", {}, "too_short"),
    ("+1 212 555 1234 5", {}, "too_long"),
    ("+999 123 4567", {}, "not_dialable"),
    ("911", {}, "emergency_number"),
    ("+1 911", {}, "emergency_number"),
    ("411", {}, "short_code"),
    ("1-900-234-5678", {}, "premium_rate"),
    ("", {}, "invalid_field"),
    (" ", {}, "invalid_field"),
    ({"to": 12125551234}, {}, "invalid_field"),
    ({"region": "US"}, {}, "missing_field"),
    # regions, and what the operator allows
    ({"to": "020 7946 0958", "region": "GB"}, {}, ACCEPTED),
    ({"to": "020 7946 0958", "region": "gb"}, {}, ACCEPTED),
    ({"to": "020 7946 0958"}, BRITISH, ACCEPTED),
    ({"to": "(212) 555-1234"}, BRITISH, "not_dialable"),
    ({"to": NEW_YORK, "region": "XX"}, {}, "invalid_field"),
    ({"to": NEW_YORK, "region": "USA"}, {}, "invalid_field"),
    ({"to": NEW_YORK, "region": "UK"}, {}, "invalid_field"),
    ({"to": "33612345678", "region": "DE"}, {}, "ambiguous_number"),
    ({"to": "33612345678", "region": "FR"}, {}, ACCEPTED),
    ({"to": "33612345678", "region": "ZZ"}, {}, ACCEPTED),
    ({"to": "33612345678", "region": "zz"}, ONLY_US, "region_not_allowed"),
    ({"to": "(212) 555-1234", "region": "ZZ"}, {}, "not_dialable"),
    # ranges that the metadata does not know
    ("+1 679 555 1234", {}, "not_dialable"),
    ("+1 679 555 1234", TRUSTED, ACCEPTED),
    ("(679) 555-1234", TRUSTED, ACCEPTED),
    ("+1 679 555 123", TRUSTED, "too_short"),
    ("+1 679 555 1234", TRUSTED | {"DIALER_ALLOWED_REGIONS": "CA"}, "region_not_allowed"),
    ({"to": NEW_YORK, "from": "(679) 555-1234"}, TRUSTED, ACCEPTED),
    (NEW_YORK, ONLY_US, ACCEPTED),
    ("+44 20 7946 0958", ONLY_US, "region_not_allowed"),
    ({"to": "020 7946 0958", "region": "GB"}, ONLY_US, "region_not_allowed"),
    ("+1 876 522 1234", ONLY_US, "region_not_allowed"),
    ("1-900-234-5678", {"DIALER_ALLOW_PREMIUM": "1"}, ACCEPTED),
    # caller IDs: the job's, and the operator's
    ({"to": NEW_YORK, "from": "(212) 555-9876"}, {}, ACCEPTED),
    ({"to": NEW_YORK, "from": "020 7946 0000", "region": "GB"}, {}, ACCEPTED),
    ({"to": NEW_YORK, "from": "020 7946 0000"}, {}, "too_long"),
    ({"to": NEW_YORK, "from": "+44 20 7946 0000"}, ONLY_US, ACCEPTED),
    ({"to": NEW_YORK, "from": "1-900-234-5678"}, {}, ACCEPTED),
    ({"to": NEW_YORK, "from": "hello"}, {}, "not_a_number"),
    ({"to": NEW_YORK, "from": "+1 212 555 9876 x5"}, {}, "extension_unsupported"),
    ({"to": NEW_YORK, "from": "911"}, {}, "emergency_number"),
    ({"to": NEW_YORK, "from": ""}, {}, "invalid_field"),
    ({"to": "hello", "from": "911"}, {}, "not_a_number"),
    (NEW_YORK, {"DIALER_CALLER_ID": "hello"}, "not_a_number"),
    ({"to": NEW_YORK, "from": "+12125559876"}, {"DIALER_CALLER_ID": "hello"}, ACCEPTED),
    ({"to": NEW_YORK, "region": "GB"}, {"DIALER_CALLER_ID": "(212) 555-9876"}, ACCEPTED),
    # the other fields
    ({"to": NEW_YORK, "priority": 9}, {}, ACCEPTED),
    ({"to": NEW_YORK, "priority": 10}, {}, "invalid_field"),
    ({"to": NEW_YORK, "priority": -1}, {}, "invalid_field"),
    ({"to": NEW_YORK, "priority": "9"}, {}, "invalid_field"),
    ({"to": NEW_YORK, "priority": True}, {}, "invalid_field"),
    ({"to": NEW_YORK, "max_attempts": 0}, {}, "invalid_field"),
    ({"to": NEW_YORK, "user_id": " "}, {}, "invalid_field"),
    ({"to": NEW_YORK, "batch": "b" * 257}, {}, "invalid_field"),
    ({"to": NEW_YORK, "attributes": {"k": 1}}, {}, "invalid_field"),
    ({"to": NEW_YORK, "color": "red"}, {}, "unknown_field"),
    ({"to": NEW_YORK, "not_before": "tomorrow"}, {}, "invalid_field"),
    ({"to": NEW_YORK, "not_before": FUTURE["not_after"], "not_after": FUTURE["not_before"]}, {}, "invalid_field"),
    ({"to": NEW_YORK, **FUTURE}, {}, ACCEPTED),
    ({"to": NEW_YORK, **PAST}, {}, "not_after_passed"),
]


@pytest.fixture
def doors(fake_redis: Redis, run: Run, monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(fake_redis, run, monkeypatch)


@pytest.mark.parametrize(("written", "settings", "verdict"), CASES, ids=lambda value: ascii(value)[:60])
def test_every_door_says_the_same(
    doors: Doors, written: str | dict[str, Any], settings: dict[str, str], verdict: str
) -> None:
    case = Case(fields={"to": written} if isinstance(written, str) else written, settings=settings)
    said = {}
    for name, door in doors.open_to(case):
        said[name] = door(case)
        doors.clear()
    assert said == dict.fromkeys(said, verdict)


def test_most_cases_are_put_to_every_door(doors: Doors) -> None:
    cases = [Case(fields={"to": written} if isinstance(written, str) else written) for written, _, _ in CASES]
    assert sum(len(list(doors.open_to(case))) == 5 for case in cases) > 40


@pytest.mark.parametrize(("written", "meant"), [("UK", "GB"), ("en", "GB"), ("USA", "US"), ("SP", "ES")])
def test_every_door_says_which_region_was_meant(run: Run, written: str, meant: str) -> None:
    rules = rules_of(load({}, dotenv=None, credentials=False))
    with pytest.raises(JobError) as caught:
        screen(parse_job("a", {"to": NEW_YORK, "region": written}), rules, datetime.now(UTC))
    assert caught.value.message.endswith(f" (did you mean {meant}?).")
    entered = run("enqueue", NEW_YORK, "--region", written)
    assert caught.value.message in entered.stderr
    assert f"not a region code (did you mean {meant}?); " in run("list", DIALER_DEFAULT_REGION=written).stderr


@pytest.mark.parametrize(
    ("caller_id", "region"),
    [
        ("+12125559876", "US"),
        ("(212) 555-9876", "US"),
        ("020 7946 0000", "GB"),
        ("1-900-234-5678", "US"),  # the operator's rules guard what is called, not who calls
        ("hello", "US"),
        ("+1 212", "US"),
        ("(212) 555-9876", "GB"),
        ("+1 212 555 9876 ext. 5", "US"),
        ("911", "US"),
    ],
)
@pytest.mark.parametrize("job_region", ["US", "GB"])
def test_check_and_a_worker_that_starts_say_of_the_caller_id_what_each_call_will(
    doors: Doors, caller_id: str, region: str, job_region: str
) -> None:
    settings = {"DIALER_CALLER_ID": caller_id, "DIALER_DEFAULT_REGION": region, "DIALER_ALLOWED_REGIONS": "US"}
    record = doors.record(Case(fields={"to": NEW_YORK, "region": job_region}, settings=settings))
    told = ACCEPTED if record["state"] == "placed" else record["message"].removeprefix("from: ")
    assert (doors.check(settings), doors.start(settings)) == (told, told)


@pytest.mark.parametrize("job_region", ["US", "DE", "GB"])
def test_the_operators_caller_id_is_the_same_number_for_every_job(doors: Doors, job_region: str) -> None:
    """0800 002 4321 is a number in Britain, and, read in Germany, one of Germany."""
    settings = {"DIALER_CALLER_ID": "0800 002 4321", "DIALER_DEFAULT_REGION": "GB"}
    doors.record(Case(fields={"to": NEW_YORK, "region": job_region}, settings=settings))
    assert [request.caller_id for request in doors.api.placed] == ["+448000024321"]


@pytest.mark.parametrize(
    ("job_id", "usable"),
    [
        ("order-42", True),
        ("x" * 255, True),
        ("é ☎" * 85, True),
        ("a b", True),
        ("x" * 256, False),
        ("", False),
        ("a\nb", False),
        ("a\x1b[2J", False),
        ("\u202e42", False),
        ("\ud800", False),
        ("\0", False),
        (42, False),
        (["order-42"], False),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_an_id_is_usable_at_every_door_or_at_none(doors: Doors, job_id: Any, usable: bool) -> None:
    """At an unusable one the queue's door gives an id of its own making."""
    case = Case(fields=JOB, job_id=job_id)
    said = {}
    for name, door in doors.open_to(case):
        said[name] = door(case) == ACCEPTED and (name.startswith("dry run") or doors.ids() == [job_id])
        doors.clear()
    said["correlation id"] = read_message(message(headers_id=None, properties=_properties(job_id))).id == job_id
    assert said == dict.fromkeys(said, usable)


def _properties(job_id: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message())["properties"]
    return found | {"correlation_id": job_id}
