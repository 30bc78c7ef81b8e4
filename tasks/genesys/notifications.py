"""Events of calls, as Genesys Cloud's notification service tells them: channels, subscriptions, and what they say.

    POST /api/v2/notifications/channels                     a channel, and the address of its WebSocket
    PUT  /api/v2/notifications/channels/{id}/subscriptions  the topics of the channel, in place of those before

A channel has one WebSocket and at most 1,000 topics, and lives for 24 hours, which a subscription renews. A client
has at most 20 channels; a new one then replaces the oldest, unconnected ones first. Nothing is stored: what happens
while the WebSocket is down is not told. With `ignoreErrors`, topics that are refused are listed in the answer, and
fail no others. Sources: the published SDK's documentation of the two requests, and Genesys' blog of 2022-07-29.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tasks.genesys.answers import Answer, error_words
from tasks.genesys.headers import http_date, one_line, retry_after_s
from tasks.genesys.legs import CallLeg, conversation_id_of, instant_of, read_legs
from tasks.genesys.look_up import NoNews

CHANNELS_PATH: Final = "/api/v2/notifications/channels"
MOST_USERS: Final = 1000
#: The permission that is named if a refusal does not name one.
PERMISSION: Final = "conversation:communication:view"
LONGEST_LIFE_S: Final = 86_400.0
#: Genesys' ids are UUIDs. Another form could make the whole list of topics unreadable.
_USER_ID: Final = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_TOPIC: Final = re.compile(r"v2\.users\.(.+)\.conversations\.calls")
#: The WebSocket is about to be closed; the channel needs a new one.
_CLOSING_TOPIC: Final = "v2.system.socket_closing"


@dataclass(frozen=True, kw_only=True)
class NewChannel:
    """A channel. Whoever knows its address can read its events, so `repr` hides it."""

    id: str = field(repr=False)
    connect_uri: str = field(repr=False)
    life_s: float


@dataclass(frozen=True, kw_only=True)
class RefusedTopics:
    """The users whose events the client may not receive, and the permissions that it lacks."""

    users: frozenset[str] = field(repr=False)
    permissions: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class CallEvent:
    """One event: how a call of a user is now. `is_closing`: there is no call, and the WebSocket is about to end."""

    conversation_id: str = ""
    user_id: str = ""
    legs: list[CallLeg] = field(default_factory=list, repr=False)
    #: The attributes of all participants.
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_closing: bool = False


def topic_of(user_id: str) -> str:
    """Return the topic that tells of all calls of a user."""
    return f"v2.users.{user_id}.conversations.calls"


def can_be_subscribed(user_id: str) -> bool:
    """Return whether the id can be part of a topic."""
    return bool(_USER_ID.fullmatch(user_id))


def read_channel(answer: Answer) -> NewChannel:
    """Return the new channel; raises NoNews."""
    body = answer.json()
    channel_id, uri = body.get("id"), body.get("connectUri")
    if not (answer.is_success and isinstance(channel_id, str) and isinstance(uri, str)):
        raise _refused(answer, "a request for a notification channel")
    told_at = http_date(answer.headers.get("Date", ""))
    expires_at = instant_of(body.get("expires"))
    life_s = expires_at - (told_at.timestamp() if told_at else time.time()) if expires_at else 0.0
    # A life that makes no sense shows only that the clocks differ.
    return NewChannel(
        id=channel_id, connect_uri=uri, life_s=life_s if 0 < life_s <= LONGEST_LIFE_S else LONGEST_LIFE_S
    )


def read_refused(answer: Answer) -> RefusedTopics:
    """Return which topics of a subscription were refused; raises NoNews if all of it failed."""
    listed = answer.json().get("entities")
    if not (answer.is_success and isinstance(listed, list)):
        raise _refused(answer, "a subscription to events of calls")
    refused = [entry for entry in listed if isinstance(entry, dict) and entry.get("state") == "Rejected"]
    missing = [name for entry in refused for name in _texts(entry.get("missingPermissions"))]
    return RefusedTopics(
        users=frozenset(found[1] for entry in refused if (found := _TOPIC.fullmatch(str(entry.get("id"))))),
        permissions=tuple(dict.fromkeys(map(one_line, missing))) or (PERMISSION,),
    )


def read_event(text: str | bytes) -> CallEvent | None:
    """Return what a message of the WebSocket says of a call; None for a heartbeat, and for what cannot be read."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    topic, body = str(message.get("topicName")), message.get("eventBody")
    if topic == _CLOSING_TOPIC:
        return CallEvent(is_closing=True)
    found = _TOPIC.fullmatch(topic)
    if not found or not isinstance(body, dict) or not (conversation_id := conversation_id_of(body)):
        return None
    return CallEvent(
        conversation_id=conversation_id, user_id=found[1], legs=read_legs(body), attributes=_attributes(body)
    )


def subscription(users: Iterable[str]) -> list[dict[str, str]]:
    """Return the body of the request that subscribes a channel to the calls of these users."""
    return [{"id": topic_of(user)} for user in users]


def _attributes(body: Mapping[str, Any]) -> dict[str, str]:
    participants = body.get("participants")
    listed = participants if isinstance(participants, list) else []
    shown = [each.get("attributes") for each in listed if isinstance(each, dict)]
    return {
        name: value
        for attributes in shown
        if isinstance(attributes, dict)
        for name, value in attributes.items()
        if isinstance(value, str)
    }


def _texts(value: object) -> Sequence[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _refused(answer: Answer, what: str) -> NoNews:
    if not answer.is_by_the_api:
        return NoNews(None, f"A proxy, not Genesys Cloud, answered {answer.status} to {what}.")
    _, message = error_words(answer.json())
    told = f"Genesys Cloud answered {answer.status} to {what}: {message or 'nothing that can be read'}"
    return NoNews(answer.status, told, retry_after_s=retry_after_s(answer.headers, message))
