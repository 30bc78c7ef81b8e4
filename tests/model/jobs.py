"""The jobs that the model plays with: few, so that everything happens to each of them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tasks.job import Job, parse_job
from tests.support.messages import message

BATCHES: Final = ("b1", "b2")
_NOW: Final = datetime.now(UTC)
_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "plain": {"to": "+12125551000"},
    "batched": {"to": "+12125551001", "batch": "b1", "priority": 9},
    "timed": {
        "to": "+12125551002",
        "batch": "b1",
        "not_before": (_NOW + timedelta(minutes=2)).isoformat(),
        "not_after": (_NOW + timedelta(hours=6)).isoformat(),
    },
    "short": {"to": "+12125551003", "batch": "b2", "not_after": (_NOW + timedelta(minutes=5)).isoformat()},
}
IDS: Final = sorted(_FIELDS)
#: A task id that no job can have, and the name of its record.
BAD_ID: Final = "order\u00a045"
BAD: Final = f"unusable-{hashlib.sha256(BAD_ID.encode()).hexdigest()[:32]}"
#: Record -> the id by which its producer knows it.
SENT_AS: Final = {job_id: job_id for job_id in IDS} | {BAD: BAD_ID}
KINDS: Final = ("same", "same", "other", "garbage", "same", "bad id")


def job(job_id: str, kind: str = "same") -> Job:
    """The job, or with `other` another one under the same id."""
    return parse_job(job_id, _fields(job_id, kind))


def raw_message(job_id: str, kind: str, tag: int) -> bytes:
    """The same as a message, by its `tag` like no other; `garbage` has the job's id and is not a valid job.

    With `bad id`, the job is sent under the one that cannot be used.
    """
    properties = {"body_encoding": "base64", "delivery_tag": str(tag)}
    payload = {} if kind == "garbage" else _fields(job_id, kind)
    return message(payload, headers_id=BAD_ID if kind == "bad id" else job_id, properties=properties)


def _fields(job_id: str, kind: str) -> dict[str, Any]:
    return _FIELDS[job_id] | ({"to": "+12125559999", "batch": "b2"} if kind == "other" else {})
