"""The status of the fleet: pauses, rate, backlog and workers."""

from dataclasses import dataclass, field
from typing import Any, Final

from redis import Redis

from config.settings import RateLimit
from tasks.codes import State
from tasks.fleet.drain import SPAN_S, Basis, drain, measured_rate, sent_since
from tasks.fleet.heartbeat import DEAD_AFTER_S
from tasks.fleet.pause import ActivePause, Pause
from tasks.fleet.probe import Probe, ids_of, read_probes
from tasks.fleet.unread import unread_lists
from tasks.fleet.users import UserStatus, look_at_users
from tasks.store import keys
from tasks.store.client import now_ms
from tasks.store.keys import INBOX_LISTS

#: How many keys are searched for lists that no worker reads, in ten steps of 4 ms. `dialer check` searches more.
_SCANNED_KEYS: Final = 50_000


@dataclass(frozen=True, kw_only=True)
class FleetStatus:
    """The status of the whole fleet. Numbers are numbers of jobs; times are in seconds."""

    pauses: list[ActivePause]
    #: The reason for which only probes are sent, or None.
    probing: str | None
    #: The jobs that were sent as the last probes.
    probed: list[Probe]
    #: Jobs that ended as rejected before the last pause for refusals, and still are: retry them after the fix.
    rejected_before_pause: list[str]
    #: Requests in the last minute, and their share of the rate limit.
    sent_last_minute: int
    share_of_limit: float
    #: Messages that are not yet accepted.
    inbox: int
    #: Nudged and not yet claimed.
    calls: int
    #: Due now.
    due: int
    #: Due later.
    later: int
    #: Claimed or sending.
    in_flight: int
    #: Worker name -> how many calls it places at once.
    workers: dict[str, int]
    #: How long the backlog takes, and what this is based on (`drain.Basis`); None if nobody can tell.
    drain_s: float | None
    drain_basis: Basis
    #: Lists that no worker reads, filled by producers with other transport options -> how many messages they have.
    unread: dict[str, int] = field(default_factory=dict, repr=False)
    #: Users who have calls, are set aside, or are waited for.
    users: list[UserStatus] = field(default_factory=list)
    #: Due jobs that wait until a user is free.
    waiting_for_user: int = 0


def look(redis: Redis, *, limit: RateLimit, scan: bool = True) -> FleetStatus:
    """Return the status, in a few round trips; without `scan`, no keys are searched, and `unread` is empty.

    Raises LedgerUnavailable when Redis does not answer.
    """
    pauses = Pause(redis).entries()
    now = now_ms(redis)
    pipe: Any = redis.pipeline(transaction=False)
    pipe.hgetall(keys.pace)
    pipe.hmget(keys.breaker, "open", "probed", "rejected_before")
    pipe.llen(keys.calls)
    pipe.zcard(keys.waiting)
    pipe.zcard(keys.leases)
    pipe.zrangebyscore(keys.workers, now - DEAD_AFTER_S * 1000, "+inf")
    pipe.hgetall(keys.concurrency)
    for name in INBOX_LISTS:
        pipe.llen(name)
    for key in keys.due:
        pipe.zcard(key)
        # A nudged job is due, although its score is in the future: the jobs on the queue of calls are added below.
        pipe.zcount(key, "-inf", now)
        pipe.zrangebyscore(key, "-inf", now, start=0, num=1, withscores=True)
    pace, (probing, probed, rejected), calls, waiting_for_user, in_flight, alive, concurrency, *numbers = (
        pipe.execute()
    )
    inbox, waiting = sum(numbers[: len(INBOX_LISTS)]), numbers[len(INBOX_LISTS) :]
    due = min(sum(waiting[1::3]) + calls, sum(waiting[::3]))
    waiting_since = min((at for oldest in waiting[2::3] for _, at in oldest), default=None)
    workers = {name: int(concurrency.get(name, 0)) for name in alive}
    sent, spanned_s = _last_minute(pace, now)
    estimate = drain(
        backlog=inbox + due + waiting_for_user,
        limit=limit,
        rate=measured_rate(pace, now, waiting_since),
        paused=bool(pauses),
        probing=bool(probing),
        works=bool(workers),
    )
    return FleetStatus(
        pauses=pauses,
        probing=probing,
        probed=read_probes(redis, ids_of(probed)),
        rejected_before_pause=_still_rejected(redis, ids_of(rejected)),
        sent_last_minute=round(sent * 60 / spanned_s),
        share_of_limit=sent / spanned_s / (limit.count / limit.period_s),
        inbox=inbox,
        calls=calls,
        due=due,
        later=sum(waiting[::3]) - due,
        in_flight=in_flight,
        workers=workers,
        drain_s=estimate.seconds,
        drain_basis=estimate.basis,
        users=look_at_users(redis),
        waiting_for_user=waiting_for_user,
        unread=unread_lists(redis, most_keys=_SCANNED_KEYS) if scan else {},
    )


def _still_rejected(redis: Redis, job_ids: list[str]) -> list[str]:
    pipe: Any = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hget(keys.job(job_id), "state")
    return [job_id for job_id, state in zip(job_ids, pipe.execute(), strict=True) if state == State.REJECTED]


def _last_minute(pace: dict[str, str], now: float) -> tuple[int, float]:
    """Return the number of requests in the current span and the six before it, and their length in seconds."""
    return sent_since(pace, int(now / 1000 // SPAN_S) - 6), 6 * SPAN_S + now / 1000 % SPAN_S
