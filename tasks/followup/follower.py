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
from tasks.fleet.pause import Pause, PauseReason
from tasks.followup.result import progress_of
from tasks.genesys.legs import CallLeg
from tasks.genesys.look_up import SOURCES, LookUpSource, NoNews
from tasks.ledger.following import FollowedCall, Following
from tasks.results import CallResult

log = logging.getLogger("dialer.followup")

#: After this time, a source that was refused is tried again: its permission may have been given.
_RETRY_SOURCE_S: Final = 3600.0
#: The pause after a 429 that does not say how long to wait, as after a call's.
_NO_RETRY_AFTER_S: Final = 2.0
_MOST_TOLD: Final = 100


class LookUps(Protocol):
    def look_up(
        self, source: LookUpSource, conversation_ids: Sequence[str], *, token: str
    ) -> dict[str, list[CallLeg]]:
        """Return the legs of the conversations that are known; raises NoNews."""


class TokenSource(Protocol):
    def current(self) -> str:
        """Return a token; raises NotPlaced."""

    def discard(self, token: str) -> None:
        """Remove a token that the API rejected."""


class Follower:
    """One process' part in the following of the fleet's calls. `clock` gives seconds."""

    def __init__(
        self,
        *,
        following: Following,
        tokens: TokenSource,
        api: LookUps,
        pause: Pause,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._following = following
        self._tokens = tokens
        self._api = api
        self._pause = pause
        self._stopping = stopping
        self._clock = clock
        self._refused_at: dict[LookUpSource, float] = {}
        self._failing = False
        self._told: set[str] = set()

    def step(self) -> bool:
        """Look at the calls that are due with one request, and return whether there were any.

        Raises LedgerUnavailable.
        """
        source = self._source()
        looks = self._following.take(most=source.most)
        if not looks.calls or self._stopping.wait(looks.wait_s):
            return False
        try:
            token = self._tokens.current()
            found = self._ask(source, looks.calls, token)
        except (NotPlaced, NoNews) as error:
            if not self._failing:
                log.warning("look-up of calls failed; repeating it later: %s", error)
            self._failing = True
            return True
        self._failing = False
        news = [
            (call, progress_of(legs) if (legs := found.get(call.conversation_id)) else None) for call in looks.calls
        ]
        for (call, progress), new in zip(news, self._following.record(news), strict=True):
            if new:
                detail = progress.detail if progress else ""
                log.info("call ended", extra={"job_id": call.job_id, "result": new.result, "detail": detail})
                self._tell_once(new.result, detail)
        return True

    def _tell_once(self, result: CallResult, detail: str) -> None:
        """Warn of each word of the platform that tells of a failure, or that is not known, the first time."""
        if result in {CallResult.NOT_KNOWN, CallResult.FAILED} and detail not in self._told:
            log.warning("a call failed, or its result is not known", extra={"result": result, "detail": detail})
            if len(self._told) < _MOST_TOLD:
                self._told.add(detail)

    def _ask(self, source: LookUpSource, calls: list[FollowedCall], token: str) -> dict[str, list[CallLeg]]:
        try:
            return self._api.look_up(source, [call.conversation_id for call in calls], token=token)
        except NoNews as error:
            if error.status == HTTPStatus.FORBIDDEN and source.permission:
                self._refused_at[source] = self._clock()
                log.warning(
                    "look-ups of calls need the permission %s; using another source until it is given",
                    source.permission,
                )
            elif error.status == HTTPStatus.UNAUTHORIZED:
                self._tokens.discard(token)
            elif error.status == HTTPStatus.TOO_MANY_REQUESTS:
                # The limit is that of the whole fleet, so its calls wait too.
                self._pause.begin(PauseReason.RATE_LIMIT, str(error), for_s=error.retry_after_s or _NO_RETRY_AFTER_S)
            raise

    def _source(self) -> LookUpSource:
        """Return the best source that was not refused lately; the last one needs no permission."""
        now = self._clock()
        for source in SOURCES:
            if source not in self._refused_at or now - self._refused_at[source] > _RETRY_SOURCE_S:
                return source
        return SOURCES[-1]
