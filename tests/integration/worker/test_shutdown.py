"""Leaving in peace: what is on the wire is finished, the rest goes back, and nothing is left behind."""

import os
import signal
import time
from collections import Counter
from typing import Any

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, jobs

READ_TIMEOUT_S = 4.0


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def backlog(ground: Ground, count: int = 60) -> None:
    ground.ledger.accept(jobs(count))


def in_flight(ground: Ground) -> int:
    return int(ground.redis.zcard(keys.leases))


def check_nothing_is_left(ground: Ground, simulator: Simulator, count: int = 60) -> None:
    states = Counter(ground.state(f"job-{n}") for n in range(count))
    assert set(states) <= {"placed", "queued", "scheduled"}, states
    assert states["placed"] == len(simulator.calls())
    assert len(ground.due()) == count - states["placed"]
    assert in_flight(ground) == 0
    assert ground.redis.keys("dialer:in-hand:*") == []
    assert ground.redis.zcard(keys.workers) == 0


SIGNALS: list[Any] = [
    pytest.param([signal.SIGTERM], id="SIGTERM"),
    pytest.param([signal.SIGTERM, signal.SIGTERM], id="SIGTERM twice"),
    pytest.param([signal.SIGINT, signal.SIGINT, signal.SIGINT], id="Ctrl-C, impatiently"),
    pytest.param([signal.SIGHUP], id="the terminal closes"),
    pytest.param([signal.SIGQUIT], id="SIGQUIT"),
]


@pytest.mark.parametrize("numbers", SIGNALS)
def test_calls_on_the_wire_are_finished_and_the_rest_goes_back(
    ground: Ground, simulator: Simulator, start_worker: StartWorker, numbers: list[signal.Signals]
) -> None:
    simulator.behave(latency_s=0.7)
    worker = start_worker(concurrency=4, DIALER_READ_TIMEOUT_S=str(READ_TIMEOUT_S))
    backlog(ground)
    wait_for(lambda: len(simulator.calls()) >= 6)
    asked = time.monotonic()
    for number in numbers:
        # As a terminal or an init system does: to the whole group.
        os.killpg(worker.pid, number)
        time.sleep(0.1)
    assert worker.wait(30) == 0, worker.output()
    assert time.monotonic() - asked < READ_TIMEOUT_S + 2
    check_nothing_is_left(ground, simulator)
    assert "Traceback" not in worker.output()


def test_a_call_that_hangs_is_waited_for_no_longer_than_its_deadline(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    simulator.behave(outage="hang")
    worker = start_worker(concurrency=2, DIALER_READ_TIMEOUT_S="3", DIALER_CONNECT_TIMEOUT_S="0.5")
    backlog(ground, 2)
    wait_for(lambda: in_flight(ground) == 2)
    asked = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - asked < 3 + 2
    assert {ground.state(f"job-{n}") for n in range(2)} == {"unconfirmed"}


def test_workers_waiting_for_a_slot_leave_at_once(
    ground: Ground, simulator: Simulator, start_worker: StartWorker
) -> None:
    worker = start_worker(concurrency=4, DIALER_RATE_LIMIT="1/2s")
    backlog(ground)
    wait_for(lambda: len(simulator.calls()) >= 1)
    asked = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - asked < 3
    check_nothing_is_left(ground, simulator)
