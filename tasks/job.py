"""A dial job as the producer wrote it, with the check of each field."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from config.masking import mask
from config.regions import did_you_mean
from tasks.codes import Code
from tasks.errors import JobError
from tasks.redial import Redial, parse_redial

DEFAULT_PRIORITY: Final = 5
PRIORITIES: Final = range(10)
_MAX_ID = 255  # the id is part of Redis keys and log lines
_MAX_TEXT = 256
_MAX_ATTRIBUTES = 50
_MAX_ATTRIBUTES_BYTES = 10 * 1024
_MAX_ATTEMPTS = 100


@dataclass(frozen=True, kw_only=True)
class Job:
    """The number to dial, and when to dial it. `None` means that the settings decide. repr shows no phone number."""

    #: Celery's task id, which is the idempotency key: one id is one call.
    id: str
    #: The number as the producer wrote it.
    to: str = field(repr=False)
    #: The caller ID as the producer wrote it; in JSON, the field is called `from`.
    caller_id: str | None = field(default=None, repr=False)
    #: The region (ISO 3166, such as "US") of a number without "+"; "ZZ" if it is international and has lost its "+".
    region: str | None = None
    user_id: str | None = None
    wrap_up_code_id: str | None = None
    #: The call is not sent before this time.
    not_before: datetime | None = None
    #: The call is not sent at or after this time: the outcome is then `expired`.
    not_after: datetime | None = None
    #: 0 to 9; 9 is sent first.
    priority: int = DEFAULT_PRIORITY
    batch: str | None = None
    #: Attributes of the conversation in Genesys Cloud (profile `public`).
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: How often the request may be sent in total.
    max_attempts: int | None = None
    #: Whether the callee is called again after a call that ended unanswered.
    redial: Redial | None = None

    def within(self, not_before: datetime | None, not_after: datetime | None) -> Self:
        """Return the job as it is when these times bind it as well as its own. Raises JobError: `invalid_field`."""
        starts = [instant for instant in (self.not_before, not_before) if instant]
        ends = [instant for instant in (self.not_after, not_after) if instant]
        start, end = max(starts, default=None), min(ends, default=None)
        if start and end and end <= start:
            raise JobError(Code.INVALID_FIELD, "not_after must be later than not_before.")
        return replace(self, not_before=start, not_after=end)

    def content(self) -> str:
        """Return the job as canonical JSON without its id: equal jobs give equal texts."""
        fields: dict[str, Any] = {
            "to": self.to,
            "from": self.caller_id,
            "region": self.region,
            "user_id": self.user_id,
            "wrap_up_code_id": self.wrap_up_code_id,
            "not_before": self.not_before and self.not_before.astimezone(UTC).isoformat(),
            "not_after": self.not_after and self.not_after.astimezone(UTC).isoformat(),
            "priority": self.priority,
            "batch": self.batch,
            "attributes": dict(self.attributes) or None,
            "max_attempts": self.max_attempts,
            "redial": self.redial and self.redial.content(),
        }
        present = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(present, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(content: str) -> str:
    """Return a short hash of a job's content, which distinguishes a replay from a conflict."""
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def parse_job_id(value: object) -> str:
    """Check the id of a job from a message, a file or the command line. Raises JobError (`invalid_field`)."""
    if not isinstance(value, str):
        raise JobError(Code.INVALID_FIELD, "id must be a string.")
    if not (0 < len(value) <= _MAX_ID and value.isprintable()):
        raise JobError(Code.INVALID_FIELD, f"id must be 1 to {_MAX_ID} printable characters.")
    return value


def parse_job(job_id: str, payload: object) -> Job:
    """Parse a decoded JSON object as a job.

    An optional field that is `null` counts as absent.

    Raises:
        JobError: `malformed_job`, `missing_field`, `unknown_field` or `invalid_field`; the message names the field.
    """
    if not isinstance(payload, dict):
        raise JobError(Code.MALFORMED_JOB, f"A job is a JSON object, not {_kind(payload)}.")
    unknown = sorted(str(name) for name in payload if name not in FIELDS)
    if unknown:
        # By mistake, a producer may have used a phone number as the name of a field.
        shown = ", ".join(mask(ascii(name[:40])) for name in unknown[:5])
        raise JobError(Code.UNKNOWN_FIELD, f"Unknown field: {shown}. Known fields: {', '.join(FIELDS)}.")
    if payload.get("to") is None:
        raise JobError(Code.MISSING_FIELD, "The field 'to', the number to call, is missing.")
    values = {
        attribute: read(name, payload[name])
        for name, (attribute, read) in FIELDS.items()
        if payload.get(name) is not None
    }
    return Job(id=job_id, **values).within(None, None)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise JobError(Code.INVALID_FIELD, f"{name} must be a string, not {_kind(value)}.")
    if not value.strip():
        raise JobError(Code.INVALID_FIELD, f"{name} is empty.")
    if len(value) > _MAX_TEXT:
        raise JobError(Code.INVALID_FIELD, f"{name} is longer than {_MAX_TEXT} characters.")
    return _encodable(name, value)


def _encodable(name: str, value: str) -> str:
    """Refuse half a surrogate pair, which is valid in JSON but cannot be stored as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise JobError(Code.INVALID_FIELD, f"{name} is not valid Unicode text.") from None
    return value


def _region(name: str, value: object) -> str:
    text = _text(name, value).strip().upper()
    if not (len(text) == 2 and text.isascii() and text.isalpha()):  # noqa: PLR2004 - ISO 3166 alpha-2
        hint = did_you_mean(text)
        raise JobError(Code.INVALID_FIELD, f"{name} must be a two-letter country code such as US{hint}.")
    return text


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise JobError(Code.INVALID_FIELD, f"{name} must be a whole number from {low} to {high}.")
        return value

    return read


def _instant(name: str, value: object) -> datetime:
    text = _text(name, value)
    try:
        instant = datetime.fromisoformat(text)
        offset = instant.utcoffset()
        if offset is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise JobError(Code.INVALID_FIELD, f"{name} must be ISO 8601 with an offset, such as 2026-11-23T09:00:00+01:00.")


def _attributes(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise JobError(Code.INVALID_FIELD, f"{name} must be an object whose values are strings.")
    size = sum(len(_encodable(name, k + v).encode()) for k, v in value.items())
    if len(value) > _MAX_ATTRIBUTES or size > _MAX_ATTRIBUTES_BYTES:
        raise JobError(Code.INVALID_FIELD, f"{name} may have at most {_MAX_ATTRIBUTES} entries and 10 KB in total.")
    return dict(value)


#: Name of the field in JSON -> attribute of `Job`, and the function that checks its value.
FIELDS: Final[dict[str, tuple[str, Callable[[str, object], Any]]]] = {
    "to": ("to", _text),
    "from": ("caller_id", _text),
    "region": ("region", _region),
    "user_id": ("user_id", _text),
    "wrap_up_code_id": ("wrap_up_code_id", _text),
    "not_before": ("not_before", _instant),
    "not_after": ("not_after", _instant),
    "priority": ("priority", _whole(0, 9)),
    "batch": ("batch", _text),
    "attributes": ("attributes", _attributes),
    "max_attempts": ("max_attempts", _whole(1, _MAX_ATTEMPTS)),
    "redial": ("redial", parse_redial),
}
