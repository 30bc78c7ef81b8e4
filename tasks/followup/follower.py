"""Looks at placed calls until they end, and records what became of them.

take (a slot of the pace) ─▶ token ─▶ GET (up to 50 calls) ─▶ legs ─▶ progress ─▶ record

Any worker does this; none holds a call for longer than a look. What could not be looked at is looked at later.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, Protocol

from tasks.errors import NotPlaced
from tasks.fleet.pause import Pause
from tasks.fleet.subscribed import SubscribedUsers
from tasks.followup.asking import Asking, TokenSource
from tasks.followup.ended_calls import EndedCalls
from tasks.followup.result import progress_of
from tasks.genesys.legs import CallLeg, users_of
from tasks.genesys.look_up import SOURCES, LookUpSource, NoNews
from tasks.ledger.following import FollowedCall, Following

log = logging.getLogger("dialer.followup")

#: After this time, a source that was refused is tried again: its permission may have been given.
_RETRY_SOURCE_S: Final = 3600.0


class LookUps(Protocol):
    def look_up(
        self, source: LookUpSource, conversation_ids: Sequence[str], *, token: str
    ) -> dict[str, list[CallLeg]]:
        """Return the legs of the conversations that are known; raises NoNews."""


class Follower:
    """One process' part in the following of the fleet's calls. `clock` gives seconds.

    `subscribed`, if events are received too, is told whose calls ended without an event.
    """

    def __init__(
        self,
        *,
        following: Following,
        tokens: TokenSource,
        api: LookUps,
        pause: Pause,
        stopping: threading.Event,
        subscribed: SubscribedUsers | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._following = following
        self._asking = Asking(tokens=tokens, pause=pause)
        self._api = api
        self._stopping = stopping
        self._subscribed = subscribed
        self._clock = clock
        self._refused_at: dict[LookUpSource, float] = {}
        self._failing = False
        self._ended = EndedCalls()

    def step(self) -> bool:
        """Look at the calls that are due with one request, and return whether there were any.

        Raises LedgerUnavailable.
        """
        source = self._source()
        looks = self._following.take(most=source.most)
        if not looks.calls or self._stopping.wait(looks.wait_s):
            return False
        try:
            found = self._ask(source, looks.calls)
        except (NotPlaced, NoNews) as error:
            if not self._failing:
                log.warning("look-up of calls failed; repeating it later: %s", error)
            self._failing = True
            return True
        self._failing = False
        news = [
            (call, progress_of(legs) if (legs := found.get(call.conversation_id)) else None) for call in looks.calls
        ]
        first_told = []
        for (call, progress), new in zip(news, self._following.record(news), strict=True):
            self._ended.tell(call, progress, new)
            if new and not new.replaces:
                first_told += [(user, call.since_ms) for user in users_of(found.get(call.conversation_id, []))]
        if self._subscribed:
            self._subscribed.missed(first_told)
        return True

    def _ask(self, source: LookUpSource, calls: list[FollowedCall]) -> dict[str, list[CallLeg]]:
        ids = [call.conversation_id for call in calls]
        try:
            return self._asking.ask(lambda token: self._api.look_up(source, ids, token=token))
        except NoNews as error:
            if error.status == HTTPStatus.FORBIDDEN and source.permission:
                self._refused_at[source] = self._clock()
                log.warning(
                    "look-ups of calls need the permission %s; using another source until it is given",
                    source.permission,
                )
            raise

    def _source(self) -> LookUpSource:
        """Return the best source that was not refused lately; the last one needs no permission."""
        now = self._clock()
        for source in SOURCES:
            if source not in self._refused_at or now - self._refused_at[source] > _RETRY_SOURCE_S:
                return source
        return SOURCES[-1]
