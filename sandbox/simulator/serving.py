"""How each request to the API is served: decided at one instant, recorded, delayed, and then delivered."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.simulator.answers import ApiError, Reply, error_answer
from sandbox.simulator.calls import Call
from sandbox.simulator.organization import Organization
from sandbox.simulator.traffic import Visit


@dataclass(slots=True)
class Incoming:
    """A request that has arrived, and what is found out about it on the way."""

    request: web.Request
    body: bytes
    visit: Visit
    correlation_id: str
    headers: dict[str, str]
    token: str = ""
    call: Call | None = None


#: Decides without awaiting, so that no other request comes between a check and what follows from it.
Decide = Callable[[Incoming], Reply]


def route(organization: Organization, method: str, path: str, decide: Decide) -> web.RouteDef:
    """Route to `decide`, which may raise ApiError. The request is recorded under method and path."""
    name = f"{method} {path}"

    async def handle(request: web.Request) -> web.StreamResponse:
        traffic = organization.traffic  # a reset puts a new one in place while we are in flight
        visit = traffic.arrive(name)
        try:
            return await _serve(organization, request, visit, decide)
        finally:
            traffic.leave(visit)

    return web.route(method, path, handle)


async def _serve(
    organization: Organization, request: web.Request, visit: Visit, decide: Decide
) -> web.StreamResponse:
    correlation_id = str(uuid.uuid4())
    incoming = Incoming(request, b"", visit, correlation_id, {"ININ-Correlation-Id": correlation_id})
    try:
        incoming.body = await request.read()
        answer = decide(incoming)
    except web.HTTPRequestEntityTooLarge:
        too_large = ApiError(413, "payload.too.large", "The request is too large")
        answer = error_answer(too_large, correlation_id)
    except ApiError as e:
        answer = error_answer(e, correlation_id)
    # The phone has rung by now: who leaves during the latency was told nothing of it.
    behavior = organization.behavior
    if behavior.latency_s:
        await asyncio.sleep(behavior.latency_s)
    if answer.told:
        visit.status = answer.status
        if incoming.call is not None:
            incoming.call.answered = answer.status
    headers = {"Content-Type": answer.content_type, **answer.headers}
    if answer.from_api:
        headers |= incoming.headers
    return await answer.deliver(request, answer.status, headers, answer.body, behavior.timing)
