"""Tokens: issued at the token endpoint, and revoked for everybody who shares them."""

from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.simulator.access import authorize, spoiled
from sandbox.simulator.oauth import token_reply
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import Reply, json_reply
from sandbox.simulator.serving import Incoming, route


def routes(organization: Organization) -> list[web.RouteDef]:
    return [
        route(organization, "POST", "/oauth/token", _issue),
        route(organization, "DELETE", "/api/v2/tokens/me", _revoke),
    ]


def _issue(incoming: Incoming) -> Reply:
    organization = incoming.organization
    if organization.behavior.token_outage:
        return spoiled(incoming, organization.behavior.token_outage, json_reply(200, {}))
    return token_reply(
        dict(parse_qsl(incoming.body.decode(errors="replace"))),
        incoming.request.headers.get("Authorization", ""),
        behavior=organization.behavior,
        tokens=organization.tokens,
        windows=organization.token_windows,
    )


def _revoke(incoming: Incoming) -> Reply:
    authorize(incoming)
    incoming.organization.tokens.revoke(incoming.token)
    return Reply(status=200)
