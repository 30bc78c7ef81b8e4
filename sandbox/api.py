"""The endpoints of the simulated API: what each checks, in which order, and what it answers.

token (401) ─▶ rate window (429) ─▶ permission, shape, caller ID ─▶ fault? ─▶ ring ─▶ answer
"""

import json
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.answers import (
    Answer,
    ApiError,
    guide_success,
    invalid_from_address,
    json_answer,
    no_permission,
    not_a_user,
    not_found,
    public_success,
    rate_limited,
)
from sandbox.call_request import CallRequest, read_guide_request, read_public_request
from sandbox.faults import FAULTS, Exchange
from sandbox.magic import MAGIC, Magic
from sandbox.oauth import token_answer
from sandbox.organisation import Organisation
from sandbox.progress import conversation
from sandbox.serving import Incoming, route


class Api:
    """Genesys Cloud, as far as placing calls needs it, over one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    def routes(self) -> list[web.RouteDef]:
        organisation = self._organisation
        calls = "/api/v2/conversations/calls"
        search = "/api/v2/conversations/participants/attributes/search"
        return [
            route(organisation, "POST", "/oauth/token", self._issue_token),
            route(organisation, "DELETE", "/api/v2/tokens/me", self._revoke_token),
            route(organisation, "POST", calls, self._create_guide_call),
            route(organisation, "POST", calls + "/user/{user_id}", self._create_public_call),
            route(organisation, "GET", calls + "/{conversation_id}", self._show_call),
            route(organisation, "POST", search, self._search),
            route(organisation, "*", "/{anything:.*}", self._unknown),
        ]

    def _issue_token(self, incoming: Incoming) -> Answer:
        organisation = self._organisation
        if organisation.behaviour.token_outage:
            return self._spoil(organisation.behaviour.token_outage, json_answer(200, {}), incoming)
        return token_answer(
            dict(parse_qsl(incoming.body.decode(errors="replace"))),
            incoming.request.headers.get("Authorization", ""),
            behaviour=organisation.behaviour,
            tokens=organisation.tokens,
            windows=organisation.token_windows,
        )

    def _authorise(self, incoming: Incoming) -> None:
        """Find the client by its token and charge the request to its budget. Raises ApiError (401, 429)."""
        organisation, behaviour = self._organisation, self._organisation.behaviour
        authorization = incoming.request.headers.get("Authorization", "")
        incoming.visit.client, incoming.token = organisation.tokens.client_of(authorization)
        reading = organisation.windows.spend(
            incoming.visit.client, allowed=behaviour.rate_limit, window_s=behaviour.rate_window_s
        )
        incoming.headers.update(reading.headers())
        if not reading.admitted:
            raise rate_limited(reading.reset_s)

    def _revoke_token(self, incoming: Incoming) -> Answer:
        self._authorise(incoming)
        self._organisation.tokens.revoke(incoming.token)
        return Answer(status=200)

    def _create_guide_call(self, incoming: Incoming) -> Answer:
        self._authorise(incoming)
        if self._organisation.behaviour.profile == "public":
            raise not_a_user()
        return self._create_call(incoming, read_guide_request(incoming.body), guide_success)

    def _create_public_call(self, incoming: Incoming) -> Answer:
        self._authorise(incoming)
        if self._organisation.behaviour.profile == "guide":
            raise not_found()
        wanted = read_public_request(incoming.body, incoming.request.match_info["user_id"])
        return self._create_call(incoming, wanted, public_success)

    def _create_call(self, incoming: Incoming, wanted: CallRequest, success: Callable[[str], Answer]) -> Answer:
        organisation, behaviour = self._organisation, self._organisation.behaviour
        if not behaviour.may_place_calls:
            raise no_permission()
        verified = behaviour.verified_caller_ids
        if verified is not None and wanted.from_ and wanted.from_ not in verified:
            raise invalid_from_address()
        # A client that follows the redirect has sent a second POST: what it gets now is a call.
        fault = "" if "redirected" in incoming.request.query else organisation.next_fault(wanted.to)
        if fault and not FAULTS[fault].rings:
            return self._spoil(fault, success(str(uuid.uuid4())), incoming)
        callee = MAGIC.get(wanted.to, Magic()).callee
        incoming.call = organisation.calls.ring(wanted, client=incoming.visit.client, callee=callee)
        answer = success(incoming.call.conversation_id)
        return self._spoil(fault, answer, incoming) if fault else answer

    def _spoil(self, fault_name: str, success: Answer, incoming: Incoming) -> Answer:
        fault = FAULTS[fault_name]
        if fault.revokes_token:
            self._organisation.tokens.revoke(incoming.token)
        retry_after_s = self._organisation.behaviour.retry_after_s
        return fault.answer(Exchange(success, incoming.correlation_id, retry_after_s))

    def _show_call(self, incoming: Incoming) -> Answer:
        self._authorise(incoming)
        organisation = self._organisation
        call = organisation.calls.find(incoming.request.match_info["conversation_id"])
        if call is None:
            raise not_found()
        answer = json_answer(200, conversation(call, organisation.behaviour, organisation.clock()))
        return self._under_outage(answer, incoming)

    def _search(self, incoming: Incoming) -> Answer:
        """Find calls by an attribute: `{"query":[{"type":"EXACT","fields":["dialerJobId"],"value":"…"}]}`."""
        self._authorise(incoming)
        organisation = self._organisation
        try:
            criterion = json.loads(incoming.body)["query"][0]
            name, value = str(criterion["fields"][0]), str(criterion["value"])
        except (ValueError, LookupError, TypeError):
            raise ApiError(400, "bad.request", "expected query[0].fields[0] and query[0].value") from None
        until = organisation.clock() - organisation.behaviour.search_lag_s
        found = organisation.calls.with_attribute(name, value, until=until)
        results = [
            {"conversationId": call.conversation_id, "participantAttributes": call.attributes} for call in found
        ]
        return self._under_outage(json_answer(200, {"total": len(results), "results": results}), incoming)

    def _under_outage(self, answer: Answer, incoming: Incoming) -> Answer:
        outage = self._organisation.behaviour.outage
        return self._spoil(outage, answer, incoming) if outage else answer

    def _unknown(self, _incoming: Incoming) -> Answer:
        raise not_found()
