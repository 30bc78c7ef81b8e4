"""Conversations: one call in full, with the reasons for which each leg ended."""

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.conversation_view import conversation
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import Reply, json_reply
from sandbox.simulator.serving import Incoming, route

PERMISSION = "conversation:communication:view"


def routes(organization: Organization) -> list[web.RouteDef]:
    return [route(organization, "GET", "/api/v2/conversations/{conversation_id}", guarded(_show, PERMISSION))]


def _show(incoming: Incoming) -> Reply:
    return json_reply(200, conversation(incoming.shown_call(), incoming.organization.clock()))
