"""Ids that no job can have: the same id is the same refusal, and its producer is answered under the id as it came."""

import hashlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from tasks.codes import Code
from tasks.intake.identity import MAX_ANSWERED_BYTES, identify
from tasks.intake.message import read_message
from tasks.job import Job
from tasks.ledger.accept import Refusal
from tasks.store import keys
from tests.support.ground import Ground
from tests.support.messages import message

#: Texts that Celery takes as a task id, and `AsyncResult` asks for.
UNUSABLE_TEXTS = (
    "order\u00a045",
    "line\nbreak",
    "y" * 300,
    "",
    "\x00",
    "order\t45",
    "\x7f",
    "order\u200b45",
    "\ufeff45",
    "a\u2028b",
    "\u202e45",
    "soft\u00adhyphen",
    "n\u0303" * 200,
    "\U000e0041",
    "\ue000",
    "\u3000",
    "\u0085",
    "\uffff",
)
#: Ids for which no program can ask.
NO_TEXTS: tuple[Any, ...] = (7, 0, -1, 1.5, True, False, [], ["a"], {}, {"a": 1}, 10**400, "\ud800", "a\udfffb")


def refusal(job_id: object, tag: int = 0) -> Refusal:
    properties = {"body_encoding": "base64", "delivery_tag": str(tag)}
    entry = read_message(message(headers_id=job_id, properties=properties))
    assert isinstance(entry, Refusal), entry
    return entry


@pytest.mark.parametrize("job_id", [*UNUSABLE_TEXTS, *NO_TEXTS], ids=lambda value: ascii(value)[:20])
def test_the_same_id_twice_is_one_refusal(job_id: object) -> None:
    first, again = refusal(job_id, 1), refusal(job_id, 2)
    assert (first.code, first.id, first.result_id) == (Code.INVALID_FIELD, again.id, again.result_id)
    assert first.id.startswith("unusable-")
    assert len(first.id) == len("unusable-") + 32
    first.message.encode()


@pytest.mark.parametrize("job_id", UNUSABLE_TEXTS, ids=lambda value: ascii(value)[:20])
def test_a_text_is_answered_as_it_came(job_id: str) -> None:
    found = refusal(job_id)
    assert found.result_id == job_id
    assert found.id == f"unusable-{hashlib.sha256(job_id.encode()).hexdigest()[:32]}"


@pytest.mark.parametrize("job_id", NO_TEXTS, ids=lambda value: ascii(value)[:20])
def test_what_is_no_text_never_touches_the_result_of_a_job(job_id: object) -> None:
    """The number 7 is not the text "7", which may be another job's id."""
    found = refusal(job_id)
    assert found.result_id == found.id


def test_different_ids_are_different_refusals() -> None:
    found = {refusal(job_id).id for job_id in (*UNUSABLE_TEXTS, *NO_TEXTS)}
    assert len(found) == len(UNUSABLE_TEXTS) + len(NO_TEXTS)


def test_a_huge_id_is_refused_and_not_stored() -> None:
    longest, longer = "y" * MAX_ANSWERED_BYTES, "y" * (MAX_ANSWERED_BYTES + 1)
    assert refusal(longest).result_id == longest
    assert refusal(longer).result_id == refusal(longer).id
    found = read_message(message(headers_id="y" * 1_000_000))
    assert isinstance(found, Refusal)
    assert (found.code, len(found.id)) == (Code.MESSAGE_TOO_LARGE, 41)
    assert found.result_id == found.id


def test_ids_that_differ_in_normalization_only_are_two_ids() -> None:
    """As they are for Celery and for Redis: Dialer compares ids byte for byte."""
    composed, decomposed = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    entries = [read_message(message(headers_id=job_id)) for job_id in (composed, decomposed)]
    assert all(isinstance(entry, Job) for entry in entries)
    assert [entry.id for entry in entries] == [composed, decomposed]


def test_a_uuid_object_is_its_text_as_for_celery() -> None:
    typed = {"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678"}}
    assert read_message(message(headers_id=typed)).id == "12345678-1234-5678-1234-567812345678"


def test_an_unusable_id_of_protocol_1_is_refused_alike() -> None:
    body = {"task": "dial", "id": "order\u00a045", "args": [{"to": "+12125551234"}], "kwargs": {}}
    entry = read_message(message(raw_body=json.dumps(body), headers=None))
    assert isinstance(entry, Refusal)
    assert (entry.code, entry.id) == (Code.INVALID_FIELD, refusal("order\u00a045").id)


def test_a_usable_correlation_id_does_not_stand_in_for_an_unusable_id() -> None:
    """The job would be called under an id that its producer does not know."""
    properties = {"body_encoding": "base64", "correlation_id": "order-45"}
    entry = read_message(message(headers_id="order\u00a045", properties=properties))
    assert isinstance(entry, Refusal)
    assert entry.id == refusal("order\u00a045").id


@pytest.mark.parametrize("fault", [{"headers_task": "other"}, {"body": "%%%"}, {"content-type": "text/plain"}])
def test_another_fault_of_the_message_is_told_under_the_same_record(fault: dict[str, Any]) -> None:
    entry = read_message(message(headers_id="order\u00a045", **fault))
    assert isinstance(entry, Refusal)
    assert (entry.id, entry.result_id) == (refusal("order\u00a045").id, "order\u00a045")


def test_the_message_shows_the_id_without_a_number_in_it() -> None:
    assert refusal("+12125551234\n").message.startswith("The id '+*********34\\n' cannot be used: ")


@given(st.text() | st.text(st.characters(min_codepoint=0x80)))
def test_any_text_names_one_record_and_one_result(job_id: str) -> None:
    found = identify(job_id)
    assert found == identify(job_id)
    assert (found.record == job_id) == (not found.fault)
    assert found.result in {job_id, found.record}
    found.record.encode()
    found.result.encode()


@pytest.mark.parametrize("job_id", UNUSABLE_TEXTS, ids=lambda value: ascii(value)[:20])
def test_celerys_result_has_the_id_byte_for_byte(job_id: str, redis_client: Redis) -> None:
    """In its key, and in `task_id`, by which Celery's client recognizes what the channel tells it."""
    ground = Ground.over(redis_client)
    for tag in (1, 2):
        ground.ledger.accept([refusal(job_id, tag)])
    stored: Any = redis_client.get(f"celery-task-meta-{job_id}")
    told = json.loads(stored)
    record = refusal(job_id).id
    assert (told["task_id"], told["result"]["id"], told["result"]["code"]) == (job_id, record, "invalid_field")
    assert redis_client.exists(keys.job(record), keys.job(job_id)) == 1
    assert ground.records.counts()["rejected"] == 1
