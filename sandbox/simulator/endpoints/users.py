"""Users: many at once, with presence, routing status, station and the number of their running calls."""

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.calls import Call
from sandbox.simulator.legs import iso
from sandbox.simulator.organization import Organization
from sandbox.simulator.queries import listed, whole_number
from sandbox.simulator.replies import Reply, json_reply
from sandbox.simulator.serving import Incoming, route

_PATH = "/api/v2/users"
#: As published: a page has 25 users unless the client asks for more.
_PAGE_SIZE, _LARGEST_PAGE = 25, 500
_PRESENCE_ID = "6a3af858-942f-489d-9700-5f9bcdcdae9b"


def routes(organization: Organization) -> list[web.RouteDef]:
    return [route(organization, "GET", _PATH, guarded(_list))]


def _list(incoming: Incoming) -> Reply:
    """List the users that are named, or all if nobody is; unknown ones are left out."""
    organization = incoming.organization
    ids = listed(incoming.request, "id") or list(organization.behavior.users or ())
    known = [user_id for user_id in ids if organization.behavior.knows(user_id)]
    size = whole_number(incoming.request, "pageSize", default=_PAGE_SIZE, most=_LARGEST_PAGE)
    number = whole_number(incoming.request, "pageNumber", default=1)
    expand = set(listed(incoming.request, "expand"))
    page = known[(number - 1) * size : number * size]
    return json_reply(
        200,
        {
            "entities": [_user(organization, user_id, expand) for user_id in page],
            "pageSize": size,
            "pageNumber": number,
            "total": len(known),
            "pageCount": -(-len(known) // size),
            "selfUri": incoming.request.path_qs,
        },
    )


def _user(organization: Organization, user_id: str, expand: set[str]) -> dict[str, object]:
    running = organization.calls.running(user_id)
    expanded = {
        "presence": _presence(user_id, organization.behavior.presences.get(user_id, "Available")),
        "routingStatus": _routing_status(organization, user_id, running),
        "station": _station(user_id),
        "conversationSummary": _summary(user_id, running),
    }
    return {
        "id": user_id,
        "name": f"User {user_id}",
        "state": "active",
        "version": 1,
        **{name: value for name, value in expanded.items() if name in expand},
        "selfUri": f"{_PATH}/{user_id}",
    }


def _presence(user_id: str, name: str) -> dict[str, object]:
    definition = {"id": _PRESENCE_ID, "systemPresence": name, "selfUri": f"/api/v2/presences/{_PRESENCE_ID}"}
    return {
        "source": "PURECLOUD",
        "primary": True,
        "presenceDefinition": definition,
        "selfUri": f"{_PATH}/{user_id}/presences/purecloud",
    }


def _routing_status(organization: Organization, user_id: str, running: list[Call]) -> dict[str, object]:
    """Calls without a queue make a user COMMUNICATING; users are off queue otherwise."""
    since = min((call.time for call in running), default=organization.clock())
    busy = "INTERACTING" if any(call.queue_id for call in running) else "COMMUNICATING"
    return {"userId": user_id, "status": busy if running else "OFF_QUEUE", "startTime": iso(since)}


def _station(user_id: str) -> dict[str, object]:
    station = {
        "id": f"station-of-{user_id}",
        "name": f"Phone of {user_id}",
        "type": "inin_webrtc_softphone",
        "webRtcCallAppearances": 1,
    }
    return {"associatedStation": station, "effectiveStation": station, "defaultStation": station}


def _summary(user_id: str, running: list[Call]) -> dict[str, object]:
    of_queues = sum(bool(call.queue_id) for call in running)
    counts = {
        "contactCenter": {"active": of_queues, "acw": 0},
        "enterprise": {"active": len(running) - of_queues, "acw": 0},
    }
    return {"userId": user_id, "call": counts}
