"""One open notification channel: its WebSocket, and the users of whom it tells."""

from dataclasses import dataclass, field

from tasks.genesys.event_socket import EventSocket, SocketLost
from tasks.genesys.notifications import CallEvent, NewChannel, read_event


@dataclass(kw_only=True)
class EventChannel:
    """An open channel. `renew_at` is when to subscribe again, by the clock of `EventChannels`."""

    new: NewChannel
    socket: EventSocket
    users: list[str] = field(default_factory=list, repr=False)
    renew_at: float = 0.0

    def receive(self, events: list[CallEvent], *, wait_s: float, most: int) -> None:
        """Append the events that have come, or that come within `wait_s`; raises SocketLost.

        It stops when there are `most`.
        """
        while len(events) < most and (text := self.socket.receive(wait_s)) is not None:
            event, wait_s = read_event(text), 0.0
            if event and event.is_closing:
                raise SocketLost("Genesys Cloud is about to close it")
            if event:
                events.append(event)
