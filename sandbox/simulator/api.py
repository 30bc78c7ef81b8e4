"""The simulated API: every endpoint, and what is answered at every other path."""

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.endpoints import (
    analytics,
    calls,
    conversations,
    details_query,
    limits,
    notifications,
    search,
    streaming,
    tokens,
    users,
)
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import Reply, not_found
from sandbox.simulator.serving import Incoming, route

_PARTS = (tokens, calls, conversations, analytics, details_query, search, notifications, streaming, users, limits)


class PlatformApi:
    """The part of Genesys Cloud's API that Dialer needs, for one organization."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def routes(self) -> list[web.RouteDef]:
        organization = self._organization
        listed = [each for part in _PARTS for each in part.routes(organization)]
        # As on the platform, a client without a valid token does not learn which paths exist.
        return [*listed, route(organization, "*", "/{anything:.*}", guarded(_unknown))]


def _unknown(_incoming: Incoming) -> Reply:
    raise not_found()
