"""What became of a campaign: the simulator's calls against the outcomes that were stored. The calls are the truth."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import Redis

from tasks.codes import OUTCOMES
from tasks.ledger.records import Records
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS
from tests.chaos.orders import BATCH, Order

#: Outcomes that say that nobody was called.
_NOT_CALLED: Final = frozenset({"rejected", "failed", "cancelled", "expired"})
#: Users, and the jobs that hold them or wait for them, and calls that are followed. `dialer:users` stays, and
#: `dialer:in-doubt` stays for those who are unconfirmed.
_OF_CALLS: Final = (
    *(keys.followed, keys.followed_jobs, keys.holds, keys.holders, keys.users_calls, keys.users_aside),
    *(keys.waiting, keys.waiting_order),
)
_EMPTY_IN_THE_END: Final = (keys.leases, keys.calls, keys.expiring, *keys.due, *INBOX_LISTS, *_OF_CALLS)
#: These expire with the worker that receives the events.
_OF_ONE_WORKER: Final = (keys.events_lease, keys.events_users, keys.events_missed)
#: What no log may show: any of the numbers, the secret, a token.
_PRIVATE: Final = re.compile(rb"212[ -]?234[ -]?\d{4}|2125559876|sandbox-secret|Bearer (?!\*)")


@dataclass(frozen=True, kw_only=True)
class Judgment:
    """Job ids throughout, sorted; `outcomes` counts all orders by their outcome, those without one as `none`."""

    called_twice: list[str]
    lost: list[str]
    wrong: list[str]
    #: Ended in a way that no order of its kind should, though nobody was called: a backlog that burns.
    burnt: list[str]
    outcomes: dict[str, int]
    #: Of the unconfirmed: those whose phone rang.
    unconfirmed_rung: int


def judge(orders: Iterable[Order], outcomes: Mapping[str, str], called: Counter[str]) -> Judgment:
    """`called`: how often each number rang."""
    twice, lost, wrong, burnt = [], [], [], []
    counted: Counter[str] = Counter()
    rung_in_doubt = 0
    for order in orders:
        outcome, rung = outcomes.get(order.id), called[order.to]
        counted[outcome or "none"] += 1
        if rung > 1:
            twice.append(order.id)
        if outcome is None:
            lost.append(order.id)
        elif (outcome == "placed" and rung == 0) or (outcome in _NOT_CALLED and rung > 0):
            wrong.append(order.id)
        elif outcome not in order.may_end:
            burnt.append(order.id)
        rung_in_doubt += outcome == "unconfirmed" and rung > 0
    return Judgment(
        called_twice=sorted(twice),
        lost=sorted(lost),
        wrong=sorted(wrong),
        burnt=sorted(burnt),
        outcomes=dict(counted),
        unconfirmed_rung=rung_in_doubt,
    )


def left_over(redis: Redis) -> list[str]:
    """What should not be there when all jobs have ended and all workers have left."""
    found = [name for name in _EMPTY_IN_THE_END if redis.exists(name)]
    found += [f"{name} has no lifetime" for name in _OF_ONE_WORKER if redis.ttl(name) == -1]
    return found + [str(key) for key in redis.scan_iter("dialer:in-hand:*", count=1000)]


def contradictions(redis: Redis, orders: Iterable[Order]) -> list[str]:
    """Where record, index, batch counter, stream and Celery's result of a job do not tell the same."""
    records = Records(redis)
    entries: Any = redis.xrange(keys.outcomes)
    told: dict[str, list[str]] = {}
    results: dict[str, list[str]] = {}
    for _, entry in entries:
        if entry["event"] == "result":
            results.setdefault(entry["id"], []).append(entry["result"])
        else:
            told.setdefault(entry["id"], []).append(entry["state"])
    found, states = [], Counter[str]()
    for order in orders:
        record, result = records.show(order.id), redis.exists(keys.result(order.id))
        state = record["state"] if record else "none"
        states[state] += record is not None and record.get("batch") == BATCH
        ways = told.get(order.id, [])
        if state in OUTCOMES and not (result and ways and ways[-1] == state and ways[:-1] in ([], ["unconfirmed"])):
            found.append(f"{order.id}: {state}, told {ways}, result {result}")
        if record and "result" in record and results.get(order.id, [])[-1:] != [record["result"]]:
            found.append(f"{order.id}: {record['result']}, told {results.get(order.id)}")
        if (state == "unconfirmed") is not (redis.zscore(keys.in_doubt, order.id) is not None):
            found.append(f"{order.id}: {state}, and in doubt or not")
    counts = records.counts(BATCH)
    found += [f"batch: {counts[s]} {s} counted, {states[s]} there" for s in OUTCOMES if counts[s] != states[s]]
    return found


def leaks(logs: Iterable[Path]) -> list[str]:
    """Log lines that show a number, a secret or a token."""
    found = []
    for log in logs:
        for n, line in enumerate(log.read_bytes().splitlines(), 1):
            if _PRIVATE.search(line):
                found.append(f"{log.name}:{n}")
    return found


def tracebacks(logs: Iterable[Path]) -> list[str]:
    """Return the log lines that report an unexpected error."""
    found = []
    for log in logs:
        for n, line in enumerate(log.read_text(errors="replace").splitlines(), 1):
            if "unexpected error" in line or "uncaught" in line or " CRITICAL " in line:
                found.append(f"{log.name}:{n}: {line[:300]}")
    return found
