"""The text of a message as JSON, in every form that Celery's own worker reads; no other format is ever decoded.

Celery reads a JSON body as UTF-8, whatever `content-encoding` says. Dialer does the same for the names that agree
with that, and refuses the others: the producer means other characters. kombu writes values that JSON does not have
as {"__type__": "datetime", "__value__": …}; here each becomes the text that a job's field expects.
"""

import base64
import json
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Any, Final
from uuid import UUID

from tasks.codes import Code
from tasks.errors import JobError

_JSON_TYPES: Final = ("application/json", "application/x-json", "text/json")
_UTF_8: Final = {"utf_8", "ascii"}
#: kombu's names for a body that needs no decoding, and Python's names for UTF-8 and ASCII. `codecs.lookup` would
#: remember every name that a producer ever sent.
_ENCODINGS: Final = frozenset(
    {"binary", "ascii_8bit", *_UTF_8, *(alias for alias, codec in aliases.items() if codec in _UTF_8)}
)


def read_envelope(raw: bytes) -> dict[str, Any]:
    """Return the message's outermost object. Raises JobError."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise JobError(Code.MALFORMED_MESSAGE, "The message is not JSON in UTF-8.") from None
    return as_object(_json(text))


def read_body(envelope: dict[str, Any], headers: dict[str, Any], properties: dict[str, Any]) -> Any:
    """Return the message's body, decoded. Raises JobError."""
    encoding = envelope.get("content-encoding") or "utf-8"
    if envelope.get("content-type") not in _JSON_TYPES or not _is_utf8(encoding):
        raise JobError(Code.UNSUPPORTED_CONTENT_TYPE)
    if headers.get("compression"):
        raise JobError(Code.UNSUPPORTED_CONTENT_TYPE, "The message is compressed.")
    body = envelope.get("body")
    if not isinstance(body, str):
        raise JobError(Code.MALFORMED_MESSAGE, "The message has no body.")
    if str(properties.get("body_encoding")).lower() != "base64":
        return _json(body)
    try:
        # Ruby and PHP break base64 into lines; Celery's decoder skips the line breaks.
        return _json(base64.b64decode("".join(body.split()), validate=True).decode())
    except ValueError:
        told = "The message's body is not JSON in UTF-8 and base64."
        raise JobError(Code.MALFORMED_MESSAGE, told) from None


def as_object(value: object) -> dict[str, Any]:
    """Return the value if it is a JSON object; what is null or empty is one without entries. Raises JobError."""
    if isinstance(value, dict):
        return value
    if not value:
        return {}
    raise JobError(Code.MALFORMED_MESSAGE)


def _is_utf8(encoding: object) -> bool:
    return isinstance(encoding, str) and normalize_encoding(encoding).lower() in _ENCODINGS


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_hook=_typed)
    except (ValueError, RecursionError):
        # ValueError: not JSON, NaN, a number of thousands of digits, or a typed value that is none.
        raise JobError(Code.MALFORMED_MESSAGE, "The message is not JSON in UTF-8.") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


#: kombu's `__type__` -> how its value becomes text (kombu/utils/json.py).
_TYPES: Final[dict[str, Callable[[Any], str]]] = {
    "datetime": lambda value: datetime.fromisoformat(value).isoformat(),
    "date": lambda value: datetime.fromisoformat(value).date().isoformat(),
    "time": lambda value: time.fromisoformat(value).isoformat(),
    "decimal": lambda value: str(Decimal(value)),
    "uuid": lambda value: str(UUID(**value)),
    "bytes": lambda value: value.encode().decode(),
    "base64": lambda value: base64.b64decode(value.encode()).decode(),
}


def _typed(found: dict[str, Any]) -> Any:
    """Return the text of a typed value, or the object itself if it is none. Raises ValueError, as kombu does."""
    if found.keys() != {"__type__", "__value__"}:
        return found
    try:
        return _TYPES[found["__type__"]](found["__value__"])
    except Exception as error:
        raise ValueError("a typed value that cannot be read") from error
