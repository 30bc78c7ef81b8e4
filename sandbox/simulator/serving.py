"""How each request to the API is served: recorded, decided in one step, delayed, and replied to."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.simulator.calls import Call
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import ApiError, Reply, conversation_not_found, error_reply, too_large
from sandbox.simulator.traffic import RecordedRequest


@dataclass(slots=True)
class Incoming:
    """A request while it is served, and what is known about it so far."""

    organization: Organization
    request: web.Request
    body: bytes
    record: RecordedRequest
    correlation_id: str
    headers: dict[str, str]
    token: str = ""
    call: Call | None = None

    def shown_call(self) -> Call:
        """Return the call that the path names. Raises ApiError if there is none."""
        call = self.organization.calls.find(self.request.match_info["conversation_id"])
        if call is None:
            raise conversation_not_found()
        return call


#: Decides without awaiting, so that no other request runs between a check and its consequence.
Decide = Callable[[Incoming], Reply]


def route(organization: Organization, method: str, path: str, decide: Decide) -> web.RouteDef:
    """Route requests to `decide`, which may raise ApiError. They are recorded under method and path."""
    name = f"{method} {path}"

    async def handle(request: web.Request) -> web.StreamResponse:
        traffic = organization.traffic  # a reset replaces it while the request is in flight
        record = traffic.arrive(name)
        try:
            return await _serve(organization, request, record, decide)
        finally:
            traffic.leave(record)

    return web.route(method, path, handle)


async def _serve(
    organization: Organization, request: web.Request, record: RecordedRequest, decide: Decide
) -> web.StreamResponse:
    correlation_id = str(uuid.uuid4())
    headers = {"ININ-Correlation-Id": correlation_id}
    incoming = Incoming(organization, request, b"", record, correlation_id, headers)
    try:
        incoming.body = await request.read()
        reply = decide(incoming)
    except web.HTTPRequestEntityTooLarge:
        reply = error_reply(too_large(), correlation_id)
    except ApiError as e:
        reply = error_reply(e, correlation_id)
    # The phone has rung by now; a client that disconnects during the latency does not learn of it.
    behavior = organization.behavior
    if behavior.latency_s:
        await asyncio.sleep(behavior.latency_s)
    if reply.told:
        record.status = reply.status
        if incoming.call is not None:
            incoming.call.answered = reply.status
    headers = {"Content-Type": reply.content_type, **reply.headers}
    if reply.from_api:
        headers |= incoming.headers
    return await reply.deliver(request, reply.status, headers, reply.body, behavior.timing)
