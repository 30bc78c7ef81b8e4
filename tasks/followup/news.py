"""Records what events tell of calls."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tasks.errors import LedgerUnavailable
from tasks.fleet.subscribed import SubscribedUsers
from tasks.followup.ended_calls import EndedCalls
from tasks.followup.result import progress_of
from tasks.genesys.call import JOB_ID
from tasks.genesys.notifications import CallEvent
from tasks.ledger.following import Following
from tasks.results import CallState

#: The end of a call may be told before the answer to the request that placed it is recorded. It is kept this long,
#: which is longer than a request may take with the default time-outs.
_EARLY_S: Final = 15.0
_MOST_EARLY: Final = 1000

#: Is given the conversation and the attributes of a call of Dialer's that is not followed, such as one whose answer
#: was lost. It may be given the same call several times, and one that ended long ago. It may raise LedgerUnavailable,
#: and is then given the call again.
OnUnknown = Callable[[str, Mapping[str, str]], None]


def ignore(_conversation_id: str, _attributes: Mapping[str, str]) -> None:
    """Do nothing."""


class EventNews:
    """Records events of the calls that are followed; other calls of the users are not ours. `clock` gives seconds."""

    def __init__(
        self,
        *,
        following: Following,
        subscribed: SubscribedUsers,
        on_unknown: OnUnknown = ignore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._following = following
        self._subscribed = subscribed
        self._on_unknown = on_unknown
        self._clock = clock
        self._ended = EndedCalls()
        self._unrecorded: list[CallEvent] = []
        self._early: OrderedDict[str, tuple[float, CallEvent]] = OrderedDict()

    def hear(self, events: Sequence[CallEvent]) -> None:
        """Record the events. Raises LedgerUnavailable; they are then recorded with the next ones."""
        self._unrecorded += events
        try:
            self._record()
        except LedgerUnavailable:
            raise
        except Exception:
            # Otherwise an event that nobody can record would stand in the way of all that come after it.
            self._unrecorded = []
            raise
        self._unrecorded = []

    def _record(self) -> None:
        now = self._clock()
        heard = [event for until, event in self._early.values() if now < until] + self._unrecorded
        if not heard:
            self._early.clear()
            return
        calls = self._following.calls_of(list(dict.fromkeys(event.conversation_id for event in heard)))
        known = [event for event in heard if event.conversation_id in calls]
        news = [(calls[event.conversation_id], progress_of(event.legs)) for event in known]
        for (call, progress), new in zip(news, self._following.record(news, by_event=True), strict=True):
            self._ended.tell(call, progress, new)
        self._subscribed.told(event.user_id for event in self._unrecorded if _has_ended(event))
        self._early = OrderedDict(
            (name, kept) for name, kept in self._early.items() if name not in calls and now < kept[0]
        )
        for event in self._unrecorded:
            if event.conversation_id not in calls:
                self._keep(event, now)

    def _keep(self, event: CallEvent, now: float) -> None:
        if _has_ended(event):
            self._early[event.conversation_id] = (now + _EARLY_S, event)
            if len(self._early) > _MOST_EARLY:
                self._early.popitem(last=False)
        if JOB_ID in event.attributes:
            self._on_unknown(event.conversation_id, event.attributes)


def _has_ended(event: CallEvent) -> bool:
    return progress_of(event.legs).state is CallState.ENDED
