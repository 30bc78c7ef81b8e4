"""Finds keys by a pattern, for what has no index: a scan that ends after a bounded number of keys."""

from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

_AT_ONCE: Final = 5_000


def scan(redis: Redis, pattern: str, kind: str, *, most_keys: int) -> Iterator[str]:
    """Yield keys of this type; about `most_keys` keys are read, in steps of some 4 ms.

    A key may be yielded twice. Without permission for SCAN, the scan ends. Raises LedgerUnavailable when Redis does
    not answer.
    """
    cursor = 0
    # In pipelines, so that an error of one command is a reply: the user of this connection may not be allowed it.
    for _ in range(-(-most_keys // _AT_ONCE)):
        pipe: Any = redis.pipeline(transaction=False)
        pipe.scan(cursor, match=pattern, count=_AT_ONCE, _type=kind)
        (reply,) = pipe.execute(raise_on_error=False)
        if isinstance(reply, Exception):
            return
        cursor, names = reply
        yield from names
        if not cursor:
            return
