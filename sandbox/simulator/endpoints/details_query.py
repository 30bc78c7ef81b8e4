"""The query for conversations in analytics: by user, number and time, as it was `analytics_lag_s` ago.

As documented, the interval chooses days: whatever started on a day that it touches is found. The answer has no
attributes, and no filter knows them.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.analytics_view import analytics_conversation
from sandbox.simulator.calls import Call
from sandbox.simulator.endpoints.analytics import PERMISSION
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import ApiError, Reply, json_reply
from sandbox.simulator.serving import Incoming, route

_PATH: Final = "/api/v2/analytics/conversations/details/query"
#: As published.
_LARGEST_PAGE: Final = 100
Fits = Callable[[Call], bool]

#: Dimension -> the value of a call.
_DIMENSIONS: Final[dict[str, Callable[[Call], str]]] = {
    "userId": lambda call: call.user_id,
    "dnis": lambda call: f"tel:{call.to}",
    "sessionDnis": lambda call: f"tel:{call.to}",
    "ani": lambda call: f"tel:{call.from_}",
    "direction": lambda _: "outbound",
    "mediaType": lambda _: "voice",
}


def routes(organization: Organization) -> list[web.RouteDef]:
    return [route(organization, "POST", _PATH, guarded(_query, PERMISSION))]


def _query(incoming: Incoming) -> Reply:
    organization = incoming.organization
    try:
        body = json.loads(incoming.body)
        first, last = (_day(text) for text in body["interval"].split("/"))
        filters = [_filter(each) for each in body.get("segmentFilters", [])]
        paging = body.get("paging", {})
        size, number = int(paging.get("pageSize", 25)), int(paging.get("pageNumber", 1))
        is_descending = {"asc": False, "desc": True}[body.get("order", "asc")]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ApiError(400, "bad.request", "The query cannot be read") from None
    if not (1 <= size <= _LARGEST_PAGE and number >= 1):
        raise ApiError(400, "invalid.value", f"pageSize may be at most {_LARGEST_PAGE}")
    known_until = organization.clock() - organization.behavior.analytics_lag_s
    found = [
        call
        for call in organization.calls.after(0)
        if call.time <= known_until and first <= _day_of(call.time) <= last and all(fits(call) for fits in filters)
    ]
    found.sort(key=lambda call: call.time, reverse=is_descending)
    page = found[(number - 1) * size : number * size]
    answer: dict[str, object] = {"totalHits": len(found)}
    if page:
        # The platform leaves out an empty list.
        answer["conversations"] = [analytics_conversation(call, known_until) for call in page]
    return json_reply(200, answer)


def _filter(each: dict[str, Any]) -> Fits:
    """Read a filter of predicates: all of them must hold, or one. Raises ApiError for an unknown dimension."""
    combine = {"and": all, "or": any}[each["type"]]
    predicates = [_predicate(predicate) for predicate in each["predicates"]]
    return lambda call: combine(fits(call) for fits in predicates)


def _predicate(predicate: dict[str, Any]) -> Fits:
    dimension, value = predicate["dimension"], predicate["value"]
    if dimension not in _DIMENSIONS:
        raise ApiError(400, "bad.request", f"The dimension {dimension} is not valid")
    return lambda call: _DIMENSIONS[dimension](call) == value


def _day(text: str) -> int:
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC).toordinal()


def _day_of(instant: float) -> int:
    return datetime.fromtimestamp(instant, UTC).toordinal()
