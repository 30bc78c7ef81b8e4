"""Makes the inquiries of one search, each in a slot of the fleet's pace, until its time is up."""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol, TypeVar

from tasks.followup.asking import Asking
from tasks.genesys.look_up import NoNews
from tasks.genesys.search import Inquiry

T = TypeVar("T")

#: The time between two questions for a slot, if there is none.
_NO_SLOT_S: Final = 0.5


class MissingPermission(Exception):
    """The OAuth client may not make this inquiry."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(permission)


class OutOfTime(Exception):
    """The time of the search is over, or the process ends; what is missing is searched for later."""


class SearchApi(Protocol):
    def ask(self, question: Inquiry[T], *, token: str) -> T:
        """Return what the answer tells; raises NoNews, and NotPlaced for an unusable token."""


class Inquiries:
    """Makes inquiries. `slot` gives the seconds until one more request may be sent, or None: not now."""

    def __init__(
        self,
        *,
        api: SearchApi,
        asking: Asking,
        slot: Callable[[], float | None],
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._asking = asking
        self._slot = slot
        self._stopping = stopping
        self._clock = clock
        self._until = 0.0
        self._has_slot = False

    def begin(self, *, wait_s: float, for_s: float) -> None:
        """Begin a search that has its first slot, after `wait_s`. Raises OutOfTime."""
        self._until, self._has_slot = self._clock() + for_s, True
        self._sleep(wait_s)

    def ask(self, question: Inquiry[T]) -> T:
        """Return the answer.

        Raises OutOfTime, MissingPermission, NoNews, NotPlaced without a token, and LedgerUnavailable.
        """
        self._wait_for_slot()
        try:
            return self._asking.ask(lambda token: self._api.ask(question, token=token))
        except NoNews as error:
            if error.status == HTTPStatus.FORBIDDEN and question.permission:
                raise MissingPermission(question.permission) from error
            raise

    def _wait_for_slot(self) -> None:
        while not self._has_slot:
            wait_s = self._slot()
            self._has_slot = wait_s is not None
            self._sleep(_NO_SLOT_S if wait_s is None else wait_s)
        self._has_slot = False

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds) or self._clock() > self._until:
            raise OutOfTime
