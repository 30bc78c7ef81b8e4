"""The API's rate limit: a fixed window that opens with a client's first request, over all endpoints."""

import math
from collections.abc import Callable
from typing import NamedTuple


class Reading(NamedTuple):
    """One request against the budget, as the `inin-ratelimit-*` headers tell it."""

    used: int
    allowed: int
    reset_s: int
    admitted: bool

    def headers(self) -> dict[str, str]:
        """Give the three headers; none where no limit is set."""
        if not self.allowed:
            return {}
        return {
            "inin-ratelimit-count": str(self.used),
            "inin-ratelimit-allowed": str(self.allowed),
            "inin-ratelimit-reset": str(self.reset_s),
        }


class _Window(NamedTuple):
    opened_at: float
    used: int


class RateWindows:
    """One window for each key (an OAuth client). `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def spend(self, key: str, *, allowed: int, window_s: float, requests: int = 1) -> Reading:
        """Count `requests` if they fit; refused ones use nothing up. `allowed` 0 means no limit.

        `reset_s` is rounded up, so that who waits it out has waited long enough.
        """
        now = self._clock()
        window = self._windows.get(key)
        if window is None or now >= window.opened_at + window_s:
            window = _Window(now, 0)
        admitted = not allowed or window.used + requests <= allowed
        if admitted:
            window = _Window(window.opened_at, window.used + requests)
        self._windows[key] = window
        return Reading(window.used, allowed, math.ceil(window.opened_at + window_s - now), admitted)

    def counts(self) -> dict[str, int]:
        """Tell what each window has counted, whether or not it is over."""
        return {key: window.used for key, window in self._windows.items()}
