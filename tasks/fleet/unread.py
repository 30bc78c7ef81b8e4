r"""Lists of messages that no worker reads, because the producer's transport options give them another name.

With kombu's `priority_steps` and `sep` the lists are called `dial:1` or `dial\x06\x161`, with `global_keyprefix`
`acme:dial`. The first two are known by name; the others are found by a scan that ends after a bounded number of keys.
"""

import re
from typing import Any, Final

from redis import Redis

from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, INBOX_QUEUE
from tasks.store.scan import scan

#: Dialer's own lists.
_OWN: Final = ("dialer:", keys.calls)
#: Separators that Celery's documentation shows, and kombu's own.
_KNOWN: Final = [f"{INBOX_QUEUE}{sep}{step}" for sep in (":", "\x06\x16") for step in range(1, 10)]
_NAME: Final = re.compile(rf"(.*[^0-9A-Za-z])?{INBOX_QUEUE}([^0-9A-Za-z]{{1,8}}[0-9]{{1,3}})?", re.DOTALL)


def unread_lists(redis: Redis, *, most_keys: int) -> dict[str, int]:
    """Return each such list and how many messages it has; the scan reads about `most_keys` keys.

    Without permission for these keys or for SCAN, fewer are found. Raises LedgerUnavailable when Redis does not
    answer.
    """
    wanted = sorted({*_KNOWN, *_scan(redis, most_keys)}.difference(INBOX_LISTS))
    pipe: Any = redis.pipeline(transaction=False)
    for name in wanted:
        pipe.llen(name)
    lengths = pipe.execute(raise_on_error=False)
    return {name: length for name, length in zip(wanted, lengths, strict=True) if isinstance(length, int) and length}


def _scan(redis: Redis, most_keys: int) -> list[str]:
    found = scan(redis, f"*{INBOX_QUEUE}*", "list", most_keys=most_keys)
    return [name for name in found if _NAME.fullmatch(name) and not name.startswith(_OWN)]
