"""What a producer can say with Celery itself: done as Celery would do it, or refused so that `get()` answers."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery import Celery, chain, chord, group
from celery.result import AsyncResult
from redis import Redis

from sandbox.simulator.process import Simulator
from tests.integration.conftest import StartWorker

JOB = {"to": "+12125551234"}


@pytest.fixture
def producer(redis_url: str, real_redis: Redis) -> Celery:
    del real_redis  # emptied
    return Celery(broker=redis_url, backend=redis_url, set_as_current=False)


def dial(producer: Celery, to: str = JOB["to"], **options: Any) -> Any:
    return producer.signature("dial", args=[{"to": to}], queue="dial", **options)


@pytest.mark.parametrize("job_id", ["order\u00a045", "line\nbreak", "y" * 300, "\x00", "a\u2028b", "\ue000"])
def test_an_id_that_cannot_be_used_is_answered_and_called_never(
    job_id: str, producer: Celery, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Also for who waited before the worker was there, and is woken by the channel."""
    first = producer.send_task("dial", args=[JOB], queue="dial", task_id=job_id)
    again = producer.send_task("dial", args=[JOB], queue="dial", task_id=job_id)
    start_worker()
    for result in (first, again, AsyncResult(job_id, app=producer)):
        told = result.get(timeout=20)
        assert (told["state"], told["code"]) == ("rejected", "invalid_field")
    assert simulator.calls() == []


def test_tasks_that_would_run_after_this_one_are_refused(
    producer: Celery, simulator: Simulator, start_worker: StartWorker
) -> None:
    start_worker()
    other = producer.signature("other", queue="other", immutable=True)
    ids = [str(uuid.uuid4()) for _ in range(4)]
    dial(producer).apply_async(task_id=ids[0], link=other)
    dial(producer).apply_async(task_id=ids[1], link_error=other)
    chain(dial(producer).set(task_id=ids[2]), other).apply_async()
    chord([dial(producer).set(task_id=ids[3])], other).apply_async()
    for job_id in ids:
        told = AsyncResult(job_id, app=producer).get(timeout=20)
        assert (told["state"], told["code"]) == ("rejected", "unsupported_option"), ids.index(job_id)
    assert simulator.calls() == []


def test_a_group_is_called_and_joined(producer: Celery, simulator: Simulator, start_worker: StartWorker) -> None:
    start_worker()
    result = group(dial(producer), dial(producer, "+12125551235")).apply_async()
    told = result.get(timeout=20)
    assert [each["to"] for each in told] == ["+12125551234", "+12125551235"]
    assert len(simulator.calls()) == 2


@pytest.mark.parametrize("protocol", [1, 2])
def test_times_ids_and_values_of_python(
    protocol: int, producer: Celery, simulator: Simulator, start_worker: StartWorker
) -> None:
    producer.conf.task_protocol = protocol
    start_worker()
    soon, job_id = datetime.now(UTC) + timedelta(seconds=1), uuid.uuid4()
    send = producer.send_task
    job: dict[str, Any] = JOB | {"not_before": soon, "attributes": {"amount": Decimal("12.50"), "id": job_id}}
    sent = send("dial", kwargs={"job": job}, queue="dial", task_id=job_id, expires=60)
    told = AsyncResult(str(job_id), app=producer).get(timeout=20)
    assert (told["id"], told["state"]) == (str(job_id), "placed")
    assert (sent.id, sent.ready(), sent.result) == (job_id, True, told)
    assert datetime.fromisoformat(told["sent_at"]) >= soon
    assert len(simulator.calls()) == 1
    late = send("dial", args=[JOB], queue="dial", eta=datetime.now(UTC) + timedelta(hours=2), expires=1)
    assert late.get(timeout=20)["code"] == "invalid_field"


def test_a_message_priority_is_the_jobs(producer: Celery, start_worker: StartWorker, simulator: Simulator) -> None:
    del simulator
    start_worker()
    for priority, becomes in ((None, 5), (0, 5), (3, 4), (6, 3), (9, 2)):
        told = producer.send_task("dial", args=[JOB], queue="dial", priority=priority).get(timeout=20)
        assert told["priority"] == becomes
