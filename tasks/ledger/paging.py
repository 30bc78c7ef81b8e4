"""Where the jobs of a state are, and how a long list of them is read part by part."""

import math
from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES, State
from tasks.store import keys

_AT_A_TIME: Final = 100


def sources(state: State, batch: str | None) -> list[str]:
    """Return the sorted sets that contain the jobs in this state, of one batch or of all.

    Those of a state without an outcome contain jobs in other such states too.
    """
    if state in OUTCOMES:
        return [keys.batch(batch, state) if batch else keys.index(state)]
    if batch:
        return [keys.batch(batch, "open")]
    return [keys.leases] if state in {State.PREPARING, State.SENDING} else [*keys.due, keys.waiting]


def entries(
    redis: Redis,
    key: str,
    *,
    after: tuple[float, bytes] | None = None,
    least: float = -math.inf,
    at_a_time: int = _AT_A_TIME,
) -> Iterator[list[tuple[str, float]]]:
    """Yield lists of (id, score) of a sorted set, in Redis' order: highest score first, then by bytes.

    Only those after the score and id `after`, and with a score of at least `least`. Raises LedgerUnavailable.
    """
    bound, seen = after[0] if after else math.inf, 0
    lowest_bound = "-inf" if least == -math.inf else repr(least)
    while True:
        most = "+inf" if bound == math.inf else repr(bound)
        some: Any = redis.zrevrangebyscore(key, most, lowest_bound, start=seen, num=at_a_time, withscores=True)
        yield [(job_id, at) for job_id, at in some if after is None or (at, job_id.encode()) < after]
        if len(some) < at_a_time:
            return
        lowest = some[-1][1]
        seen = seen + len(some) if lowest == bound else sum(at == lowest for _, at in some)
        bound = lowest
