"""The requests for events of calls, each with a slot of the pace and under the holder's lease."""

import threading
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from tasks.fleet.slots import Slots
from tasks.followup.asking import Asking
from tasks.genesys.event_socket import EventSocket
from tasks.genesys.notifications import NewChannel, RefusedTopics

Told = TypeVar("Told")


class NotNow(Exception):
    """The request was not sent: the fleet is paused, no slot is free, the lease is lost, or the worker stops."""


class Notifications(Protocol):
    def create_channel(self, *, token: str) -> NewChannel:
        """Return a new channel; raises NoNews."""

    def subscribe(self, channel: NewChannel, user_ids: Iterable[str], *, token: str) -> RefusedTopics:
        """Set the users of a channel; raises NoNews."""

    def listen(self, channel: NewChannel) -> EventSocket:
        """Open the WebSocket of a channel; raises SocketLost."""


class EventRequests:
    """Sends the requests. `hold` renews the lease, and returns whether this worker still has it."""

    def __init__(
        self,
        *,
        api: Notifications,
        asking: Asking,
        slots: Slots,
        hold: Callable[[], bool],
        stopping: threading.Event,
    ) -> None:
        self._api = api
        self._asking = asking
        self._slots = slots
        self._hold = hold
        self._stopping = stopping

    def create(self) -> NewChannel:
        """Create a channel. Raises NotNow, NoNews, NotPlaced and LedgerUnavailable, as `subscribe` does."""
        return self._send(lambda token: self._api.create_channel(token=token))

    def subscribe(self, channel: NewChannel, users: list[str]) -> RefusedTopics:
        """Let the channel tell of these users and no others, and renew its life; return whose events are refused."""
        return self._send(lambda token: self._api.subscribe(channel, users, token=token))

    def listen(self, channel: NewChannel) -> EventSocket:
        """Open the WebSocket, which is no request of the API's limit; raises SocketLost and NotNow."""
        if not self._hold():
            raise NotNow
        return self._api.listen(channel)

    def _send(self, request: Callable[[str], Told]) -> Told:
        wait_s = self._slots.reserve()
        if wait_s is None or self._stopping.wait(wait_s) or not self._hold():
            raise NotNow
        return self._asking.ask(request)
