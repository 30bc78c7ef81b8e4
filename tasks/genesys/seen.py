"""Reads which job a conversation belongs to, from each form in which Genesys Cloud shows its attributes.

    POST …/attributes/search     participantData[].participantAttributes, and truncatedData
    GET /conversations/{id}      participants[].attributes; the flat form and events have the same
    POST …/details/query         no attributes at all

No answer makes these functions raise: what cannot be read is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tasks.genesys.call import ATTEMPT, JOB_ID
from tasks.genesys.legs import instant_of, objects, word

_LONGEST_NUMBER: Final = 15


class Mark(NamedTuple):
    """What Dialer wrote into a conversation: the job, and the fence of the attempt; None if that is not readable."""

    job_id: str
    attempt: int | None


@dataclass(frozen=True, kw_only=True)
class SeenCall:
    """A conversation that an answer shows. `started_at` is in epoch seconds by the platform's clock."""

    conversation_id: str
    started_at: float | None = None
    #: None if it has none, so that it is not a call of Dialer, or if `is_whole` is false.
    mark: Mark | None = None
    #: Whether the answer shows all attributes; if not, a missing mark says nothing.
    is_whole: bool = True


def mark_of(attributes: Mapping[str, Any]) -> Mark | None:
    """Return the mark in the attributes of a conversation."""
    job_id, attempt = attributes.get(JOB_ID), attributes.get(ATTEMPT)
    if not isinstance(job_id, str) or not job_id:
        return None
    text = attempt if isinstance(attempt, str) and len(attempt) <= _LONGEST_NUMBER else ""
    return Mark(job_id, int(text) if text.isascii() and text.isdigit() else None)


def read_row(row: Mapping[str, Any]) -> SeenCall:
    """Read a row of the search for attributes."""
    mark = _first_mark(row, "participantData", "participantAttributes")
    is_whole = mark is not None or row.get("truncatedData") is False
    return _seen(row.get("conversationId"), row.get("startTime"), mark, is_whole=is_whole)


def read_conversation(body: Mapping[str, Any]) -> SeenCall:
    """Read one conversation, in any form with `participants[].attributes`."""
    return _seen(body.get("id"), body.get("startTime"), _first_mark(body, "participants", "attributes"))


def read_details(body: Mapping[str, Any]) -> SeenCall:
    """Read a conversation of analytics."""
    return _seen(body.get("conversationId"), body.get("conversationStart"), None, is_whole=False)


def _first_mark(body: Mapping[str, Any], participants: str, attributes: str) -> Mark | None:
    """Return the mark of the participant that has one; which one that is, is not documented."""
    for participant in objects(body, participants):
        found = participant.get(attributes)
        if isinstance(found, dict) and (mark := mark_of(found)):
            return mark
    return None


def _seen(conversation_id: object, started: object, mark: Mark | None, *, is_whole: bool = True) -> SeenCall:
    return SeenCall(
        conversation_id=word(conversation_id), started_at=instant_of(started), mark=mark, is_whole=is_whole
    )
