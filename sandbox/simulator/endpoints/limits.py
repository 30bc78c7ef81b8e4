"""The organization's limits, by namespace; no permission is documented for them."""

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import Reply, json_reply, not_found
from sandbox.simulator.serving import Incoming, route

#: Of the published namespaces, those that concern a client like Dialer.
_NAMESPACES = ("platform.api", "conversation", "outbound", "notifications", "auth.api")


def routes(organization: Organization) -> list[web.RouteDef]:
    return [route(organization, "GET", "/api/v2/organizations/limits/namespaces/{namespace_name}", guarded(_show))]


def _show(incoming: Incoming) -> Reply:
    """Show the effective limits. Only the names of `platform.api` are known from public sources."""
    namespace = incoming.request.match_info["namespace_name"]
    if namespace not in _NAMESPACES:
        raise not_found()
    values = _platform_limits(incoming.organization) if namespace == "platform.api" else {}
    limits = [{"key": key, "namespace": namespace, "value": value} for key, value in values.items()]
    return json_reply(200, {"entities": limits})


def _platform_limits(organization: Organization) -> dict[str, int]:
    behavior = organization.behavior
    values = {"org.app.user.rate.per.minute": 3000, "request.bytes.max": 512_000}
    if behavior.rate_limit and behavior.rate_window_s:
        per_minute = round(behavior.rate_limit * 60 / behavior.rate_window_s)
        values |= {"client.credentials.token.rate.per.minute": per_minute, "token.rate.per.minute": per_minute}
    return values
