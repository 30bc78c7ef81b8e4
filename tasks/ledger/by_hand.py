"""Whom a person has to call: everyone in a batch whom no call has reached, and whom Dialer calls no more."""

from collections.abc import Iterator
from typing import Final

from redis import Redis

from config.values import Profile
from tasks.codes import WORDS, Code, State, Words, fix_of
from tasks.ledger.export import Export
from tasks.ledger.records import Record
from tasks.results import RESULT_WORDS, CallResult

_NOT_CALLED: Final = frozenset({State.REJECTED, State.FAILED, State.UNCONFIRMED, State.EXPIRED})
#: An answered call needs nobody; who declined does not want one; a number that nobody has cannot be called.
_REACHED_OR_HOPELESS: Final = frozenset({CallResult.ANSWERED, CallResult.DECLINED, CallResult.INVALID_NUMBER})


def by_hand(redis: Redis, batch: str, profile: Profile) -> Iterator[tuple[Record, Words]]:
    """Yield the record of each job that a person has to deal with, and why. Raises LedgerUnavailable.

    The records are read in parts, as by the export: any number of them needs little memory.
    """
    for record in Export(redis, states=[*_NOT_CALLED, State.PLACED], batch=batch):
        if reason := why(record, profile):
            yield record, reason


def why(record: Record, profile: Profile) -> Words | None:
    """Return why a person has to call, and what to do first; None if nobody has to."""
    if record["state"] in _NOT_CALLED:
        code = Code(record["code"])
        return Words(record.get("message") or WORDS[code].meaning, record.get("hint") or fix_of(code, profile))
    result = record.get("result")
    if record["state"] == State.PLACED and result and result not in _REACHED_OR_HOPELESS:
        return RESULT_WORDS[CallResult(result)]
    return None
