"""Analytics: many calls for one request, as they were `analytics_lag_s` ago."""

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.analytics_view import analytics_conversation
from sandbox.simulator.organization import Organization
from sandbox.simulator.queries import listed
from sandbox.simulator.replies import ApiError, Reply, json_reply, not_found
from sandbox.simulator.serving import Incoming, route

PERMISSION = "analytics:conversationDetail:view"
_PATH = "/api/v2/analytics/conversations"


def routes(organization: Organization) -> list[web.RouteDef]:
    return [
        route(organization, "GET", _PATH + "/details", guarded(_show_many, PERMISSION)),
        route(organization, "GET", _PATH + "/{conversation_id}/details", guarded(_show, PERMISSION)),
    ]


def _show_many(incoming: Incoming) -> Reply:
    """Show those of the named calls that analytics knows yet; the others are left out."""
    ids = listed(incoming.request, "id")
    if not ids:
        raise ApiError(400, "bad.request", "id is required")
    found = [_details(incoming.organization, conversation_id) for conversation_id in ids]
    return json_reply(200, {"conversations": [details for details in found if details is not None]})


def _show(incoming: Incoming) -> Reply:
    details = _details(incoming.organization, incoming.request.match_info["conversation_id"])
    if details is None:
        raise not_found()
    return json_reply(200, details)


def _details(organization: Organization, conversation_id: str) -> dict[str, object] | None:
    call = organization.calls.find(conversation_id)
    known_until = organization.clock() - organization.behavior.analytics_lag_s
    return None if call is None or call.time > known_until else analytics_conversation(call, known_until)
