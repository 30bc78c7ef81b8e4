"""Evaluates the simulator's log of requests: the share of a limit that was used, and requests during a pause."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.simulator.process import Simulator


@dataclass(frozen=True)
class Visit:
    """A request to place a call: its arrival in epoch seconds, and the status of the response."""

    time: float
    status: int | None

    @property
    def refused(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


@dataclass
class LimitWindow:
    """A rate limit window of the server, which opens with the first request after the end of the previous one."""

    opened_at: float
    admitted: int = 0


def visits(simulator: Simulator) -> list[Visit]:
    """Return the requests to place calls, by arrival."""
    found: list[dict[str, Any]] = simulator.requests()
    asked = [Visit(each["time"], each["status"]) for each in found if "conversations/calls" in each["route"]]
    return sorted(asked, key=lambda visit: visit.time)


def windows(asked: Sequence[Visit], *, period_s: float) -> list[LimitWindow]:
    """Group the requests by the windows of the server."""
    found: list[LimitWindow] = []
    for visit in asked:
        if not found or visit.time >= found[-1].opened_at + period_s:
            found.append(LimitWindow(visit.time))
        found[-1].admitted += not visit.refused
    return found


def share_of_limit(asked: Sequence[Visit], *, allowed: int, period_s: float) -> float | None:
    """Return the share of the limit that was used from the start of the second window to the start of the last.

    It cannot exceed 1, because neither a burst in the first window nor a partial last window counts. None if there are
    fewer than three windows.
    """
    found = windows(asked, period_s=period_s)
    if len(found) <= 2:  # noqa: PLR2004 - the second must be complete
        return None
    called = sum(window.admitted for window in found[1:-1])
    return called / ((found[-1].opened_at - found[1].opened_at) * allowed / period_s)


def most_in_any(asked: Sequence[Visit], *, period_s: float) -> int:
    """Return the maximum number of requests within any period."""
    times = [visit.time for visit in asked]
    most, first = 0, 0
    for n, time in enumerate(times):
        while time - times[first] >= period_s:
            first += 1
        most = max(most, n - first + 1)
    return most


def asked_in_a_pause(asked: Sequence[Visit], *, period_s: float) -> int:
    """Count the requests that arrived before the `Retry-After` of an earlier 429, in whole seconds, had passed."""
    opened_at, until, count = -math.inf, -math.inf, 0
    for visit in asked:
        if visit.time >= opened_at + period_s:
            opened_at = visit.time
        count += visit.time < until
        if visit.refused:
            until = max(until, visit.time + math.ceil(opened_at + period_s - visit.time))
    return count
