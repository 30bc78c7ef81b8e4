"""Whose message this is: the id that names the job, or, for an id that cannot, the names of its refusal.

    the producer's id       record                               Celery's result
    can be used             dialer:job:<id>                      celery-task-meta-<id>
    a text that cannot      dialer:job:unusable-<hash of id>     celery-task-meta-<id>, byte for byte
    no text, or no UTF-8    dialer:job:unusable-<hash of id>     no producer can ask for it
    none at all             dialer:job:unidentified-<hash of the message>

The hash is taken of the id and not of the message: the same id sent twice is one record.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

from config.masking import mask
from tasks.codes import Code
from tasks.errors import JobError
from tasks.job import parse_job_id

#: The longest id, in bytes, under which an answer is stored: it is part of a key, a channel and the answer itself.
MAX_ANSWERED_BYTES: Final = 4096
_SHOWN: Final = 40


@dataclass(frozen=True, kw_only=True)
class Identity:
    """`record` names the record of the message, and `result` Celery's result; repr shows none of it."""

    record: str = field(repr=False)
    result: str = field(repr=False)
    #: Why no job can have this id; empty if one can.
    fault: str = field(default="", repr=False)

    def job_id(self) -> str:
        """Return the id of the job. Raises JobError if no job can have it."""
        if self.fault:
            raise JobError(Code.INVALID_FIELD, self.fault)
        return self.record


def unidentified(digest: str) -> Identity:
    """Return the identity of a message without an id: it is known by a digest of its content."""
    record = f"unidentified-{digest}"
    return Identity(record=record, result=record, fault="The message has no id, so it could not be told from others.")


def identify(value: object) -> Identity:
    """Return the identity of the message with this id, which may be any JSON value."""
    try:
        job_id = parse_job_id(value)
    except JobError as error:
        shown = mask(ascii(value[:_SHOWN] if isinstance(value, str) else value)[: _SHOWN + 2])
        record = f"unusable-{hashlib.sha256(_bytes(value)).hexdigest()[:32]}"
        result = value if isinstance(value, str) and _can_be_answered(value) else record
        return Identity(record=record, result=result, fault=f"The id {shown} cannot be used: {error.message}")
    return Identity(record=job_id, result=job_id)


def _can_be_answered(job_id: str) -> bool:
    try:
        return len(job_id.encode()) <= MAX_ANSWERED_BYTES
    except UnicodeEncodeError:
        return False  # half a surrogate pair: JSON can carry it, no key can


def _bytes(value: object) -> bytes:
    """Return the id as bytes, for its hash; no two ids have the same."""
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    try:
        return b"\xff" + json.dumps(value, sort_keys=True).encode()  # no UTF-8 text begins like this
    except (ValueError, RecursionError):
        return b"\xff"
