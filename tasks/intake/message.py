"""What stands on the producers' queue: Celery's message protocol 2, and 1, read as a dial job.

    {"body": base64 of JSON, "content-type": …, "headers": {…}, "properties": {"body_encoding": "base64", …}}

    protocol 2   headers {"task", "id", "eta", "expires"},  body [args, kwargs, {…}]
    protocol 1   headers {},  body {"task", "id", "args", "kwargs", "eta", "expires"}

https://docs.celeryq.dev/en/stable/internals/protocol.html. Only JSON is ever decoded, and nothing here raises: what
does not parse becomes a refusal, under the message's own id where that can be read.
"""

import base64
import binascii
import hashlib
import json
import logging
import re
from contextlib import suppress
from typing import Any, Final

from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.job import Job, parse_job, parse_job_id
from tasks.ledger.accept import Refusal
from tasks.store.keys import MAX_BYTES, MAX_READ_BYTES

log = logging.getLogger("dialer.message")

TASK: Final = "dial"
_CUT = re.compile(rb"cut: ([0-9]{1,12}) bytes, sha1 [0-9a-f]{40}")  # no JSON begins like this
_JSON_TYPES = ("application/json", "application/x-json", "text/json")


def read_message(raw: bytes) -> Job | Refusal:
    """The job in a raw queue message, or why there is none."""
    digest = hashlib.sha256(raw).hexdigest()[:32]
    # Known by its content: the same message read twice is still one.
    job_id = f"unidentified-{digest}"
    try:
        if cut := _CUT.fullmatch(raw):
            raise _too_large(int(cut[1]))
        # Up to a bound, even a message that is too large is asked for its id: its producer waits for an answer.
        envelope = _object(_json(raw)) if len(raw) <= MAX_READ_BYTES else {"headers": {}, "properties": {}}
        headers, properties = _object(envelope.get("headers")), _object(envelope.get("properties"))
        job_id = _job_id(headers.get("id"), properties.get("correlation_id")) or job_id
        if len(raw) > MAX_BYTES:
            raise _too_large(len(raw))
        body = _body(envelope, headers, properties)
        if "task" not in headers:
            headers = _object(body)
            job_id = _job_id(headers.get("id")) or job_id
            body = [headers.get("args") or [], headers.get("kwargs") or {}]
        return _job(job_id, headers, body)
    except JobError as error:
        return Refusal(id=job_id, fingerprint=digest, code=error.code, message=error.message)
    except Exception:
        # One message that meets a defect of ours must not hold up all that stand behind it.
        log.exception("unexpected error while reading a message", extra={"job_id": job_id})
        words = WORDS[Code.INTERNAL_ERROR]
        return Refusal(id=job_id, fingerprint=digest, code=Code.INTERNAL_ERROR, message=words.meaning)


def _too_large(size: int) -> JobError:
    return JobError(Code.MESSAGE_TOO_LARGE, f"The message has {size} bytes; {MAX_BYTES} is the limit.")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, NaN, or a number of thousands of digits.
        raise JobError(Code.MALFORMED_MESSAGE, "The message is not JSON in UTF-8.") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise JobError(Code.MALFORMED_MESSAGE)
    return value


def _job_id(*candidates: object) -> str | None:
    """The first that can serve as a job id."""
    for candidate in candidates:
        with suppress(JobError):
            return parse_job_id(candidate)
    return None


def _body(envelope: dict[str, Any], headers: dict[str, Any], properties: dict[str, Any]) -> Any:
    content_type, encoding = envelope.get("content-type"), envelope.get("content-encoding") or "utf-8"
    if content_type not in _JSON_TYPES or str(encoding).lower() not in {"utf-8", "us-ascii", "ascii"}:
        raise JobError(Code.UNSUPPORTED_CONTENT_TYPE)
    if headers.get("compression"):
        raise JobError(Code.UNSUPPORTED_CONTENT_TYPE, "The message is compressed.")
    body = envelope.get("body")
    if not isinstance(body, str):
        raise JobError(Code.MALFORMED_MESSAGE, "The message has no body.")
    if properties.get("body_encoding") != "base64":
        return _json(body.encode(errors="replace"))
    try:
        return _json(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError):
        raise JobError(Code.MALFORMED_MESSAGE, "The message's body is not base64.") from None


def _job(job_id: str, headers: dict[str, Any], body: object) -> Job:
    if headers.get("task") != TASK:
        raise JobError(Code.UNKNOWN_TASK)
    if not isinstance(body, list) or len(body) < 2:  # noqa: PLR2004 - args and kwargs
        raise JobError(Code.MALFORMED_MESSAGE, "The message's body is not [args, kwargs, …].")
    args, kwargs = body[0], body[1]
    if not isinstance(args, list) or len(args) != 1 or kwargs:
        raise JobError(Code.MALFORMED_JOB)
    payload = args[0]
    if isinstance(payload, dict):
        # A producer that says apply_async(countdown=…, expires=…) means what Celery would do with it.
        for field, header in (("not_before", "eta"), ("not_after", "expires")):
            if isinstance(headers.get(header), str) and payload.get(field) is None:
                payload = {**payload, field: _with_offset(headers[header])}
    return parse_job(job_id, payload)


def _with_offset(instant: str) -> str:
    """Celery writes naive times in UTC."""
    naive = "T" in instant and not instant.endswith("Z") and not set("+-") & set(instant.partition("T")[2])
    return f"{instant}+00:00" if naive else instant
