"""The official SDK reads the simulator: `python -m tests.support.sdk_judge URL`, in a process of its own.

The SDK takes seconds to import and starts threads, so one process does everything. It prints one JSON object: what
each typed answer holds, and every place where the answer is not what the SDK's own types say.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
import PureCloudPlatformClientV2 as sdk  # noqa: N813 - the package has the name of a class
from PureCloudPlatformClientV2.rest import ApiException

from tests.support.sdk_types import differences

_WAIT_S: Final = 60.0

#: The last digits of a magic number, and what becomes of its call.
CALLS: Final = {
    "100": "user hangs up",
    "101": "busy",
    "102": "no answer",
    "103": "invalid",
    "104": "second leg",
    "105": "declined",
    "106": "user misses",
    "107": "callee hangs up",
    "108": "no route",
}


class Judge:
    """Asks the simulator through the SDK, and keeps what is wrong with each answer."""

    def __init__(self, url: str) -> None:
        sdk.configuration.host = url
        self.client = sdk.api_client.ApiClient(url)
        self.client.get_client_credentials_token("sdk", "sandbox-secret")
        self.wrong: dict[str, list[str]] = {}

    def ask(self, name: str, kind: str, request: Callable[..., Any], *args: Any, **options: Any) -> Any:
        typed = request(*args, **options)
        raw = json.loads(self.client.last_response.data)
        self.wrong.setdefault(name, []).extend(differences(raw, typed, kind, name))
        return typed

    def read(self, name: str, kind: str, raw: Any) -> Any:
        """Read JSON that did not come as an answer: an event."""
        typed = self.client._ApiClient__deserialize(raw, kind)
        self.wrong.setdefault(name, []).extend(differences(raw, typed, kind, name))
        return typed


def main(url: str) -> None:
    judge = Judge(url)
    conversations, analytics = sdk.ConversationsApi(judge.client), sdk.AnalyticsApi(judge.client)
    started = datetime.now(UTC) - timedelta(seconds=1)
    events = asyncio.run(_calls_with_events(judge, conversations))
    ids = events["ids"]
    seen: dict[str, Any] = {"flat": {}, "full": {}, "analytics": {}, "events": events["states"]}
    for name, conversation_id in ids.items():
        flat = judge.ask("flat", "CallConversation", conversations.get_conversations_call, conversation_id)
        seen["flat"][name] = [[p.purpose, p.state, p.disconnect_type] for p in flat.participants]
        full = judge.ask("full", "Conversation", conversations.get_conversation, conversation_id)
        seen["full"][name] = [
            [p.purpose, call.state, call.disconnect_type, [[r.type, r.code] for r in call.disconnect_reasons or []]]
            + ([call.error_info.code] if call.error_info else [])
            for p in full.participants
            for call in p.calls
        ]
        judge.ask(
            "details",
            "AnalyticsConversationWithoutAttributes",
            analytics.get_analytics_conversation_details,
            conversation_id,
        )
    many = judge.ask(
        "many details",
        "AnalyticsConversationWithoutAttributesMultiGetResponse",
        conversations.get_analytics_conversations_details,
        id=list(ids.values()),
    )
    by_id = {conversation_id: name for name, conversation_id in ids.items()}
    for details in many.conversations:
        seen["analytics"][by_id[details.conversation_id]] = [
            [
                participant.purpose,
                segment.disconnect_type,
                segment.sip_response_codes,
                segment.q850_response_codes,
                segment.error_code,
            ]
            for participant in details.participants
            for session in participant.sessions
            for segment in session.segments[-1:]
        ]
    seen |= _the_rest(judge, conversations, started) | {"query": _queried(judge, conversations, started)}
    print(json.dumps({"wrong": judge.wrong, "seen": seen}))


async def _calls_with_events(judge: Judge, conversations: Any) -> dict[str, Any]:
    """Place the calls while a WebSocket is open, until the events tell that all have ended."""
    notifications = sdk.NotificationsApi(judge.client)
    channel = judge.ask("channel", "Channel", notifications.post_notifications_channels)
    topics = [{"id": f"v2.users.user-{last}.conversations.calls"} for last in CALLS]
    for subscribe in (
        notifications.put_notifications_channel_subscriptions,
        notifications.post_notifications_channel_subscriptions,
    ):
        judge.ask("subscriptions", "ChannelTopicEntityListing", subscribe, channel.id, topics)
    listing = notifications.get_notifications_channel_subscriptions
    judge.ask("subscriptions", "ChannelTopicEntityListing", listing, channel.id)
    judge.ask("channels", "ChannelEntityListing", notifications.get_notifications_channels)
    ids: dict[str, str] = {}
    states: dict[str, list[str]] = {}
    ended: set[str] = set()
    async with aiohttp.ClientSession() as session, session.ws_connect(channel.connect_uri) as socket:
        for last, name in CALLS.items():
            body = {"phoneNumber": f"+12125550{last}", "attributes": {"dialerJobId": f"job-{last}"}}
            request = conversations.post_conversations_calls_user_user_id
            ids[name] = judge.ask("placed", "CreateCallResponse", request, f"user-{last}", body).id
        deadline = time.monotonic() + _WAIT_S
        while len(ended) < len(CALLS):
            message = await socket.receive_json(timeout=deadline - time.monotonic())
            if message["topicName"] == "channel.metadata":
                continue
            event = judge.read("event", "ConversationCallEventTopicCallConversation", message["eventBody"])
            own = event.participants[0]
            states.setdefault(message["topicName"], []).append(own.state)
            if own.end_time is not None:
                ended.add(event.id)
    notifications.delete_notifications_channel_subscriptions(channel.id)
    named = {name: states[f"v2.users.user-{last}.conversations.calls"] for last, name in CALLS.items()}
    return {"ids": ids, "states": named}


def _the_rest(judge: Judge, conversations: Any, started: datetime) -> dict[str, Any]:
    """Users, limits, the search for attributes, and an error."""
    users = judge.ask(
        "users",
        "UserEntityListing",
        sdk.UsersApi(judge.client).get_users,
        id=["user-100", "user-101"],
        expand=["presence", "routingStatus", "station", "conversationSummary"],
        page_size=100,
    )
    limits = judge.ask(
        "limits",
        "LimitsEntityListing",
        sdk.OrganizationApi(judge.client).get_organizations_limits_namespace,
        "platform.api",
    )
    query = {
        "type": "DATE_RANGE",
        "fields": ["startTime"],
        "startValue": started.isoformat(),
        "endValue": datetime.now(UTC).isoformat(),
    }
    search = conversations.post_conversations_participants_attributes_search
    found = judge.ask("search", "JsonCursorSearchResponse", search, {"query": [query]})
    rows = [row["participantData"][0]["participantAttributes"]["dialerJobId"] for row in found.results]
    try:
        conversations.get_conversation("00000000-0000-4000-8000-000000000000")
    except ApiException as e:
        body = judge.read("error", "ErrorBody", json.loads(e.body))
        error = [e.status, body.code]
    return {
        "users": [
            [u.id, u.presence.presence_definition.system_presence, u.routing_status.status] for u in users.entities
        ],
        "limits": {limit.key: limit.value for limit in limits.entities},
        "search": sorted(rows),
        "error": error,
    }


def _queried(judge: Judge, conversations: Any, started: datetime) -> list[str]:
    """Ask analytics for the calls of one user to one number, and return the numbers that it shows."""
    predicates = [
        {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}
        for dimension, value in (("userId", "user-101"), ("dnis", "tel:+12125550101"))
    ]
    query = {
        "interval": f"{started.isoformat()}/{datetime.now(UTC).isoformat()}",
        "segmentFilters": [{"type": "and", "predicates": predicates}],
        "order": "desc",
        "orderBy": "conversationStart",
        "paging": {"pageSize": 100, "pageNumber": 1},
    }
    ask = conversations.post_analytics_conversations_details_query
    found = judge.ask("query", "AnalyticsConversationQueryResponse", ask, query)
    return [details.participants[1].sessions[0].dnis for details in found.conversations]


if __name__ == "__main__":
    main(sys.argv[1])
