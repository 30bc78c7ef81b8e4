"""Calls: placed in the form of the guide or of the published platform, and shown flat.

token (401) ─▶ rate window (429) ─▶ permission (403) ─▶ shape, user, caller ID (400, 404) ─▶ fault? ─▶ ring ─▶ reply
"""

import uuid
from collections.abc import Callable

from aiohttp import web

from sandbox.simulator.access import GUIDE_PATH, authorize, guarded, require, spoiled
from sandbox.simulator.call_request import RequestedCall, read_guide_request, read_public_request
from sandbox.simulator.course import Result
from sandbox.simulator.events import follow
from sandbox.simulator.faults import FAULTS
from sandbox.simulator.media_view import call_conversation
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import (
    Reply,
    guide_success,
    invalid_from_address,
    json_reply,
    no_permission,
    not_a_user,
    not_found,
    public_success,
)
from sandbox.simulator.serving import Incoming, route

#: Any one of these lets a client place calls on behalf of a user.
PERMISSIONS = ("conversation:call:add", "conversation:agentlessCall:add")
#: The scope of the guide, which exists nowhere else.
GUIDE_SCOPE = "conversations:call:start"


def routes(organization: Organization) -> list[web.RouteDef]:
    return [
        route(organization, "POST", GUIDE_PATH, _create_as_in_the_guide),
        route(organization, "POST", GUIDE_PATH + "/user/{user_id}", _create_as_published),
        route(organization, "GET", GUIDE_PATH, guarded(_show_own)),
        route(organization, "GET", GUIDE_PATH + "/{conversation_id}", guarded(_show)),
    ]


def _create_as_in_the_guide(incoming: Incoming) -> Reply:
    authorize(incoming)
    behavior = incoming.organization.behavior
    if behavior.profile == "public":
        raise not_a_user()
    if all(map(behavior.lacks, (GUIDE_SCOPE, *PERMISSIONS))):
        raise no_permission()
    return _create(incoming, read_guide_request(incoming.body), guide_success)


def _create_as_published(incoming: Incoming) -> Reply:
    authorize(incoming)
    if incoming.organization.behavior.profile == "guide":
        raise not_found()
    require(incoming, *PERMISSIONS)
    wanted = read_public_request(incoming.body, incoming.request.match_info["user_id"])
    return _create(incoming, wanted, public_success)


def _create(incoming: Incoming, wanted: RequestedCall, success: Callable[[str], Reply]) -> Reply:
    organization, behavior = incoming.organization, incoming.organization.behavior
    if not behavior.knows(wanted.user_id):
        raise not_found()
    verified = behavior.verified_caller_ids
    if verified is not None and wanted.from_ and wanted.from_ not in verified:
        raise invalid_from_address()
    # A client that follows the redirect has sent a second POST, which now places the call.
    fault = "" if "redirected" in incoming.request.query else organization.next_fault(wanted.to)
    if fault and not FAULTS[fault].rings:
        return spoiled(incoming, fault, success(str(uuid.uuid4())))
    result = organization.result_of(wanted.to)
    if wanted.user_id in behavior.absent_users:
        result = Result.USER_MISSES
    call = organization.calls.ring(wanted, client=incoming.record.client, result=result, durations=behavior.durations)
    incoming.call = call
    follow(organization, call)
    reply = success(call.conversation_id)
    return spoiled(incoming, fault, reply) if fault else reply


def _show_own(_incoming: Incoming) -> Reply:
    """Refuse to list the calls of the user who is logged in: with client credentials nobody is."""
    raise not_a_user()


def _show(incoming: Incoming) -> Reply:
    return json_reply(200, call_conversation(incoming.shown_call(), incoming.organization.clock()))
