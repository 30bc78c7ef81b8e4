"""What Celery's options become: each is honored, harmless, or refused with a code; none is dropped."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tasks.codes import Code
from tasks.intake.message import read_message
from tasks.intake.options import HARMLESS, HONORED, REFUSED
from tasks.job import DEFAULT_PRIORITY, Job
from tasks.ledger.accept import Refusal
from tests.support.messages import JOB, message

DOCS = Path(__file__).parents[3] / "docs/reference/jobs.md"
LATER = {"task": "other", "args": [], "kwargs": {}, "options": {}}


def job_of(**changes: Any) -> Job:
    entry = read_message(message(**changes))
    assert isinstance(entry, Job), entry
    return entry


def code_of(**changes: Any) -> Code:
    entry = read_message(message(**changes))
    assert isinstance(entry, Refusal), entry
    assert entry.id == "order-42"
    return entry.code


@pytest.mark.parametrize("protocol", [1, 2])
def test_what_becomes_of_each_option_of_celery_is_decided(protocol: int) -> None:
    app = Celery(set_as_current=False)
    made = app.amqp.task_protocols[protocol]("id", "dial", ({},), {})
    options = {*made.headers, *(made.body if protocol == 1 else made.body[2])}
    assert options <= {*HONORED, *HARMLESS, *REFUSED}
    assert len({*HONORED, *HARMLESS, *REFUSED}) == len(HONORED) + len(HARMLESS) + len(REFUSED)


def test_the_docs_have_each_option() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    for name, told in [*HONORED.items(), *HARMLESS.items()]:
        assert any(f"`{name}`" in row and told in row for row in rows), name
    for name, told in REFUSED.items():
        assert any(f"`{name}`" in row and told in row and "unsupported_option" in row for row in rows), name


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("place", ["embed", "headers", "protocol 1"])
def test_tasks_that_nobody_would_run_are_refused(name: str, place: str) -> None:
    asked: Any = LATER if name == "chord" else [LATER]
    if place == "embed":
        assert code_of(raw_body=json.dumps([[JOB], {}, {name: asked}])) == Code.UNSUPPORTED_OPTION
    elif place == "headers":
        assert code_of(**{f"headers_{name}": asked}) == Code.UNSUPPORTED_OPTION
    else:
        body = {"task": "dial", "id": "order-42", "args": [JOB], name: asked}
        assert code_of(raw_body=json.dumps(body), headers=None) == Code.UNSUPPORTED_OPTION


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_no_such_tasks_are_no_fault(name: str, nothing: Any) -> None:
    assert job_of(raw_body=json.dumps([[JOB], {}, {name: nothing}])).to == JOB["to"]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-23T09:00:00+01:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2026-11-23T09:00:00", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23T09:00:00Z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23 09:00:00.5", datetime(2026, 11, 23, 9, 0, 0, 500000, tzinfo=UTC)),
        ("20261123T090000Z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ({"__type__": "datetime", "__value__": "2026-11-23T09:00:00"}, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_times_are_read_as_celerys_worker_reads_them(written: Any, instant: datetime | None) -> None:
    assert job_of(headers_eta=written).not_before == instant
    assert job_of(headers_expires=written).not_after == instant


@pytest.mark.parametrize("name", ["eta", "expires"])
@pytest.mark.parametrize(
    "written",
    [
        1700000000,
        1900000000,
        1700000000000,
        60,
        0,
        -1,
        1.5,
        True,
        False,
        [],
        {},
        "60",
        "soon",
        "1700000000",
        "\ud800",
    ],
)
def test_a_time_that_can_mean_several_is_refused_and_never_dropped(name: str, written: Any) -> None:
    assert code_of(**{f"headers_{name}": written}) == Code.INVALID_FIELD
    body = {"task": "dial", "id": "order-42", "args": [JOB], name: written}
    assert code_of(raw_body=json.dumps(body), headers=None) == Code.INVALID_FIELD


def test_a_local_time_of_protocol_1_is_refused() -> None:
    """Only the producer knows its zone (`enable_utc=False`)."""
    body = {"task": "dial", "id": "order-42", "args": [JOB], "utc": False}
    assert code_of(raw_body=json.dumps(body | {"eta": "2026-11-23T09:00:00"}), headers=None) == Code.INVALID_FIELD
    assert job_of(raw_body=json.dumps(body | {"eta": "2026-11-23T09:00:00Z"}), headers=None).not_before


def test_the_jobs_own_times_and_celerys_both_bind() -> None:
    early, late = "2026-11-23T09:00:00+00:00", "2026-11-23T10:00:00+00:00"
    for field, header, kept in (("not_before", "eta", late), ("not_after", "expires", early)):
        for one, other in ((early, late), (late, early)):
            job = job_of(payload=JOB | {field: one}, **{f"headers_{header}": other})
            assert getattr(job, field) == datetime.fromisoformat(kept)
    assert code_of(payload=JOB | {"not_before": late}, headers_expires=early) == Code.INVALID_FIELD


@pytest.mark.parametrize(
    ("priority", "becomes"),
    [
        (0, 5),
        (2, 5),
        (3, 4),
        (5, 4),
        (6, 3),
        (8, 3),
        (9, 2),
        (255, 2),
        (-1, 5),
        ("9", 2),
        (None, 5),
        ([], 5),
        ("x", 5),
    ],
)
def test_a_message_priority_orders_jobs_as_celery_orders_messages(priority: Any, becomes: int) -> None:
    properties = {"body_encoding": "base64", "priority": priority}
    assert job_of(properties=properties).priority == becomes
    assert job_of(payload=JOB | {"priority": 7}, properties=properties).priority == 7
    assert job_of().priority == DEFAULT_PRIORITY


def test_a_message_priority_without_end_is_none() -> None:
    raw = message(properties={"body_encoding": "base64", "priority": 12321}).replace(b"12321", b"1e999")
    assert read_message(raw) == Job(id="order-42", to=JOB["to"])
