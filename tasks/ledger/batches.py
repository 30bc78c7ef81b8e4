"""Which batches there are. Only the names of keys tell it, so they are searched only for a mistyped name."""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Final

from redis import Redis

from tasks.store import keys
from tasks.store.scan import scan

#: A Redis with so many keys needs one or two seconds for them.
_SCANNED_KEYS: Final = 1_000_000
#: Comparing a name with so many others takes a second.
_COMPARED: Final = 20_000


def similar_batch(redis: Redis, name: str) -> str | None:
    """Return the batch whose name is most like `name`, or None. Raises LedgerUnavailable."""
    names = {batch.casefold(): batch for batch in islice(_batches(redis), _COMPARED)}
    near = get_close_matches(name.casefold(), names, n=1)
    return names[near[0]] if near else None


def _batches(redis: Redis) -> Iterator[str]:
    """Yield the names of batches; one that has jobs in several states comes more than once."""
    before_the_name = keys.batch("", "").count(":")
    for key in scan(redis, keys.batch("*", "*"), "zset", most_keys=_SCANNED_KEYS):
        yield key.split(":", before_the_name)[-1]
