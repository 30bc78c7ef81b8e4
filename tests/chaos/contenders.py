"""Who goes through a campaign: Dialer, and beside it a plain Celery task that is acknowledged late."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from celery import Celery
from redis import Redis

from bench.figures import PLAIN, PRODUCT
from tasks.codes import OUTCOMES
from tasks.job import parse_job
from tasks.ledger.accept import Acceptor
from tasks.ledger.cancel_retry import CancelRetry
from tasks.ledger.records import Record, Records
from tasks.store.keys import INBOX_LISTS
from tests.chaos.calls import follow_up_is_done, hasten
from tests.chaos.orders import Order

_RETENTION_S: Final = 86400.0
_A_TIME: Final = 500
#: A client of Redis for the driver: impatient, for the campaign takes Redis away under it.
REDIS_TIMEOUTS: Final[dict[str, Any]] = {"socket_timeout": 3, "socket_connect_timeout": 2}


#: The users of Dialer's fleet, and how many calls each of them may have at once.
USERS: Final = 60
CALLS_PER_USER: Final = 1


class Contender(Protocol):
    name: str

    def command(self, *, doomed: bool) -> list[str]:
        """How one of its workers is started."""

    def environ(self, redis_url: str) -> dict[str, str]:
        """What its workers are told apart from the settings of Dialer."""

    def send(self, order: Order) -> None:
        """Send it once; raises whatever the client raises, and may be repeated then."""

    def outcomes(self, orders: list[Order]) -> dict[str, str]:
        """Job id -> outcome, of those that have one."""

    def tally(self) -> dict[str, int]:
        """How far it is: jobs by outcome, as far as that is quickly told."""

    def codes(self, orders: list[Order]) -> dict[str, int]:
        """The reasons of what ended unconfirmed, with their numbers."""

    def at_rest(self, known: int) -> bool:
        """Whether nothing is to come any more, as far as can be told; `known` orders were sent."""


class Dialer:
    """Most orders come through the queue, as from another system, the others as `dialer import` enters them."""

    name = PRODUCT
    #: Whether it looks at its calls at once when all jobs have ended, and not when their time has come.
    hastens = False

    def __init__(self, redis_url: str, admin: Redis) -> None:
        self.redis = admin
        self.records = Records(admin)
        self._acceptance = Acceptor(
            Redis.from_url(redis_url, decode_responses=True, **REDIS_TIMEOUTS), retention_s=_RETENTION_S
        )
        self._cancel_retry = CancelRetry(admin, retention_s=_RETENTION_S)
        self._producer = producer(redis_url)

    def command(self, *, doomed: bool) -> list[str]:
        module = "tests.chaos.doomed" if doomed else "worker.cli.main"
        return [sys.executable, "-m", module, "worker"]

    def environ(self, redis_url: str) -> dict[str, str]:
        return {
            "DIALER_REDIS_URL": redis_url,
            "GENESYS_CLOUD_PROFILE": "public",
            "GENESYS_CLOUD_USER_ID": ",".join(f"user-{n}" for n in range(1, USERS + 1)),
            "DIALER_FOLLOW_UP": "on",
            "DIALER_CALLS_PER_USER": str(CALLS_PER_USER),
        }

    def send(self, order: Order) -> None:
        if order.imported:
            self._acceptance.accept([parse_job(order.id, order.fields)])
        else:
            self._producer.send_task("dial", args=[order.fields], queue="dial", task_id=order.id, retry=False)
        if order.cancelled:
            self._cancel_retry.cancel(self._cancel_retry.look([order.id]))

    def outcomes(self, orders: list[Order]) -> dict[str, str]:
        return {record["id"]: record["state"] for record in self.ended(orders)}

    def codes(self, orders: list[Order]) -> dict[str, int]:
        return dict(Counter(r["code"] for r in self.ended(orders) if r["state"] == "unconfirmed"))

    def tally(self) -> dict[str, int]:
        return self.records.counts()

    def ended(self, orders: list[Order]) -> Iterator[Record]:
        """Yield the records of those that have an outcome."""
        for ids in _some_ids(orders):
            for record in self.records.many(ids):
                if record and record["state"] in OUTCOMES:
                    yield record

    def at_rest(self, known: int) -> bool:
        counts = self.records.counts()
        ended = sum(counts[state] for state in OUTCOMES)
        if counts["open"] or ended < known or self.redis.exists(*INBOX_LISTS):
            return False
        if self.hastens:
            hasten(self.redis)
        return follow_up_is_done(self.redis)


class PlainTask:
    """`bench.rival_task`: what a careful engineer writes in an afternoon, with Celery's own means."""

    name = PLAIN

    def __init__(self, redis_url: str, admin: Redis, *, visibility_s: int) -> None:
        self._redis = admin
        self._visibility_s = visibility_s
        self._producer = producer(redis_url)

    def command(self, *, doomed: bool) -> list[str]:
        return [sys.executable, "-m", "celery", "-A", "bench.rival_task", "worker", "-l", "INFO", "--pool=threads"]

    def environ(self, redis_url: str) -> dict[str, str]:
        return {"RIVAL_REDIS_URL": redis_url, "RIVAL_VISIBILITY_S": str(self._visibility_s)}

    def send(self, order: Order) -> None:
        self._producer.send_task("rival.dial", args=[order.to], task_id=order.id, retry=False)

    def outcomes(self, orders: list[Order]) -> dict[str, str]:
        found = {}
        for ids in _some_ids(orders):
            texts: Any = self._redis.mget([f"celery-task-meta-{job_id}" for job_id in ids])
            for job_id, text in zip(ids, texts, strict=True):
                status = text and json.loads(text)["status"]
                if status in _OF_CELERY:
                    found[job_id] = _OF_CELERY[status]
        return found

    def codes(self, orders: list[Order]) -> dict[str, int]:
        return {}

    def tally(self) -> dict[str, int]:
        return {"ended": sum(1 for _ in self._redis.scan_iter("celery-task-meta-*", count=1000))}

    def at_rest(self, known: int) -> bool:
        return self.tally()["ended"] >= known and not self._redis.exists("celery")


_OF_CELERY: Final[Mapping[str, str]] = {"SUCCESS": "placed", "FAILURE": "failed"}


def _some_ids(orders: list[Order]) -> Iterator[list[str]]:
    """Ids, as many at a time as one round trip should take."""
    for first in range(0, len(orders), _A_TIME):
        yield [order.id for order in orders[first : first + _A_TIME]]


def producer(redis_url: str) -> Celery:
    """Another system's Celery, with time-outs so that a silent Redis does not hold it for ever.

    It has no backend: one that waits for results would connect anew, for seconds, wherever a result is thrown away.
    """
    app = Celery("producer", broker=redis_url, set_as_current=False)
    app.conf.update(broker_transport_options=REDIS_TIMEOUTS)
    return app
