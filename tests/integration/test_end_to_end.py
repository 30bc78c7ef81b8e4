"""The main job with real parts: Celery's queue, worker processes, HTTP, and the simulator's call log as judge."""

import signal
import time
from collections import Counter
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tasks.store.keys import INBOX_QUEUE
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.messages import message

BAD_ADDRESSES = {
    "hello": "not_a_number",
    "+44 20 7946": "too_short",
    "+1 212 555 1234 ext. 9": "extension_unsupported",
    "911": "emergency_number",
    "+1 900 234 5678": "premium_rate",
}
BAD_JOBS: list[tuple[Any, str]] = [
    ({}, "missing_field"),
    (None, "malformed_job"),
    ({"to": "+12125551234", "color": "red"}, "unknown_field"),
    ({"to": 5}, "invalid_field"),
    ({"to": "x" * 1_000_000}, "message_too_large"),
]


def number(n: int) -> str:
    """The n-th of 9,000 valid numbers that are nobody's."""
    return f"+1212555{1000 + n}"


@pytest.fixture
def producer(redis_url: str) -> Celery:
    """Another system: it knows Celery, the queue's name and nothing else."""
    return Celery(broker=redis_url, backend=redis_url)


def send(producer: Celery, job_id: str, job: Any) -> None:
    producer.send_task("dial", args=[job], queue="dial", task_id=job_id)


def outcomes(real_redis: Redis, count: int, timeout_s: float = 120) -> dict[str, dict[str, str]]:
    """Wait until so many jobs have an outcome; id -> stream entry."""
    stream = keys.outcomes
    wait_for(lambda: int(real_redis.xlen(stream)) >= count, timeout_s)
    entries: Any = real_redis.xrange(stream)
    return {entry["id"]: entry for _, entry in entries}


def test_a_thousand_mixed_jobs_through_two_workers(
    producer: Celery, real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Each job has its outcome; one call for each that was placed, and none for the others."""
    expected: dict[str, str] = {}
    jobs: dict[str, Any] = {}
    bad_addresses, bad_jobs = list(BAD_ADDRESSES.items()), BAD_JOBS
    for n in range(1000):
        job_id = f"job-{n}"
        if n % 10 == 3:
            to, expected[job_id] = bad_addresses[n // 10 % len(bad_addresses)]
            jobs[job_id] = {"to": to}
        elif n % 20 == 7:
            jobs[job_id], expected[job_id] = bad_jobs[n // 20 % len(bad_jobs)]
        else:
            jobs[job_id], expected[job_id] = {"to": number(n)}, "placed"
    workers = [start_worker(concurrency=8) for _ in range(2)]
    for job_id, job in jobs.items():
        send(producer, job_id, job)
        if expected[job_id] == "placed" and job_id.endswith("0"):
            send(producer, job_id, job)  # at least once, says the queue
    found = outcomes(real_redis, 1000)

    assert {job_id: entry["code"] for job_id, entry in found.items()} == expected
    rung = Counter(call["to"] for call in simulator.calls())
    assert rung == Counter(job["to"] for job_id, job in jobs.items() if expected[job_id] == "placed")
    assert [worker.stop() for worker in workers] == [0, 0]
    left = [keys.leases, keys.wake, keys.calls, *keys.due, keys.workers]
    assert real_redis.exists(*[key for key in left if key != keys.wake]) == 0
    assert real_redis.keys("dialer:in-hand:*") == []


def test_the_producer_gets_the_outcome_as_a_dict(
    producer: Celery, simulator: Simulator, start_worker: StartWorker
) -> None:
    start_worker()
    result = producer.send_task("dial", args=[{"to": "(212) 555-1234"}], queue="dial", task_id="order-42")
    outcome = result.get(timeout=20)
    assert (outcome["id"], outcome["state"], outcome["to"]) == ("order-42", "placed", "+12125551234")
    assert outcome["conversation_id"] == simulator.calls()[0]["conversation_id"]
    again = producer.send_task("dial", args=[{"to": "(212) 555-1234"}], queue="dial", task_id="order-42")
    assert again.get(timeout=20) == outcome
    assert len(simulator.calls()) == 1


def test_stored_results_are_what_a_producer_relies_on(
    producer: Celery, real_redis: Redis, start_worker: StartWorker
) -> None:
    """Names that other systems read: the record's fields, and the stream's."""
    start_worker()
    job = {"to": "(212) 555-1234", "batch": "b", "attributes": {"k": "v"}}
    producer.send_task("dial", args=[job], queue="dial", task_id="order-42").get(timeout=20)
    record: Any = real_redis.hgetall("dialer:job:order-42")
    assert {name for name in record if not name.startswith("_")} == {
        *("state", "to", "from", "to_raw", "attempts", "code", "message", "hint", "http_status", "priority"),
        *("conversation_id", "correlation_id", "batch", "worker", "accepted_at", "sent_at", "finished_at"),
        *("attributes", "final"),
    }
    entries: Any = real_redis.xrange("dialer:outcomes")
    ((_, entry),) = entries
    assert set(entry) == {"event", "id", "state", "code", "batch", "finished_at", "final", "result"}


def test_no_number_and_no_secret_is_in_the_log(
    producer: Celery, real_redis: Redis, start_worker: StartWorker
) -> None:
    worker = start_worker()
    send(producer, "good", {"to": "(212) 555-1234"})
    send(producer, "bad", {"to": "+1 212 555 1234 ext. 9", "from": "+12125559999"})
    real_redis.lpush(INBOX_QUEUE, message({"to": "+12125557777", "secret": "+12125557777"}))
    outcomes(real_redis, 3)
    worker.stop()
    output = worker.output()
    assert "job=good" in output
    for secret in ("2125551234", "555-1234", "555 1234", "2125559999", "2125557777", "sandbox-secret", "Bearer"):
        assert secret not in output


def test_killing_saturated_workers_loses_nothing_from_the_inbox(
    producer: Celery, real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Ten SIGKILLs while 500 messages pour in; what was being sent is unconfirmed, all else is placed."""
    simulator.behave(latency_s=0.02)
    total = 500
    for n in range(total):
        send(producer, f"job-{n}", {"to": number(n)})
    for _ in range(10):
        worker = start_worker(concurrency=4)
        wait_for(lambda: int(real_redis.xlen(keys.outcomes)) > 0, 30)
        time.sleep(0.1)
        worker.signal(signal.SIGKILL)
        worker.kill()
    start_worker(concurrency=8)
    found = outcomes(real_redis, total)
    states = Counter(entry["state"] for entry in found.values())
    assert set(found) == {f"job-{n}" for n in range(total)}
    assert states["placed"] + states["unconfirmed"] == total
    assert states["unconfirmed"] <= 10 * 4
    rung = Counter(call["to"] for call in simulator.calls())
    assert set(rung.values()) == {1}
    placed = {number(int(job_id[4:])) for job_id, entry in found.items() if entry["state"] == "placed"}
    assert placed <= set(rung)
