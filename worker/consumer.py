"""Celery's consumer, patient with a Redis that answers but refuses.

Celery waits for a broker that it cannot reach, and for no other. Refused a BRPOP (Redis became a read-only replica in
a fail-over, cannot write to its disk, misses its replicas) or the note of its queue (Redis is full), it takes the
worker down with "Unrecoverable error". `broker_channel_error_retry` makes it connect anew instead, but at once and
again and again, for connecting is not refused. So it is kept from connecting until Redis lets us write
(seen with Celery and kombu 5.7; `tests/integration/worker/test_redis_faults.py`).
"""

import logging
import time
from typing import Any, Final

from celery.exceptions import WorkerShutdown
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from redis import Redis

from config.settings import Secret, Settings
from tasks.errors import LedgerUnavailable
from tasks.store import keys
from worker.connection import connect
from worker.redis_faults import cluster_fault, explain

log = logging.getLogger("dialer.consumer")

_PAUSE_S = 1.0
#: The same exit code as for any other setting that is wrong.
EXIT_SETTINGS: Final = 2


def patient_consumer(settings: Settings) -> type[Consumer]:
    """A class for Celery's worker to make its consumer of."""

    class PatientConsumer(Consumer):  # type: ignore[misc]
        connected_before = False
        reached_before = False

        def connect(self) -> Any:
            if self.connected_before:
                # Where Redis lets us write and yet refuses what Celery asks, this is all that keeps it from spinning.
                time.sleep(_PAUSE_S)
            self.connected_before = True
            # No repetition: each may take a socket time-out, in which SIGTERM is not heeded.
            with connect(settings, retries=0) as redis:
                wait_until_writable(redis, None if self.reached_before else settings.redis_url)
            self.reached_before = True
            return super().connect()

    return PatientConsumer


def wait_until_writable(redis: Redis, first: Secret | None = None) -> None:
    """Return when Redis takes writes that need memory. Raises SystemExit when the worker is to leave.

    `first` is the URL if this worker has not reached Redis before. It then also leaves, with exit code 2, at a fault
    that no waiting would change, such as a wrong password. A worker that lost Redis waits, for Redis worked before.
    """
    away = False
    while True:
        maybe_shutdown()
        try:
            # Changes nothing, for nobody has this name; refused by whatever would refuse Celery.
            redis.zadd(keys.workers, {"": 0}, xx=True)
            fault = cluster_fault(redis.info()) if first else None
        except LedgerUnavailable as error:
            fault = explain(first, error) if first else None
            if not away:
                log.warning("Redis unavailable: %s", error)
            away = True
        else:
            if away and not fault:
                log.info("Redis available again")
            if not fault:
                return
        if fault and fault.lasts:
            log.critical("cannot start: %s", fault.message)
            raise WorkerShutdown(EXIT_SETTINGS)
        time.sleep(_PAUSE_S)
