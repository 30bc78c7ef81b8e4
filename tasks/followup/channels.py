"""The notification channels that the holder keeps open: which users each tells of, and for how long it lives.

create ─▶ connect ─▶ subscribe ─▶ receive ─▶ subscribe again, before it expires, and for new users
             ▲                       │
             └──── a new channel ◀───┴─ lost, or silent

The WebSocket is opened before the subscription, so that no event of a subscribed user is lost in between.
"""

import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from tasks.errors import NotPlaced
from tasks.followup.channel import EventChannel
from tasks.followup.event_requests import EventRequests, NotNow
from tasks.genesys.event_socket import SocketLost
from tasks.genesys.look_up import NoNews
from tasks.genesys.notifications import MOST_USERS, CallEvent, can_be_subscribed

log = logging.getLogger("dialer.followup")

#: A client has 20 channels, which other programs with the same client share. Look-ups tell of further users.
MOST_CHANNELS: Final = 10
#: After a failure, the time to the next try doubles up to this.
_LONGEST_RETRY_S: Final = 60.0
#: After this time, what was refused is tried again: the permission may have been given.
_RETRY_REFUSED_S: Final = 3600.0
_MOST_AT_ONCE: Final = 200


class EventChannels:
    """The open channels of one worker. `clock` gives seconds."""

    def __init__(self, requests: EventRequests, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._clock = clock
        self._open: list[EventChannel] = []
        self._refused_at: dict[str, float] = {}
        self._refusals_told: set[str] = set()
        self._failures = 0
        self._retry_at = 0.0

    @property
    def all(self) -> list[EventChannel]:
        """The channels that are open now."""
        return list(self._open)

    @property
    def users(self) -> list[str]:
        """The users whose events are received."""
        return [user for channel in self._open for user in channel.users]

    def tend(self, users: Sequence[str]) -> None:
        """Renew what is about to expire, and subscribe to the events of users who are new; the first come first.

        What fails is tried again later. Raises LedgerUnavailable.
        """
        now = self._clock()
        if now < self._retry_at:
            return
        may = [user for user in dict.fromkeys(users) if can_be_subscribed(user) and not self._is_refused(user, now)]
        wanted = dict.fromkeys(may[: MOST_CHANNELS * MOST_USERS])
        try:
            for channel in self.all:
                if now >= channel.renew_at:
                    self._subscribe(channel, [user for user in channel.users if user in wanted])
            known = set(self.users)
            self._add([user for user in wanted if user not in known])
        except NotNow:
            return
        except (NoNews, NotPlaced, SocketLost) as error:
            self._fail(error)
            return
        if self._failures:
            log.info("events of calls are received again")
        self._failures = 0

    def receive(self, wait_s: float) -> list[CallEvent]:
        """Return the events that have come, or that come within `wait_s`. A channel that is lost is dropped."""
        events: list[CallEvent] = []
        for channel in self.all:
            share_s = 0.0 if events else wait_s / len(self._open)
            try:
                channel.receive(events, wait_s=share_s, most=_MOST_AT_ONCE)
            except SocketLost as error:
                self.drop(channel)
                self._fail(error)
        return events

    def drop(self, channel: EventChannel) -> None:
        """Close a channel; `tend` opens another for its users."""
        self._open.remove(channel)
        channel.socket.close()

    def close(self) -> None:
        """Close all channels."""
        for channel in self.all:
            self.drop(channel)

    def _add(self, users: list[str]) -> None:
        for channel in self.all:
            room = MOST_USERS - len(channel.users)
            if users and room > 0:
                self._subscribe(channel, channel.users + users[:room])
                users = users[room:]
        while users and len(self._open) < MOST_CHANNELS:
            new = self._requests.create()
            channel = EventChannel(new=new, socket=self._requests.listen(new))
            self._open.append(channel)
            try:
                self._subscribe(channel, users[:MOST_USERS])
            finally:
                if not channel.users:
                    self.drop(channel)
            users = users[MOST_USERS:]

    def _subscribe(self, channel: EventChannel, users: list[str]) -> None:
        refused = self._requests.subscribe(channel.new, users)
        now = self._clock()
        channel.users = [user for user in users if user not in refused.users]
        channel.renew_at = now + channel.new.life_s / 2
        self._refused_at |= dict.fromkeys(refused.users, now)
        for permission in refused.permissions if refused.users else ():
            if permission not in self._refusals_told:
                self._refusals_told.add(permission)
                log.warning("events of calls need the permission %s; using look-ups until it is given", permission)

    def _is_refused(self, user: str, now: float) -> bool:
        return user in self._refused_at and now - self._refused_at[user] < _RETRY_REFUSED_S

    def _fail(self, error: Exception) -> None:
        if not self._failures:
            log.warning("events of calls are not received; trying again, and using look-ups: %s", error)
        self._failures += 1
        refused = isinstance(error, NoNews) and error.status == HTTPStatus.FORBIDDEN
        wait_s = _RETRY_REFUSED_S if refused else min(2.0 ** (self._failures - 1), _LONGEST_RETRY_S)
        self._retry_at = self._clock() + wait_s
