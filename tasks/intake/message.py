"""What stands on the producers' queue: Celery's message protocols 2 and 1, read as a dial job.

    {"body": base64 of JSON, "content-type": …, "headers": {…}, "properties": {"body_encoding": "base64", …}}

    protocol 2   headers {"task", "id", "eta", "expires", …},  body [args, kwargs, {…}]
    protocol 1   headers {} or null,  body {"task", "id", "args", "kwargs", "eta", "expires", …}

https://docs.celeryq.dev/en/stable/internals/protocol.html. What Celery's own worker would run is read here as well.
Nothing here raises: a message that is not a valid job becomes a refusal, under the message's own id if it has one.
"""

import hashlib
import logging
import re
from typing import Any, Final

from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.intake.decoding import as_object, read_body, read_envelope
from tasks.intake.identity import Identity, identify, unidentified
from tasks.intake.options import read_priority, read_time, refuse_what_nobody_runs
from tasks.job import Job, parse_job
from tasks.ledger.accept import Refusal
from tasks.store.keys import MAX_BYTES, MAX_READ_BYTES

log = logging.getLogger("dialer.message")

TASK: Final = "dial"
_CUT = re.compile(rb"cut: ([0-9]{1,12}) bytes, sha1 [0-9a-f]{40}")  # no JSON begins like this


def read_message(raw: bytes) -> Job | Refusal:
    """Return the job in a raw queue message, or why there is none."""
    message = _Message(raw)
    try:
        return message.job()
    except JobError as error:
        code, told = error.code, error.message
    except Exception:
        # One message that meets a defect of Dialer must not hold up the messages behind it.
        log.exception("unexpected error while reading a message", extra={"job_id": message.identity.record})
        code, told = Code.INTERNAL_ERROR, WORDS[Code.INTERNAL_ERROR].meaning
    return Refusal(
        id=message.identity.record,
        result_id=message.identity.result,
        fingerprint=message.digest,
        code=code,
        message=told,
    )


class _Message:
    """One message while it is read: `identity` is the best that is known so far."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.digest = hashlib.sha256(raw).hexdigest()[:32]
        self.identity: Identity = unidentified(self.digest)

    def job(self) -> Job:
        """Return the job. Raises JobError."""
        self._check_readable()
        envelope = read_envelope(self._raw)
        headers, properties = as_object(envelope.get("headers")), as_object(envelope.get("properties"))
        self._identify(headers.get("id"), properties.get("correlation_id"))
        # Up to MAX_READ_BYTES, even a message that is too large is read for its id: its producer waits for an answer.
        if len(self._raw) > MAX_BYTES:
            raise _too_large(len(self._raw))
        body = read_body(envelope, headers, properties)
        if isinstance(body, dict) and ("task" not in headers or body.keys() & {"args", "kwargs"}):
            options = body | {name: value for name, value in headers.items() if value is not None}
            self._identify(options.get("id"), properties.get("correlation_id"))
            args, kwargs, embed = _protocol_1(body)
        else:
            options = headers
            args, kwargs, embed = _protocol_2(body)
        job_id = self.identity.job_id()
        if options.get("task") != TASK:
            raise JobError(Code.UNKNOWN_TASK)
        refuse_what_nobody_runs(options, embed)
        payload = _only_argument(args, kwargs)
        if isinstance(payload, dict) and payload.get("priority") is None:
            payload = {**payload, "priority": read_priority(properties)}
        job = parse_job(job_id, payload)
        return job.within(read_time(options, "eta"), read_time(options, "expires"))

    def _check_readable(self) -> None:
        if cut := _CUT.fullmatch(self._raw):
            raise _too_large(int(cut[1]))
        if len(self._raw) > MAX_READ_BYTES:
            raise _too_large(len(self._raw))

    def _identify(self, *candidates: object) -> None:
        """Know the message by the first id that is there."""
        found = next((candidate for candidate in candidates if candidate is not None), None)
        if found is not None:
            self.identity = identify(found)


def _too_large(size: int) -> JobError:
    return JobError(Code.MESSAGE_TOO_LARGE, f"The message has {size} bytes; {MAX_BYTES} is the limit.")


def _protocol_1(body: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """Return args and kwargs of a body; its options are among its fields."""
    return body.get("args"), body.get("kwargs"), {}


def _protocol_2(body: object) -> tuple[Any, Any, dict[str, Any]]:
    """Return args, kwargs and the options of a body. Raises JobError."""
    if not isinstance(body, list) or len(body) not in {2, 3}:
        raise JobError(Code.MALFORMED_MESSAGE, "The message's body is not [args, kwargs, …].")
    args, kwargs, embed = body if len(body) == 3 else [*body, {}]  # noqa: PLR2004 - embed is absent
    return args, kwargs, as_object(embed)


def _only_argument(args: object, kwargs: object) -> Any:
    """Return the one argument of the task, positional or named `job`. Raises JobError: `malformed_job`."""
    if isinstance(args, list) and len(args) == 1 and not kwargs:
        return args[0]
    if not args and isinstance(kwargs, dict) and kwargs.keys() == {"job"}:
        return kwargs["job"]
    raise JobError(Code.MALFORMED_JOB)
