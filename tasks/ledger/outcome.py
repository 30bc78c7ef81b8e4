"""How an outcome is written: the keys that it touches, and the fields that it sets (`lua/parts/outcome.lua`)."""

from collections.abc import Iterator
from typing import Any

from tasks.codes import WORDS, Code, State
from tasks.store import keys


def outcome_keys(job_id: str, batch: str | None, state: State) -> list[str]:
    """The keys of `outcome.lua`, in its order; without a batch, the batch's are named and left alone."""
    return [
        keys.job(job_id),
        keys.leases,
        keys.index(state),
        keys.index(State.UNCONFIRMED),
        keys.batch(batch or "", state),
        keys.batch(batch or "", State.UNCONFIRMED),
        keys.batch(batch or "", "open"),
        keys.outcomes,
        keys.result(job_id),
        keys.expiring,
    ]


def outcome_fields(code: Code, message: str | None = None, **fields: Any) -> list[Any]:
    """Names and values by turns: why, in words, and whatever else is known."""
    words = WORDS[code]
    return flat({"code": code, "message": message or words.meaning, "hint": words.fix} | fields)


def flat(fields: dict[str, Any]) -> list[Any]:
    """A record's fields as a script takes them, without those that are empty."""
    return list(_pairs(fields))


def _pairs(fields: dict[str, Any]) -> Iterator[Any]:
    for name, value in fields.items():
        if value is not None and value != "":
            yield from (name, value)
