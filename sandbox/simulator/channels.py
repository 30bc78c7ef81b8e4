"""Notification channels: who is told of which users' calls, and over which WebSocket.

Nothing is stored: what happens while the socket of a channel is down is lost. As published, a client may have 20
channels, and a channel 1,000 topics and one WebSocket; it lives for 24 hours, which subscribing renews.
"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

MOST_CHANNELS: Final = 20
MOST_TOPICS: Final = 1000
#: The topic of heartbeats and pongs.
METADATA_TOPIC: Final = "channel.metadata"

#: What one WebSocket is to send next; None ends it.
Socket = asyncio.Queue[str | None]


class TooManyTopics(Exception):
    """A channel has more topics than it may have."""


@dataclass(slots=True, kw_only=True)
class Channel:
    """One channel. Instants are epoch seconds; the topics are in the order in which they were added."""

    id: str
    client: str
    expires_at: float
    used_at: float
    topics: dict[str, None] = field(default_factory=dict)
    socket: Socket | None = None

    def connect(self) -> Socket:
        """Open a socket in place of the one that is open, which ends."""
        self.disconnect()
        self.socket = asyncio.Queue()
        return self.socket

    def disconnect(self) -> bool:
        """End the socket. Return whether there was one."""
        open_before = self.socket
        self.socket = None
        if open_before is not None:
            open_before.put_nowait(None)
        return open_before is not None

    def left(self, socket: Socket) -> None:
        """Note that the client of this socket is gone."""
        if self.socket is socket:
            self.socket = None


class Channels:
    """All channels. `clock` returns epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._channels: dict[str, Channel] = {}

    def create(self, client: str, life_s: float) -> Channel:
        """Add a channel. Beyond the limit the one that was used least recently goes, those without a socket first."""
        now = self._clock()
        own = self.of(client)
        if len(own) >= MOST_CHANNELS:
            self._remove(min(own, key=lambda channel: (channel.socket is not None, channel.used_at)))
        channel_id = f"streaming-0-{secrets.token_hex(13)}"
        channel = Channel(id=channel_id, client=client, expires_at=now + life_s, used_at=now)
        self._channels[channel.id] = channel
        return channel

    def find(self, channel_id: str) -> Channel | None:
        channel = self._channels.get(channel_id)
        if channel is not None and self._clock() >= channel.expires_at:
            self._remove(channel)
            return None
        return channel

    def of(self, client: str) -> list[Channel]:
        """List the channels of a client that have not expired, oldest first."""
        return [c for c in map(self.find, list(self._channels)) if c is not None and c.client == client]

    def subscribe(self, channel: Channel, topics: Iterable[str], life_s: float) -> None:
        """Set the topics of the channel and renew its life. Raises TooManyTopics, and then changes nothing."""
        wanted = dict.fromkeys(topics)
        if len(wanted) > MOST_TOPICS:
            raise TooManyTopics
        channel.topics = wanted
        channel.used_at = self._clock()
        channel.expires_at = channel.used_at + life_s

    def listening(self, topic: str) -> list[Socket]:
        """List the open sockets of the channels that are subscribed to the topic."""
        sockets = [c.socket for c in self._channels.values() if topic in c.topics]
        return [socket for socket in sockets if socket is not None]

    def close_sockets(self) -> int:
        """End all sockets, and return how many there were."""
        return sum(channel.disconnect() for channel in self._channels.values())

    def __len__(self) -> int:
        return len(self._channels)

    def _remove(self, channel: Channel) -> None:
        channel.disconnect()
        self._channels.pop(channel.id, None)


def notification(topic: str, body: object) -> str:
    """Write one event as it is sent."""
    metadata = {"CorrelationId": str(uuid.uuid4())}
    return json.dumps({"topicName": topic, "version": "2", "eventBody": body, "metadata": metadata})


def metadata(message: str) -> str:
    """Write a heartbeat or a pong."""
    return json.dumps({"topicName": METADATA_TOPIC, "eventBody": {"message": message}})
