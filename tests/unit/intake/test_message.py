"""What producers put on the queue, in stored samples of Celery's protocols and in every broken shape."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.codes import Code
from tasks.intake.message import read_message
from tasks.job import Job
from tasks.ledger.accept import Refusal
from tasks.store.keys import MAX_BYTES, MAX_READ_BYTES
from tests.support.messages import JOB, message

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("message-*.json")), ids=lambda path: path.stem)
def test_stored_samples_of_real_clients_are_read(sample: Path) -> None:
    job = read_message(sample.read_bytes())
    assert isinstance(job, Job), job
    assert (job.id, job.to, job.batch) == ("order-42", "+1 212-555-1234", "sample")


def test_every_field_arrives() -> None:
    fields = {
        "to": "020 7946 0958",
        "from": "+442079460000",
        "region": "gb",
        "user_id": "u",
        "wrap_up_code_id": "w",
        "not_before": "2026-11-23T09:00:00+01:00",
        "not_after": "2026-11-23T12:00:00Z",
        "priority": 9,
        "batch": "b",
        "attributes": {"k": "v"},
        "max_attempts": 3,
    }
    assert read_message(message(fields)) == Job(
        id="order-42",
        to="020 7946 0958",
        caller_id="+442079460000",
        region="GB",
        user_id="u",
        wrap_up_code_id="w",
        not_before=datetime(2026, 11, 23, 8, tzinfo=UTC),
        not_after=datetime(2026, 11, 23, 12, tzinfo=UTC),
        priority=9,
        batch="b",
        attributes={"k": "v"},
        max_attempts=3,
    )


def test_null_is_absent() -> None:
    job = read_message(message({"to": "+12125551234", "from": None, "attributes": None}))
    assert job == Job(id="order-42", to="+12125551234")


def test_celerys_own_eta_and_expires_are_understood() -> None:
    job = read_message(message(headers_eta="2026-11-23T09:00:00+00:00", headers_expires="2026-11-23T10:00:00"))
    assert isinstance(job, Job)
    assert job.not_before == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert job.not_after == datetime(2026, 11, 23, 10, tzinfo=UTC)


BAD_JOBS: list[tuple[Any, Code]] = [
    ({}, Code.MISSING_FIELD),
    ({"to": None}, Code.MISSING_FIELD),
    (None, Code.MALFORMED_JOB),
    ([], Code.MALFORMED_JOB),
    ("+12125551234", Code.MALFORMED_JOB),
    (12125551234, Code.MALFORMED_JOB),
    (True, Code.MALFORMED_JOB),
    ({"to": 12125551234}, Code.INVALID_FIELD),
    ({"to": ""}, Code.INVALID_FIELD),
    ({"to": ["+12125551234"]}, Code.INVALID_FIELD),
    ({"to": {"phoneNumber": "+12125551234"}}, Code.INVALID_FIELD),
    ({"to": "1" * 300}, Code.INVALID_FIELD),
    ({"to": "\ud800"}, Code.INVALID_FIELD),
    (JOB | {"too": 1}, Code.UNKNOWN_FIELD),
    (JOB | {"\ud800": 1}, Code.UNKNOWN_FIELD),
    (JOB | {"region": "USA"}, Code.INVALID_FIELD),
    (JOB | {"priority": 10}, Code.INVALID_FIELD),
    (JOB | {"priority": -1}, Code.INVALID_FIELD),
    (JOB | {"priority": True}, Code.INVALID_FIELD),
    (JOB | {"priority": "5"}, Code.INVALID_FIELD),
    (JOB | {"priority": 5.0}, Code.INVALID_FIELD),
    (JOB | {"max_attempts": 0}, Code.INVALID_FIELD),
    (JOB | {"not_before": "tomorrow"}, Code.INVALID_FIELD),
    (JOB | {"not_before": "2026-11-23T09:00:00"}, Code.INVALID_FIELD),
    (JOB | {"not_before": "2026-02-30T09:00:00Z"}, Code.INVALID_FIELD),
    (JOB | {"not_before": "0001-01-01T00:00:00+23:59"}, Code.INVALID_FIELD),
    (JOB | {"not_before": 1763888400}, Code.INVALID_FIELD),
    (
        JOB | {"not_before": "2026-11-23T09:00:00Z", "not_after": "2026-11-23T09:00:00Z"},
        Code.INVALID_FIELD,
    ),
    (JOB | {"attributes": []}, Code.INVALID_FIELD),
    (JOB | {"attributes": {"k": 1}}, Code.INVALID_FIELD),
    (JOB | {"attributes": {"k": "v" * 10241}}, Code.INVALID_FIELD),
    (JOB | {"attributes": {str(n): "" for n in range(51)}}, Code.INVALID_FIELD),
    (JOB | {"attributes": {"k": "\udfff"}}, Code.INVALID_FIELD),
    (JOB | {"batch": ""}, Code.INVALID_FIELD),
]


@pytest.mark.parametrize(("payload", "code"), BAD_JOBS, ids=lambda value: repr(value)[:40])
def test_a_bad_job_is_refused_under_its_own_id(payload: Any, code: Code) -> None:
    refusal = read_message(message(payload))
    assert isinstance(refusal, Refusal), refusal
    assert (refusal.id, refusal.code) == ("order-42", code)
    assert refusal.message
    refusal.message.encode()


ODD_TYPE: dict[str, Any] = {"content-type": ["application/json"]}
BAD_MESSAGES: list[tuple[str, bytes, Code]] = [
    ("extra argument", message(raw_body=json.dumps([[JOB, 1], {}, {}])), Code.MALFORMED_JOB),
    ("no argument", message(raw_body=json.dumps([[], {}, {}])), Code.MALFORMED_JOB),
    ("keyword", message(raw_body=json.dumps([[], {"to": "+1"}, {}])), Code.MALFORMED_JOB),
    ("body is an object", message(raw_body='{"to": "+1"}'), Code.MALFORMED_MESSAGE),
    ("NaN", message(raw_body='[[{"to": "+1", "priority": NaN}], {}, {}]'), Code.MALFORMED_MESSAGE),
    ("body is not JSON", message(raw_body="hello"), Code.MALFORMED_MESSAGE),
    ("deep", message(raw_body="[" * 100_000), Code.MALFORMED_MESSAGE),
    ("huge number", message(raw_body=f"[[{'9' * 5000}], {{}}, {{}}]"), Code.MALFORMED_MESSAGE),
    ("not base64", message(body="%%%"), Code.MALFORMED_MESSAGE),
    ("body is a number", message(body=5), Code.MALFORMED_MESSAGE),
    ("pickle", message(**{"content-type": "application/x-python-serialize"}), Code.UNSUPPORTED_CONTENT_TYPE),
    ("yaml", message(**{"content-type": "application/x-yaml"}), Code.UNSUPPORTED_CONTENT_TYPE),
    ("no type", message(**{"content-type": None}), Code.UNSUPPORTED_CONTENT_TYPE),
    ("odd type", message(**ODD_TYPE), Code.UNSUPPORTED_CONTENT_TYPE),
    ("utf-16", message(**{"content-encoding": "utf-16"}), Code.UNSUPPORTED_CONTENT_TYPE),
    ("compressed", message(headers_compression="application/x-gzip"), Code.UNSUPPORTED_CONTENT_TYPE),
    ("other task", message(headers_task="send_mail"), Code.UNKNOWN_TASK),
    ("too large", message({"to": "x" * MAX_BYTES}), Code.MESSAGE_TOO_LARGE),
]


@pytest.mark.parametrize(("name", "raw", "code"), BAD_MESSAGES, ids=[row[0] for row in BAD_MESSAGES])
def test_a_bad_message_is_refused(name: str, raw: bytes, code: Code) -> None:
    refusal = read_message(raw)
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code == code
    assert refusal.id == "order-42"


def test_what_is_larger_than_any_message_is_not_even_parsed() -> None:
    refusal = read_message(message({"to": "x" * MAX_READ_BYTES}))
    assert isinstance(refusal, Refusal)
    assert refusal.code == Code.MESSAGE_TOO_LARGE
    assert refusal.id.startswith("unidentified-")


def test_what_was_cut_in_redis_tells_its_size() -> None:
    """The worker gets these words in place of the message."""
    refusal = read_message(b"cut: 41943040 bytes, sha1 " + b"0a" * 20)
    assert isinstance(refusal, Refusal)
    assert refusal.code == Code.MESSAGE_TOO_LARGE
    assert "has 41943040 bytes" in refusal.message
    assert refusal.id.startswith("unidentified-")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"null", b"[]", b"5", b'"text"', b"{}", b'{"headers": 5}', b'{"headers": {}}'],
)
def test_what_has_no_id_is_stored_under_its_content(raw: bytes) -> None:
    first, again = read_message(raw), read_message(raw)
    assert isinstance(first, Refusal)
    assert first == again
    assert first.id.startswith("unidentified-")


def test_a_job_without_an_id_is_refused() -> None:
    """Celery's worker does not run it either; sent again, it would be a second call."""
    for raw in (message(headers_id=None), message(properties={"delivery_tag": "t", "body_encoding": "base64"})):
        entry = read_message(raw.replace(b'"id": "order-42"', b'"lang": "go"'))
        assert isinstance(entry, Refusal)
        assert (entry.code, entry.id[:13]) == (Code.INVALID_FIELD, "unidentified-")


def test_without_an_id_the_correlation_id_serves() -> None:
    properties = {"correlation_id": "order-42", "body_encoding": "base64"}
    assert read_message(message(headers_id=None, properties=properties)) == Job(id="order-42", to=JOB["to"])


@given(st.binary(max_size=200))
def test_no_bytes_break_it(raw: bytes) -> None:
    assert isinstance(read_message(raw), Refusal)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(payload=json_values, envelope=st.dictionaries(st.sampled_from(["body", "headers", "properties"]), json_values))
def test_no_json_breaks_it(payload: Any, envelope: dict[str, Any]) -> None:
    for raw in (message(payload), message(payload, **envelope)):
        entry = read_message(raw)
        assert isinstance(entry, (Job, Refusal))
        entry.id.encode()
