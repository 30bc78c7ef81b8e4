"""Which batches there are: the latest ones, and the one whose name is most like a mistyped name."""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from redis import Redis

from tasks.ledger.tally import Tally, read_tallies
from tasks.store import keys
from tasks.store.scan import scan

#: A Redis with so many keys needs one or two seconds for them.
_SCANNED_KEYS: Final = 1_000_000
#: Comparing a name with so many others takes a second.
_COMPARED: Final = 20_000


def latest_batches(redis: Redis, *, most: int) -> list[Tally]:
    """Return at most `most` batches, the last changed first; those of which no job is kept are left out.

    Raises LedgerUnavailable.
    """
    found: list[Tally] = []
    first = 0
    while len(found) < most:
        names: Any = redis.zrange(keys.batches, first, first + most - 1, desc=True)
        found += [tally for tally in read_tallies(redis, names) if tally.jobs]
        if len(names) < most:
            break
        first += most
    return found[:most]


def similar_batch(redis: Redis, name: str) -> str | None:
    """Return the batch whose name is most like `name`, or None. Raises LedgerUnavailable."""
    names = {batch.casefold(): batch for batch in islice(_batches(redis), _COMPARED)}
    near = get_close_matches(name.casefold(), names, n=1)
    return names[near[0]] if near else None


def _batches(redis: Redis) -> Iterator[str]:
    """Yield the names of all batches, from keys; one that has jobs in several states comes more than once."""
    before_the_name = keys.batch("", "").count(":")
    for key in scan(redis, keys.batch("*", "*"), "zset", most_keys=_SCANNED_KEYS):
        yield key.split(":", before_the_name)[-1]
