"""The record of all API requests, with arrival times and statuses, by which a client's pace can be measured."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

#: Older requests are dropped. This is far more than any bench sends, and a few hundred megabytes at most.
KEPT_REQUESTS = 500_000


@dataclass(slots=True)
class RecordedRequest:
    """One request. `time` is its arrival in epoch seconds; `status` is what the client was sent, or None."""

    n: int
    time: float
    route: str
    client: str = ""
    status: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return the request as the admin API shows it."""
        return {
            "n": self.n,
            "time": self.time,
            "route": self.route,
            "client": self.client,
            "status": self.status,
        }


class Traffic:
    """All requests except those to the admin API. `clock` returns epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._requests: deque[RecordedRequest] = deque(maxlen=KEPT_REQUESTS)
        self._counts: Counter[tuple[str, int | None]] = Counter()
        self.total = 0
        self.in_flight = 0
        self.max_in_flight = 0

    def arrive(self, route: str) -> RecordedRequest:
        self.total += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        request = RecordedRequest(self.total, self._clock(), route)
        self._requests.append(request)
        return request

    def leave(self, request: RecordedRequest) -> None:
        self.in_flight -= 1
        self._counts[request.route, request.status] += 1

    def after(self, n: int, limit: int | None = None) -> list[RecordedRequest]:
        """List the requests after the n-th, at most `limit` of them."""
        found = [request for request in self._requests if request.n > n]
        return found[:limit]

    def counts(self) -> dict[str, dict[str, int]]:
        """Count finished requests by route and status; the status is `none` if the client was sent nothing."""
        counts: dict[str, dict[str, int]] = {}
        for (route, status), number in self._counts.items():
            counts.setdefault(route, {})["none" if status is None else str(status)] = number
        return counts
