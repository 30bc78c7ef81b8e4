"""Searches for calls whose answers were lost: what is found is placed, and what is not found is noted as evidence.

take (a slot of the pace) ─▶ later calls: a witness? ─▶ calls of that time ─▶ verdict ─▶ bind, or note

Nothing here makes a job sendable: that an answer does not show a call is no proof (`tasks.ledger.evidence`).
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tasks.errors import NotPlaced
from tasks.followup.asking import Asking
from tasks.followup.inquiries import Inquiries, MissingPermission, OutOfTime, SearchApi
from tasks.followup.searches import (
    calls_by_analytics,
    later_by_analytics,
    later_by_attributes,
    pages_by_attributes,
)
from tasks.followup.windows import Found, SearchWindow, verdict, windows, witness_for
from tasks.genesys.look_up import NoNews
from tasks.genesys.search import MOST_USERS, QUERY_PERMISSION, SEARCH_PERMISSION, running_calls
from tasks.genesys.seen import SeenCall, mark_of
from tasks.ledger.doubt import LEASE_S, Doubt, DoubtfulJob, Doubts

log = logging.getLogger("dialer.reconcile")

#: A search ends before its jobs are due again.
_SEARCH_S: Final = LEASE_S * 0.75
#: An unconfirmed job holds its user for five minutes, which begin some seconds after the request.
_HELD_S: Final = 360.0
#: After this time, a way that was refused is tried again: its permission may have been given.
_RETRY_WAY_S: Final = 3600.0
#: The ways to search, by the permission that each needs; the first one that is allowed is used.
_WAYS: Final = (SEARCH_PERMISSION, QUERY_PERMISSION)


class Reconciler:
    """One process' part in the search for the fleet's lost calls. `clock` gives seconds."""

    def __init__(
        self,
        *,
        doubt: Doubt,
        asking: Asking,
        api: SearchApi,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doubt = doubt
        self._clock = clock
        self._inquiries = Inquiries(api=api, asking=asking, slot=doubt.slot, stopping=stopping, clock=clock)
        self._refused_at: dict[str, float] = {}
        self._failing = False

    def step(self) -> bool:
        """Search for the jobs in doubt that are due, and return whether there were any. Raises LedgerUnavailable."""
        way = self._way()
        doubts = self._doubt.take() if way or self._doubt.holds_users else None
        if doubts is None or not doubts.jobs:
            return False
        try:
            self._inquiries.begin(wait_s=doubts.wait_s, for_s=_SEARCH_S)
            self._free_users(doubts)
            if not way:
                for job in doubts.jobs:
                    self._doubt.note(job, None)
            while way:
                way = self._search(way, doubts)
        except OutOfTime:
            log.debug("no time left for a search; repeating it later")
        except (NotPlaced, NoNews) as error:
            if not self._failing:
                log.warning("search for calls failed; repeating it later: %s", error)
            self._failing = True
        else:
            self._failing = False
        return True

    def on_unknown(self, conversation_id: str, attributes: Mapping[str, Any]) -> None:
        """Bind a conversation of which there is news, and which no job has, if it is a lost call.

        Raises LedgerUnavailable.
        """
        mark = mark_of(attributes)
        if mark is None or not conversation_id:
            return
        for job in self._doubt.read([mark.job_id]):
            if job.fence == mark.attempt:
                self._bind(job, conversation_id)

    def _free_users(self, doubts: Doubts) -> None:
        """Let the next call of a user leave who has no call: one lost answer must not stop a fleet of one user."""
        held = [job for job in doubts.jobs if job.user_id and doubts.at - job.sent_at < _HELD_S]
        if not held or not self._doubt.holds_users:
            return
        users = list(dict.fromkeys(job.user_id for job in held))[:MOST_USERS]
        try:
            running = self._inquiries.ask(running_calls(users))
        except NoNews as error:
            # The search matters more, and the hold ends by itself after some minutes.
            log.debug("users could not be asked for: %s", error)
            return
        for job in held:
            if running.get(job.user_id) == 0 and self._doubt.free(job):
                log.info("user has no call; no longer held by an unconfirmed job", extra={"job_id": job.id})

    def _search(self, way: str, doubts: Doubts) -> str | None:
        """Search in one way; if its permission is missing, return the other one."""
        try:
            for window in windows(doubts.jobs):
                if way == SEARCH_PERMISSION:
                    self._by_attributes(window, doubts.at)
                else:
                    for job in window.jobs:
                        self._by_analytics(job, doubts.at)
        except MissingPermission as missing:
            self._refused_at[missing.permission] = self._clock()
            other = self._way()
            what = "using another way until it is given" if other else "unconfirmed calls are not searched for"
            log.warning("the search for unconfirmed calls needs the permission %s; %s", missing.permission, what)
            return other
        return None

    def _by_attributes(self, window: SearchWindow, now: float) -> None:
        witness = self._witness(window, later_by_attributes(self._inquiries, window, now))
        calls: list[SeenCall] = []
        is_complete = False
        for sight in pages_by_attributes(self._inquiries, window):
            self._bind_those_in(sight.calls, window.jobs)
            calls += sight.calls
            is_complete = sight.is_complete
        for job in window.jobs:
            self._record(job, calls, witness=witness, at=now, is_complete=is_complete)

    def _by_analytics(self, job: DoubtfulJob, now: float) -> None:
        if not (job.user_id and job.to):
            self._doubt.note(job, None)
            return
        (window,) = windows([job])
        witness = self._witness(window, later_by_analytics(self._inquiries, job, now))
        sight = calls_by_analytics(self._inquiries, job)
        self._record(job, sight.calls, witness=witness, at=now, is_complete=sight.is_complete)

    def _witness(self, window: SearchWindow, later: list[SeenCall]) -> SeenCall | None:
        known = self._doubt.known({call.mark.job_id for call in later if call.mark})
        return witness_for(window, later, known)

    def _bind_those_in(self, calls: list[SeenCall], jobs: Sequence[DoubtfulJob]) -> None:
        """Bind what a page shows at once: the time of the search may end before its last page."""
        for job in jobs:
            found = verdict(job, calls, witness=None, at=0.0, is_complete=False)
            if isinstance(found, Found):
                self._bind(job, found.conversation_id)

    def _record(
        self, job: DoubtfulJob, calls: list[SeenCall], *, witness: SeenCall | None, at: float, is_complete: bool
    ) -> None:
        found = verdict(job, calls, witness=witness, at=at, is_complete=is_complete)
        if isinstance(found, Found):
            self._bind(job, found.conversation_id)
        else:
            self._doubt.note(job, found)

    def _bind(self, job: DoubtfulJob, conversation_id: str) -> bool:
        bound = self._doubt.bind(job, conversation_id)
        if bound:
            log.info(
                "lost call found; job ended as placed", extra={"job_id": job.id, "conversation": conversation_id}
            )
        return bound

    def _way(self) -> str | None:
        """Return the best way that was not refused lately, or None."""
        now = self._clock()
        allowed = (way for way in _WAYS if now - self._refused_at.get(way, now - 2 * _RETRY_WAY_S) > _RETRY_WAY_S)
        return next(allowed, None)
