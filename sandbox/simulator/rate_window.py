"""The API's rate limit: a fixed window over all endpoints, which opens with a token's first request."""

import math
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class RateStatus(NamedTuple):
    """The budget of a token after one request, as the `inin-ratelimit-*` headers report it."""

    used: int
    allowed: int
    reset_s: int
    admitted: bool

    def headers(self) -> dict[str, str]:
        """Return the three headers, or none if there is no limit."""
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


class RateWindows(Generic[Key]):
    """One window for each key: a token of a client, or a client. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[Key, _Window] = {}

    def spend(self, key: Key, *, allowed: int, window_s: float) -> RateStatus:
        """Count a request if the budget allows it; refused requests are not counted. `allowed` 0 means no limit.

        `reset_s` is rounded up, so that a client that waits this long has waited long enough.
        """
        now = self._clock()
        window = self._windows.get(key)
        if window is None or now >= window.opened_at + window_s:
            window = _Window(now, 0)
        admitted = not allowed or window.used < allowed
        if admitted:
            window = _Window(window.opened_at, window.used + 1)
        self._windows[key] = window
        return RateStatus(window.used, allowed, math.ceil(window.opened_at + window_s - now), admitted)

    def counts(self) -> dict[Key, int]:
        """Return the count of each window, including those that are over."""
        return {key: window.used for key, window in self._windows.items()}
