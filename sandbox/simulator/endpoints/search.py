"""The search for participants' attributes as it really is: by time, never by attribute, which stand in its rows.

Source: reports from real organizations. A criterion on an attribute is refused with "Search not supported."; a window
may have 24 hours; a page has 50 rows, and the next one is asked for with the cursor of the last.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.calls import Call
from sandbox.simulator.legs import iso, legs
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import ApiError, Reply, json_reply
from sandbox.simulator.serving import Incoming, route

PERMISSION = "conversation:participant:attributesview"
ROWS_A_PAGE: Final = 50
_LONGEST_WINDOW: Final = timedelta(hours=24)

Fits = Callable[[Call, float], bool]


def routes(organization: Organization) -> list[web.RouteDef]:
    path = "/api/v2/conversations/participants/attributes/search"
    return [route(organization, "POST", path, guarded(_search, PERMISSION))]


def _search(incoming: Incoming) -> Reply:
    organization = incoming.organization
    try:
        body = json.loads(incoming.body)
        criteria = [_criterion(criterion) for criterion in body["query"]]
        first = _position(body.get("cursor"))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _not_supported() from None
    if not criteria:
        raise _not_supported()
    seen_at = organization.clock() - organization.behavior.search_lag_s
    found = [
        call
        for call in organization.calls.after(0)
        # Only conversations that have attributes are kept at all.
        if call.attributes and call.time <= seen_at and all(fits(call, seen_at) for fits in criteria)
    ]
    page = found[first : first + ROWS_A_PAGE]
    answer: dict[str, object] = {"results": [_row(call, seen_at) for call in page]}
    if len(found) > first + ROWS_A_PAGE:
        answer["cursor"] = base64.urlsafe_b64encode(str(first + ROWS_A_PAGE).encode()).decode()
    return json_reply(200, answer)


def _criterion(criterion: dict[str, Any]) -> Fits:
    """Read one criterion. Raises ApiError (400) or one of the errors of a wrong shape."""
    (name,) = criterion["fields"]
    if criterion["type"] == "DATE_RANGE" and name in {"startTime", "endTime"}:
        start, end = (datetime.fromisoformat(criterion[bound]) for bound in ("startValue", "endValue"))
        if not timedelta(0) <= end - start <= _LONGEST_WINDOW:
            raise ApiError(400, "bad.request", "The time range is longer than 24 hours, or ends before it starts")
        return _within(name, start.timestamp(), end.timestamp())
    if criterion["type"] == "EXACT" and name == "conversationId":
        wanted = {criterion.get("value"), *(criterion.get("values") or ())}
        return lambda call, _: call.conversation_id in wanted
    raise _not_supported()


def _within(name: str, start: float, end: float) -> Fits:
    if name == "startTime":
        return lambda call, _: start <= call.time <= end
    return lambda call, now: call.course.ended_at <= now and start <= call.course.ended_at <= end


def _position(cursor: object) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(cursor)))
    except (binascii.Error, ValueError):
        raise ApiError(400, "bad.request", "The cursor is not valid") from None


def _not_supported() -> ApiError:
    return ApiError(400, "bad.request", "Search not supported.")


def _row(call: Call, now: float) -> dict[str, object]:
    bearers = [leg for leg in legs(call, now) if not leg.is_users] or legs(call, now)
    row: dict[str, object] = {
        "conversationId": call.conversation_id,
        "startTime": iso(call.time),
        "participantData": [
            {
                "participantPurpose": leg.purpose,
                "participantId": leg.participant_id,
                "participantAttributes": dict(call.attributes),
            }
            for leg in bearers[-1:]
        ],
        "truncatedData": False,
    }
    if call.course.ended_at <= now:
        row["endTime"] = iso(call.course.ended_at)
    return row
