"""The export: each job once, while the fleet works, on a fake and a real Redis."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.claim import Claim
from tasks.ledger.export import Export
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def exported(ground: Ground, during: Callable[[int], Any] = lambda _: None, **wanted: Any) -> dict[str, str]:
    """Return id -> state; `during` is called after each row. No id may occur twice."""
    found: dict[str, str] = {}
    for n, record in enumerate(Export(ground.redis, **wanted)):
        assert record["id"] not in found
        found[record["id"]] = record["state"]
        during(n)
    return found


def claimed(ground: Ground, job_id: str) -> Claim:
    claim = ground.ledger.claim(job_id, worker="w1")
    assert isinstance(claim, Claim)
    return claim


def fill(ground: Ground, count: int) -> set[str]:
    """More jobs than are read at a time, in each kind of state."""
    later = datetime.now(UTC) + timedelta(hours=1)
    names = [f"j{n}" for n in range(count)]
    ground.ledger.accept(
        [
            job(name, batch="b", priority=n % 3, not_before=later if n % 5 == 0 else None)
            for n, name in enumerate(names)
        ]
    )
    for n, name in enumerate(names):
        if n % 5 == 1:
            ground.end(claimed(ground, name), State.FAILED, Code.COULD_NOT_CONNECT)
        elif n % 5 == 2:
            claimed(ground, name)
    return set(names)


@pytest.mark.parametrize("batch", [None, "b"])
def test_every_job_in_every_state(ground: Ground, batch: str | None) -> None:
    names = fill(ground, 1200)
    ground.ledger.accept([job("other", batch="c")])
    found = exported(ground, batch=batch)
    assert set(found) == names | (set() if batch else {"other"})
    assert Counter(found.values()) >= Counter({"scheduled": 240, "failed": 240, "preparing": 240, "queued": 480})


@pytest.mark.parametrize("states", [[State.FAILED], [State.QUEUED, State.PREPARING]])
def test_only_the_states_that_are_wanted(ground: Ground, states: list[State]) -> None:
    fill(ground, 50)
    assert set(exported(ground, states=states).values()) == set(states)


def test_the_count_is_that_of_the_jobs(ground: Ground) -> None:
    fill(ground, 50)
    assert Export(ground.redis).count() == 50


@pytest.mark.parametrize("batch", [None, "b"])
def test_a_job_that_gets_its_outcome_is_there_once(ground: Ground, batch: str | None) -> None:
    names = [f"j{n}" for n in range(20)]
    ground.ledger.accept([job(name, batch="b") for name in names])

    def during(n: int) -> None:
        ground.end(claimed(ground, f"j{n}"), State.PLACED, Code.PLACED)

    assert set(exported(ground, during, batch=batch)) == set(names)


@pytest.mark.parametrize("batch", [None, "b"])
def test_a_job_that_a_person_retries_is_there_once(ground: Ground, batch: str | None) -> None:
    """It moves from the list of its outcome, which is read last, to the waiting jobs, which were read."""
    ground.ledger.accept([job("waiting", batch="b")])
    ground.end(ground.claim(job("retried", batch="b")), State.FAILED, Code.COULD_NOT_CONNECT)

    def during(n: int) -> None:
        if n == 0:
            assert ground.retry("retried").done

    assert set(exported(ground, during, batch=batch)) == {"waiting", "retried"}


@pytest.mark.parametrize("batch", [None, "b"])
def test_a_late_answer_does_not_hide_a_job(ground: Ground, batch: str | None) -> None:
    """It moves from one list of outcomes to another, which was read."""
    claim = ground.sending(job("late", batch="b"))
    ground.end(claim, State.UNCONFIRMED, Code.SERVER_ERROR)
    ground.end(ground.sending(job("first", batch="b")), State.PLACED, Code.PLACED)

    def during(n: int) -> None:
        if n == 0:
            assert ground.end(claim, State.PLACED, Code.PLACED)

    assert set(exported(ground, during, batch=batch)) == {"first", "late"}


def test_a_job_that_is_requeued_behind_the_reader_is_there_once(ground: Ground) -> None:
    """The due sets are read from priority 9 to 0, and then the leases."""
    ground.ledger.accept([job("high", priority=9), job("low", priority=0)])
    claim = claimed(ground, "high")

    def during(n: int) -> None:
        if n == 0:
            ground.requeue(claim, counts=False)

    assert set(exported(ground, during)) == {"high", "low"}


def test_a_fleet_at_work(real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    names = [f"j{n}" for n in range(1500)]
    ground.ledger.accept([job(name, batch="b", priority=n % 10) for n, name in enumerate(names)])
    stopping = threading.Event()

    def work() -> None:
        for n, name in enumerate(names):
            if stopping.is_set():
                return
            claim = ground.ledger.claim(name, worker="w1")
            if isinstance(claim, Claim):
                ground.end(claim, State.FAILED, Code.COULD_NOT_CONNECT)
                if n % 3 == 0:
                    ground.retry(name)

    fleet = threading.Thread(target=work)
    fleet.start()
    try:
        for batch in (None, "b", None):
            assert set(exported(ground, batch=batch)) == set(names)
    finally:
        stopping.set()
        fleet.join()
