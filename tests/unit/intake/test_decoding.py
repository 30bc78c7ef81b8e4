"""Every form of JSON message that Celery's own worker reads is read; every other one is refused."""

import base64
import codecs
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from encodings.aliases import aliases
from typing import Any
from uuid import UUID

import pytest
from kombu.utils.json import dumps

from tasks.codes import Code
from tasks.intake.message import read_message
from tasks.job import Job
from tasks.ledger.accept import Refusal
from tests.support.messages import JOB, message

EXPECTED = Job(id="order-42", to=JOB["to"])


@pytest.mark.parametrize(
    "encoding",
    [
        *(
            "utf-8",
            "UTF-8",
            "utf8",
            "UTF8",
            "utf_8",
            "Utf 8",
            "u8",
            "cp65001",
            "us-ascii",
            "ascii",
            "US-ASCII",
            "646",
        ),
        *("ANSI_X3.4-1968", "iso646-us", "binary", "BINARY", "ascii-8bit", "ASCII-8BIT", "", None),
    ],
)
def test_any_name_of_utf_8_will_do(encoding: str | None) -> None:
    assert read_message(message(**{"content-encoding": encoding})) == EXPECTED


def is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name in {"utf-8", "ascii"}
    except LookupError:
        return False  # a codec of Windows only


def test_the_names_are_pythons() -> None:
    for name in aliases:
        entry = read_message(message(**{"content-encoding": name}))
        assert isinstance(entry, Job) == is_utf8(name), name


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-7", "zlib", "rot13", "x" * 1000, "\x00", "\ud800", 8])
def test_any_other_encoding_is_refused(encoding: Any) -> None:
    entry = read_message(message(**{"content-encoding": encoding}))
    assert isinstance(entry, Refusal)
    assert entry.code == Code.UNSUPPORTED_CONTENT_TYPE


BODY = json.dumps([[JOB], {}, {}])
PROTOCOL_1 = json.dumps({"task": "dial", "id": "order-42", "args": [JOB], "kwargs": {}, "eta": None})


@pytest.mark.parametrize(
    "changes",
    [
        {"raw_body": PROTOCOL_1, "headers": None},
        {"raw_body": PROTOCOL_1, "headers": {}},
        {"raw_body": PROTOCOL_1, "headers": {"lang": "go"}},
        {"raw_body": json.dumps({"task": "dial", "id": "order-42", "kwargs": {"job": JOB}}), "headers": None},
        {"raw_body": json.dumps({"args": [JOB], "kwargs": {}})},  # both protocols at once
        {"raw_body": json.dumps([[], {"job": JOB}, None])},
        {"raw_body": json.dumps([None, {"job": JOB}])},
        {"raw_body": json.dumps([[JOB], None, []])},
        {"raw_body": json.dumps([[JOB], []])},
        {"body": BODY, "properties": {}},
        {"body": BODY, "properties": None},
        {"body": BODY, "properties": {"body_encoding": None}},
        {"body": base64.encodebytes(BODY.encode() + b" " * 100).decode()},
        {"body": base64.b64encode(BODY.encode()).decode(), "properties": {"body_encoding": "BASE64"}},
    ],
)
def test_every_shape_of_a_message_that_celery_runs_is_read(changes: dict[str, Any]) -> None:
    assert read_message(message(**changes)) == EXPECTED


def test_headers_that_are_missing_mean_protocol_1() -> None:
    envelope = json.loads(message(raw_body=PROTOCOL_1))
    del envelope["headers"]
    assert read_message(json.dumps(envelope).encode()) == EXPECTED


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ([JOB], {"job": JOB}),
        ([], {"job": JOB, "region": "US"}),
        ([], JOB),
        ([], {"jobs": JOB}),
        ([JOB], {"region": "US"}),
        ([JOB, JOB], {}),
        ([], {}),
        ({"job": JOB}, {}),
        ([], [JOB]),
        (JOB["to"], {}),
    ],
)
def test_anything_but_one_job_is_refused(args: Any, kwargs: Any) -> None:
    entry = read_message(message(raw_body=json.dumps([args, kwargs, {}])))
    assert isinstance(entry, Refusal)
    assert entry.code == Code.MALFORMED_JOB


ODD: dict[Any, tuple[Any, ...]] = {
    "datetime": (7, None, "soon", [], {"a": 1}),
    "uuid": ("x", {"hex": "x"}, {"hexe": "0"}, 7, None, {"int": 10**400}),
    "decimal": ("x", {}, None, "1" + "0" * 5000 + "x"),
    "bytes": (7, None, "\ud800"),
    "base64": ("a", "/w==", 7),
    "celery.Signature": ("x",),
    None: ("x",),
    7: ("x",),
    "": ("x",),
    (): ("x",),  # a list in JSON, which no dict has as a key
}
as_kombu: Any = dumps
WHEN = datetime(2099, 1, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (WHEN, "2099-01-01T09:00:00+00:00"),
        (date(2099, 1, 1), "2099-01-01"),
        (time(9, 30), "09:30:00"),
        (Decimal("12.50"), "12.50"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (b"bytes", "bytes"),
    ],
)
def test_typed_values_become_what_a_job_takes(value: Any, text: str) -> None:
    """As kombu itself writes them."""
    job = read_message(message(raw_body=as_kombu([[JOB | {"attributes": {"k": value}}], {}, {}])))
    assert isinstance(job, Job), job
    assert job.attributes == {"k": text}


def test_a_datetime_is_a_time() -> None:
    job = read_message(message(raw_body=as_kombu([[JOB | {"not_before": WHEN, "not_after": None}], {}, {}])))
    assert isinstance(job, Job)
    assert job.not_before == WHEN


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in ODD for value in ODD[kind]])
def test_a_typed_value_that_is_none_is_refused(kind: Any, value: Any) -> None:
    body = json.dumps([[JOB | {"attributes": {"k": {"__type__": kind, "__value__": value}}}], {}, {}])
    entry = read_message(message(raw_body=body))
    assert isinstance(entry, Refusal)
    assert (entry.id, entry.code) == ("order-42", Code.MALFORMED_MESSAGE)
