"""Asks Genesys Cloud whether users who missed three calls in a row are available again."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from tasks.errors import NotPlaced
from tasks.fleet.aside import ASK_EVERY_S, Aside
from tasks.fleet.slots import Slots
from tasks.followup.asking import Asking
from tasks.followup.inquiries import SearchApi
from tasks.genesys.look_up import NoNews
from tasks.genesys.search import MOST_USERS, presences

log = logging.getLogger("dialer.followup")

#: System presences of a user who can take a call.
_THERE: Final = frozenset({"Available", "On Queue"})


class Returning:
    """One process' part in this. `clock` gives seconds."""

    def __init__(
        self,
        *,
        aside: Aside,
        slots: Slots,
        asking: Asking,
        api: SearchApi,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._aside = aside
        self._slots = slots
        self._asking = asking
        self._api = api
        self._stopping = stopping
        self._clock = clock
        self._next = 0.0

    def step(self) -> None:
        """Ask about the users who are set aside without an end, now and then. Raises LedgerUnavailable."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + ASK_EVERY_S / 2
        users = self._aside.take(most=MOST_USERS)
        wait_s = self._slots.reserve() if users else None
        if wait_s is None or self._stopping.wait(wait_s):
            return
        try:
            found = self._asking.ask(lambda token: self._api.ask(presences(users), token=token))
        except (NotPlaced, NoNews) as error:
            log.debug("users who are set aside could not be asked for: %s", error)
            return
        back = [user for user in users if found.get(user) in _THERE]
        for user in back:
            log.info("user is available again", extra={"user": user})
        self._aside.bring_back(back)
