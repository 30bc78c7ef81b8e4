"""What came in, when, and how it was answered: the record by which a client's pace is judged."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

#: Older requests are forgotten; far more than any bench sends, and some hundred megabytes at most.
KEPT_REQUESTS = 500_000


@dataclass(slots=True)
class Visit:
    """One request. `time` is its arrival in epoch seconds; `status` what the client was told, if it was."""

    n: int
    time: float
    route: str
    client: str = ""
    status: int | None = None

    def entry(self) -> dict[str, object]:
        """Show the request as the admin API does."""
        return {
            "n": self.n,
            "time": self.time,
            "route": self.route,
            "client": self.client,
            "status": self.status,
        }


class Traffic:
    """All requests but those to the admin API. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._visits: deque[Visit] = deque(maxlen=KEPT_REQUESTS)
        self._counts: Counter[tuple[str, int | None]] = Counter()
        self.total = 0
        self.in_flight = 0
        self.max_in_flight = 0

    def arrive(self, route: str) -> Visit:
        self.total += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        visit = Visit(self.total, self._clock(), route)
        self._visits.append(visit)
        return visit

    def leave(self, visit: Visit) -> None:
        self.in_flight -= 1
        self._counts[visit.route, visit.status] += 1

    def after(self, n: int, limit: int | None = None) -> list[Visit]:
        """List the requests behind the n-th, at most `limit` of them."""
        found = [visit for visit in self._visits if visit.n > n]
        return found[:limit]

    def counts(self) -> dict[str, dict[str, int]]:
        """Finished requests by route and status; the status `none` is for those that were told nothing."""
        counts: dict[str, dict[str, int]] = {}
        for (route, status), number in self._counts.items():
            counts.setdefault(route, {})["none" if status is None else str(status)] = number
        return counts
