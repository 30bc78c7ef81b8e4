"""Receives the events of the fleet's calls: one worker holds the lease, and another takes over when it ends.

lease ─▶ users (configured, dialed) ─▶ channels ─▶ event ─▶ legs ─▶ progress ─▶ record
            silent? (look-ups found what no event told) ─▶ a new channel

Events are a hint: whatever they do not tell, look-ups find.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from tasks.fleet.event_lease import ASK_S, EventLease
from tasks.fleet.subscribed import SubscribedUsers
from tasks.followup.channel import EventChannel
from tasks.followup.channels import EventChannels
from tasks.followup.news import EventNews
from tasks.ledger.dialed_users import DialedUsers

log = logging.getLogger("dialer.followup")

#: How often it looks for new users, what expires, and silent channels.
_TEND_S: Final = 2.0
_WAIT_S: Final = 0.3
#: A channel is silent if so many calls in a row ended without an event.
MOST_MISSED: Final = 3
#: A channel that stays silent is replaced again after this time, which doubles up to the longest.
_SILENT_S: Final = 60.0
_LONGEST_SILENT_S: Final = 3600.0


class Events:
    """One process' part in receiving events; `users` are those who are configured. `clock` gives seconds."""

    def __init__(
        self,
        *,
        lease: EventLease,
        channels: EventChannels,
        news: EventNews,
        subscribed: SubscribedUsers,
        dialed: DialedUsers,
        users: Sequence[str],
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._channels = channels
        self._news = news
        self._subscribed = subscribed
        self._dialed = dialed
        self._users = list(users)
        self._stopping = stopping
        self._clock = clock
        self._held = False
        self._tend_at = 0.0
        self._replace_at = 0.0
        self._silences = 0

    def step(self) -> None:
        """Do the holder's work for a moment, or wait for the lease. Raises LedgerUnavailable."""
        held = self._lease.hold()
        if held != self._held:
            log.info("receiving the events of calls" if held else "another worker receives the events of calls")
            self._held = held
        if not held:
            self._channels.close()
            self._stopping.wait(ASK_S)
            return
        if self._clock() >= self._tend_at:
            self._tend()
            self._tend_at = self._clock() + _TEND_S
        if not self._channels.all:
            self._stopping.wait(_WAIT_S)
        events = self._channels.receive(_WAIT_S)
        if events:
            self._silences = 0
        self._news.hear(events)

    def close(self) -> None:
        """Close the channels, and let another worker take over at once. Raises LedgerUnavailable."""
        self._channels.close()
        if self._held:
            self._held = False
            self._subscribed.keep([])
            self._lease.release()

    def _tend(self) -> None:
        missed = self._subscribed.keep(self._channels.users)
        for channel in self._channels.all:
            self._distrust(channel, sum(missed.get(user, 0) for user in channel.users))
        self._channels.tend([*self._users, *self._dialed.ids()])

    def _distrust(self, channel: EventChannel, missed: int) -> None:
        """Replace a channel that is open, and did not tell of calls that ended."""
        now = self._clock()
        if missed < MOST_MISSED or now < self._replace_at:
            return
        if not self._silences:
            log.warning("a channel is open and tells no events; replacing it", extra={"calls": missed})
        self._replace_at = now + min(_SILENT_S * 2**self._silences, _LONGEST_SILENT_S)
        self._silences += 1
        self._channels.drop(channel)
        self._subscribed.keep(self._channels.users)  # so that the new channel begins without missed calls
