"""A systemic failure pauses the fleet: tested with real workers, the simulator and a backlog."""

import time
from collections import Counter
from typing import Any

import pytest
from redis import Redis

from config.values import RateLimit
from sandbox.simulator.process import Simulator
from tasks.fleet.breaker import IN_A_ROW
from tasks.fleet.pause import Pause, PauseReason
from tasks.fleet.status import look
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, job, jobs

BACKLOG = 400


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def backlog(ground: Ground, count: int = BACKLOG, **fields: Any) -> None:
    ground.ledger.accept(jobs(count, batch="b", **fields))


def counts(ground: Ground) -> Counter[str]:
    return Counter(ground.records.counts("b"))


def reasons(ground: Ground) -> set[PauseReason]:
    return {entry.reason for entry in Pause(ground.redis).entries()}


def drained(ground: Ground) -> bool:
    return counts(ground)["open"] == 0


MISCONFIGURATIONS = [
    pytest.param({"client_secret": "another"}, {"client_secret": "sandbox-secret"}, "credentials", id="wrong secret"),
    pytest.param({"permissions": []}, {"permissions": None}, "refusal", id="missing permission"),
    pytest.param(
        {"verified_caller_ids": ["+12125550000"]}, {"verified_caller_ids": None}, "refusal", id="unverified caller ID"
    ),
]


@pytest.mark.parametrize(("fault", "fixed", "reason"), MISCONFIGURATIONS)
def test_misconfiguration_never_burns_a_backlog(
    ground: Ground, simulator: Simulator, start_worker: StartWorker, fault: Any, fixed: Any, reason: str
) -> None:
    """At most ten jobs are rejected; the others wait, and are placed after the fix, without a restart."""
    simulator.behave(**fault)
    backlog(ground)
    workers = [start_worker(concurrency=8) for _ in range(2)]
    wait_for(lambda: PauseReason(reason) in reasons(ground), 30)
    time.sleep(2)
    lost = counts(ground)["rejected"]
    assert lost <= 10
    assert lost + counts(ground)["open"] == BACKLOG
    assert any("circuit breaker opened" in worker.output() and "Fix: " in worker.output() for worker in workers)
    simulator.behave(**fixed)
    wait_for(lambda: drained(ground), 60)
    final = counts(ground)
    assert final["placed"] == BACKLOG - final["rejected"]
    assert final["rejected"] <= 10
    assert reasons(ground) == set()


@pytest.mark.parametrize("outage", ["malformed_participant_address", "conflict"])
def test_a_refusal_that_every_job_meets_burns_no_backlog_whatever_its_code(
    ground: Ground, simulator: Simulator, start_worker: StartWorker, outage: str
) -> None:
    simulator.behave(outage=outage)
    backlog(ground, 40)
    start_worker(concurrency=8)
    wait_for(lambda: PauseReason.REFUSAL in reasons(ground), 30)
    time.sleep(1)
    assert counts(ground)["rejected"] <= IN_A_ROW
    status = look(ground.redis, limit=RateLimit(count=300, period_s=60))
    assert len(status.rejected_before_pause) == counts(ground)["rejected"]
    assert len(status.probed) >= 1


def test_a_few_jobs_that_always_fail_do_not_hold_up_the_others(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Their number answers 503 each time, and they are the oldest."""
    ground.ledger.accept([job(f"bad-{n}", to="+12125550125", batch="bad") for n in range(2 * IN_A_ROW)])
    backlog(ground, 60)
    start_worker(concurrency=2)
    wait_for(lambda: drained(ground), 30)
    assert counts(ground)["placed"] == 60


def test_an_outage_leaves_few_jobs_unconfirmed(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    """The API does not answer for a while; after that, all other jobs are placed."""
    simulator.behave(outage="hang")
    backlog(ground)
    for _ in range(2):
        start_worker(concurrency=8, DIALER_READ_TIMEOUT_S="2", DIALER_CONNECT_TIMEOUT_S="1")
    time.sleep(8)
    simulator.behave(outage="")
    wait_for(lambda: drained(ground), 60)
    final = counts(ground)
    assert final["unconfirmed"] <= 20
    assert final["placed"] == BACKLOG - final["unconfirmed"]


def test_an_api_that_cannot_be_reached_costs_no_job(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Nothing was sent during the outage, so every job is placed after it."""
    simulator.behave(outage="unavailable_for_a_while", retry_after_s=1)
    backlog(ground, max_attempts=2)
    start_worker(concurrency=8)
    wait_for(lambda: PauseReason.OUTAGE in reasons(ground), 30)
    time.sleep(1)
    simulator.behave(outage="")
    wait_for(lambda: drained(ground), 60)
    assert counts(ground)["placed"] == BACKLOG


def test_after_a_429_nobody_sends_before_its_end(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    simulator.behave(outage="rate_limited", retry_after_s=2)
    backlog(ground, 150)
    for _ in range(2):
        start_worker(concurrency=8)
    wait_for(lambda: PauseReason.RATE_LIMIT in reasons(ground), 30)
    time.sleep(1)
    simulator.behave(outage="")
    wait_for(lambda: drained(ground), 60)
    assert counts(ground)["placed"] == 150
    assert {ground.record(f"job-{n}")["attempts"] for n in range(150)} == {1}
    times = [request["time"] for request in simulator.requests()]
    # Requests in progress when the first answer arrived cannot be undone: no more than the fleet's concurrency.
    assert len([at for at in times if at < times[0] + 2]) <= 16


def test_a_limit_that_strangers_use_up_is_kept_without_a_429(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    """The settings have no real limit; only the headers of the answers report one: 100 in 4 s."""
    simulator.behave(rate_limit=100, rate_window_s=4)
    backlog(ground, 250)
    for _ in range(2):
        start_worker(concurrency=8)
    wait_for(lambda: drained(ground), 60)
    assert counts(ground)["placed"] == 250
    statuses = Counter(request["status"] for request in simulator.requests())
    assert statuses[429] == 0


def test_an_operators_pause_holds_and_ends_at_once(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    start_worker(concurrency=8)
    pause = Pause(ground.redis)
    pause.begin(PauseReason.OPERATOR, "lunch", for_s=None)
    backlog(ground, 20)
    time.sleep(1.5)
    assert simulator.calls() == []
    pause.end(PauseReason.OPERATOR)
    wait_for(lambda: drained(ground), 20)
    assert counts(ground)["placed"] == 20
