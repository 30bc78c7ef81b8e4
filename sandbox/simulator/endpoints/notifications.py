"""Notification channels and their subscriptions.

A topic that the client may not see fails the whole list with 403, unless `ignoreErrors` is set. Only topics of users'
calls are simulated; any other is refused, so that nobody waits for events that never come.
"""

import json
import re
from typing import Any, Final

from aiohttp import web

from sandbox.simulator.access import guarded
from sandbox.simulator.channels import MOST_TOPICS, Channel, TooManyTopics
from sandbox.simulator.endpoints.conversations import PERMISSION
from sandbox.simulator.legs import iso
from sandbox.simulator.organization import Organization
from sandbox.simulator.replies import ApiError, Reply, json_reply, missing_permissions, not_found
from sandbox.simulator.serving import Decide, Incoming, route

_PATH: Final = "/api/v2/notifications/channels"
_TOPIC: Final = re.compile(r"v2\.users\..+\.conversations\.calls")


def routes(organization: Organization) -> list[web.RouteDef]:
    subscriptions = _PATH + "/{channel_id}/subscriptions"
    return [
        route(organization, "POST", _PATH, guarded(_create)),
        route(organization, "GET", _PATH, guarded(_list)),
        route(organization, "PUT", subscriptions, guarded(_subscribe(keep=False))),
        route(organization, "POST", subscriptions, guarded(_subscribe(keep=True))),
        route(organization, "GET", subscriptions, guarded(_subscriptions)),
        route(organization, "DELETE", subscriptions, guarded(_unsubscribe)),
    ]


def _create(incoming: Incoming) -> Reply:
    organization = incoming.organization
    channel = organization.channels.create(incoming.record.client, organization.behavior.channel_life_s)
    return json_reply(200, _shown(incoming, channel))


def _list(incoming: Incoming) -> Reply:
    channels = incoming.organization.channels.of(incoming.record.client)
    return json_reply(200, {"entities": [_shown(incoming, channel) for channel in channels]})


def _subscribe(*, keep: bool) -> Decide:
    """Return the endpoint that sets the subscriptions, beside those that there are or in their place."""

    def subscribe(incoming: Incoming) -> Reply:
        organization, channel = incoming.organization, _own(incoming)
        topics = _topics(incoming.body)
        rejected = organization.behavior.lacks(PERMISSION)
        if rejected and incoming.request.query.get("ignoreErrors", "").lower() != "true":
            raise missing_permissions(PERMISSION)
        added = () if rejected else topics
        try:
            life_s = organization.behavior.channel_life_s
            organization.channels.subscribe(channel, [*channel.topics, *added] if keep else added, life_s)
        except TooManyTopics:
            words = f"A channel may have {MOST_TOPICS} topics"
            raise ApiError(400, "bad.request", words) from None
        kept = [_topic(topic) for topic in channel.topics]
        return json_reply(200, {"entities": kept + [_rejected(topic) for topic in topics if rejected]})

    return subscribe


def _subscriptions(incoming: Incoming) -> Reply:
    return json_reply(200, {"entities": [_topic(topic) for topic in _own(incoming).topics]})


def _unsubscribe(incoming: Incoming) -> Reply:
    _own(incoming).topics = {}
    return Reply(status=200)


def _own(incoming: Incoming) -> Channel:
    channel = incoming.organization.channels.find(incoming.request.match_info["channel_id"])
    if channel is None or channel.client != incoming.record.client:
        raise not_found()
    return channel


def _topics(body: bytes) -> list[str]:
    try:
        topics = [str(entry["id"]) for entry in json.loads(body)]
    except (ValueError, LookupError, TypeError):
        raise ApiError(400, "bad.request", "expected a list of topics with their id") from None
    for topic in topics:
        if not _TOPIC.fullmatch(topic):
            raise ApiError(400, "bad.request", f"The topic {topic} is not simulated")
    return topics


def _topic(topic: str) -> dict[str, Any]:
    return {"id": topic, "state": "Permitted", "selfUri": f"/api/v2/notifications/availabletopics/{topic}"}


def _rejected(topic: str) -> dict[str, Any]:
    words = "The required permission is missing"
    return _topic(topic) | {"state": "Rejected", "rejectionReason": words, "missingPermissions": [PERMISSION]}


def _shown(incoming: Incoming, channel: Channel) -> dict[str, object]:
    # The id is the only secret of the WebSocket: no token is asked for.
    uri = f"ws://{incoming.request.host}/channels/{channel.id}"
    return {"id": channel.id, "connectUri": uri, "expires": iso(channel.expires_at)}
