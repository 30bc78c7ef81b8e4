"""What the producers of a campaign ask for, and what may become of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from bench.stand import numbers

BATCH: Final = "chaos"
#: Outcomes that are right for any order, if nobody was called, or may have been.
_ANY: Final = frozenset({"placed", "unconfirmed"})


@dataclass(frozen=True, kw_only=True)
class Order:
    """One job. `to` is a number of its own, so that the simulator's calls tell whose they are."""

    id: str
    to: str
    fields: dict[str, Any]
    #: Outcomes that it may have, whatever the faults; what was called and what was not is judged apart from it.
    may_end: frozenset[str]
    #: How often it is sent: producers repeat what they do not know to have arrived.
    times: int = 1
    #: Entered as `dialer import` does, and not by way of the queue.
    imported: bool = False
    #: A person cancels it right after it was entered.
    cancelled: bool = False


def orders(count: int, *, seed: int) -> Iterator[Order]:
    """Most are plain; some are repeated, scheduled, short-lived, cancelled, or no numbers at all."""
    chance = Random(f"orders-{seed}")
    for n, to in enumerate(numbers(count)):
        fields: dict[str, Any] = {"batch": BATCH, "priority": chance.choice([5, 5, 5, 9, 0])}
        kind = chance.random()
        may_end, cancelled = _ANY, False
        if kind < 0.03:
            fields["to"], may_end = f"call me {n}", frozenset({"rejected"})
        elif kind < 0.08:
            fields["not_before"] = _in(chance.uniform(2, 20))
        elif kind < 0.10:
            fields["not_after"], may_end = _in(chance.uniform(5, 30)), _ANY | {"expired"}
        elif kind < 0.12:
            may_end, cancelled = _ANY | {"cancelled"}, True
        yield Order(
            id=f"job-{n}",
            to=to,
            fields={"to": to} | fields,
            may_end=may_end,
            times=2 if chance.random() < 0.05 else 1,
            imported=cancelled or chance.random() < 0.3,
            cancelled=cancelled,
        )


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
