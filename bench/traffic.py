"""What the simulator's record of requests tells: how well a limit was used, and who asked when asking was useless."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.simulator.process import Simulator


@dataclass(frozen=True)
class Visit:
    """A request to place a call: its arrival in epoch seconds, and the status that it was told."""

    time: float
    status: int | None

    @property
    def refused(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


@dataclass
class LimitWindow:
    """One of the server's windows: it opens with the first request after the last one's end."""

    opened_at: float
    admitted: int = 0


def visits(simulator: Simulator) -> list[Visit]:
    """Read the requests that asked for a call, by arrival."""
    found: list[dict[str, Any]] = simulator.requests()
    asked = [Visit(each["time"], each["status"]) for each in found if "conversations/calls" in each["route"]]
    return sorted(asked, key=lambda visit: visit.time)


def windows(asked: Sequence[Visit], *, period_s: float) -> list[LimitWindow]:
    """Sort the requests into the server's windows."""
    found: list[LimitWindow] = []
    for visit in asked:
        if not found or visit.time >= found[-1].opened_at + period_s:
            found.append(LimitWindow(visit.time))
        found[-1].admitted += not visit.refused
    return found


def share_of_limit(asked: Sequence[Visit], *, allowed: int, period_s: float) -> float | None:
    """Calls from the opening of the server's second window to that of its last, over what the limit allows then.

    It can never pass 1: neither a burst into the first window nor a last one that nobody waits for the end of counts.
    None where there are fewer than three windows.
    """
    found = windows(asked, period_s=period_s)
    if len(found) <= 2:  # noqa: PLR2004 - the second must be over
        return None
    called = sum(window.admitted for window in found[1:-1])
    return called / ((found[-1].opened_at - found[1].opened_at) * allowed / period_s)


def most_in_any(asked: Sequence[Visit], *, period_s: float) -> int:
    """Count the most requests that arrived within a period, wherever it begins."""
    times = [visit.time for visit in asked]
    most, first = 0, 0
    for n, time in enumerate(times):
        while time - times[first] >= period_s:
            first += 1
        most = max(most, n - first + 1)
    return most


def asked_in_a_pause(asked: Sequence[Visit], *, period_s: float) -> int:
    """Count the requests that arrived while the `Retry-After` of an earlier 429 was running, in whole seconds."""
    opened_at, until, count = -math.inf, -math.inf, 0
    for visit in asked:
        if visit.time >= opened_at + period_s:
            opened_at = visit.time
        count += visit.time < until
        if visit.refused:
            until = max(until, visit.time + math.ceil(opened_at + period_s - visit.time))
    return count
