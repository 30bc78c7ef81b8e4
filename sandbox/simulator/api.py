"""The endpoints of the simulated API: what each checks, in which order, and what it replies.

token (401) ─▶ rate window (429) ─▶ permission, shape, caller ID ─▶ fault? ─▶ ring ─▶ reply
"""

import json
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.simulator.call_request import RequestedCall, read_guide_request, read_public_request
from sandbox.simulator.faults import FAULTS, FaultContext
from sandbox.simulator.magic import MAGIC, Magic
from sandbox.simulator.oauth import token_reply
from sandbox.simulator.organization import Organization
from sandbox.simulator.progress import conversation
from sandbox.simulator.replies import (
    ApiError,
    Reply,
    guide_success,
    invalid_from_address,
    json_reply,
    no_permission,
    not_a_user,
    not_found,
    public_success,
    rate_limited,
)
from sandbox.simulator.serving import Incoming, route


class PlatformApi:
    """The part of Genesys Cloud's API that placing calls needs, for one organization."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def routes(self) -> list[web.RouteDef]:
        organization = self._organization
        calls = "/api/v2/conversations/calls"
        search = "/api/v2/conversations/participants/attributes/search"
        return [
            route(organization, "POST", "/oauth/token", self._issue_token),
            route(organization, "DELETE", "/api/v2/tokens/me", self._revoke_token),
            route(organization, "POST", calls, self._create_guide_call),
            route(organization, "POST", calls + "/user/{user_id}", self._create_public_call),
            route(organization, "GET", calls + "/{conversation_id}", self._show_call),
            route(organization, "POST", search, self._search),
            route(organization, "*", "/{anything:.*}", self._unknown),
        ]

    def _issue_token(self, incoming: Incoming) -> Reply:
        organization = self._organization
        if organization.behavior.token_outage:
            return self._spoil(organization.behavior.token_outage, json_reply(200, {}), incoming)
        return token_reply(
            dict(parse_qsl(incoming.body.decode(errors="replace"))),
            incoming.request.headers.get("Authorization", ""),
            behavior=organization.behavior,
            tokens=organization.tokens,
            windows=organization.token_windows,
        )

    def _authorize(self, incoming: Incoming) -> None:
        """Find the client by its token and count the request in its rate window. Raises ApiError (401, 429)."""
        organization, behavior = self._organization, self._organization.behavior
        authorization = incoming.request.headers.get("Authorization", "")
        incoming.record.client, incoming.token = organization.tokens.client_of(authorization)
        status = organization.windows.spend(
            incoming.record.client, allowed=behavior.rate_limit, window_s=behavior.rate_window_s
        )
        incoming.headers.update(status.headers())
        if not status.admitted:
            raise rate_limited(status.reset_s)

    def _revoke_token(self, incoming: Incoming) -> Reply:
        self._authorize(incoming)
        self._organization.tokens.revoke(incoming.token)
        return Reply(status=200)

    def _create_guide_call(self, incoming: Incoming) -> Reply:
        self._authorize(incoming)
        if self._organization.behavior.profile == "public":
            raise not_a_user()
        return self._create_call(incoming, read_guide_request(incoming.body), guide_success)

    def _create_public_call(self, incoming: Incoming) -> Reply:
        self._authorize(incoming)
        if self._organization.behavior.profile == "guide":
            raise not_found()
        wanted = read_public_request(incoming.body, incoming.request.match_info["user_id"])
        return self._create_call(incoming, wanted, public_success)

    def _create_call(self, incoming: Incoming, wanted: RequestedCall, success: Callable[[str], Reply]) -> Reply:
        organization, behavior = self._organization, self._organization.behavior
        if not behavior.may_place_calls:
            raise no_permission()
        verified = behavior.verified_caller_ids
        if verified is not None and wanted.from_ and wanted.from_ not in verified:
            raise invalid_from_address()
        # A client that follows the redirect has sent a second POST, which now places the call.
        fault = "" if "redirected" in incoming.request.query else organization.next_fault(wanted.to)
        if fault and not FAULTS[fault].rings:
            return self._spoil(fault, success(str(uuid.uuid4())), incoming)
        callee = MAGIC.get(wanted.to, Magic()).callee
        incoming.call = organization.calls.ring(wanted, client=incoming.record.client, callee=callee)
        reply = success(incoming.call.conversation_id)
        return self._spoil(fault, reply, incoming) if fault else reply

    def _spoil(self, fault_name: str, success: Reply, incoming: Incoming) -> Reply:
        fault = FAULTS[fault_name]
        if fault.revokes_token:
            self._organization.tokens.revoke(incoming.token)
        retry_after_s = self._organization.behavior.retry_after_s
        return fault.reply(FaultContext(success, incoming.correlation_id, retry_after_s))

    def _show_call(self, incoming: Incoming) -> Reply:
        self._authorize(incoming)
        organization = self._organization
        call = organization.calls.find(incoming.request.match_info["conversation_id"])
        if call is None:
            raise not_found()
        reply = json_reply(200, conversation(call, organization.behavior, organization.clock()))
        return self._under_outage(reply, incoming)

    def _search(self, incoming: Incoming) -> Reply:
        """Search calls by an attribute: `{"query":[{"type":"EXACT","fields":["dialerJobId"],"value":"…"}]}`."""
        self._authorize(incoming)
        organization = self._organization
        try:
            criterion = json.loads(incoming.body)["query"][0]
            name, value = str(criterion["fields"][0]), str(criterion["value"])
        except (ValueError, LookupError, TypeError):
            raise ApiError(400, "bad.request", "expected query[0].fields[0] and query[0].value") from None
        until = organization.clock() - organization.behavior.search_lag_s
        found = organization.calls.with_attribute(name, value, until=until)
        results = [
            {"conversationId": call.conversation_id, "participantAttributes": call.attributes} for call in found
        ]
        return self._under_outage(json_reply(200, {"total": len(results), "results": results}), incoming)

    def _under_outage(self, reply: Reply, incoming: Incoming) -> Reply:
        outage = self._organization.behavior.outage
        return self._spoil(outage, reply, incoming) if outage else reply

    def _unknown(self, _incoming: Incoming) -> Reply:
        raise not_found()
