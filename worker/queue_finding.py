"""Whether producers send to the lists that the workers read."""

from collections.abc import Iterator
from typing import Final

from redis import Redis

from tasks.fleet.unread import unread_lists
from worker.finding import Finding, Verdict

#: A Redis with so many keys needs two seconds for them, in 200 steps of 4 ms.
_SCANNED_KEYS: Final = 1_000_000
_SHOWN: Final = 5


def queue_findings(redis: Redis) -> Iterator[Finding]:
    """Warn of messages in lists that no worker reads. Raises LedgerUnavailable when Redis does not answer."""
    lists = unread_lists(redis, most_keys=_SCANNED_KEYS)
    if lists:
        told = (
            f"no worker reads {named(lists)}: remove sep, priority_steps and global_keyprefix from the producer's "
            "broker_transport_options, and move the messages to the list dial (see docs/reference/jobs.md)"
        )
        yield Finding(check="queue", verdict=Verdict.WARN, message=told)


def named(lists: dict[str, int]) -> str:
    """Return the names of some lists, with control characters escaped, and how many messages each has."""
    names = [f"{name!a} ({length})" for name, length in list(lists.items())[:_SHOWN]]
    return ", ".join(names) + (f" and {len(lists) - _SHOWN} more" if len(lists) > _SHOWN else "")
