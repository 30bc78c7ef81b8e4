"""SIGTERM while Redis hangs or is gone: a worker leaves within the documented grace, and logs what it knows."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.deploy_files import compose
from tests.support.fleet import WorkerProcess, environment, wait_for
from tests.support.ground import Ground, job, jobs

CONCURRENCY = 8
GRACE_S = float(compose()["services"]["worker"]["stop_grace_period"].removesuffix("s"))
#: The worst case is longer than what is measured here by the rest of the call's deadline.
CALL_S = 4.0
DEADLINE_S = 13.0


@pytest.fixture
def ground(own_redis: EmbeddedRedis) -> Iterator[Ground]:
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield Ground.over(client)


@pytest.fixture
def worker(own_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path) -> Iterator[WorkerProcess]:
    env = environment(own_redis.url, simulator.url)
    with WorkerProcess(env, tmp_path / "worker.log", concurrency=CONCURRENCY) as worker:
        worker.wait_ready()
        yield worker


def calls_in_progress(ground: Ground, simulator: Simulator) -> None:
    """Eight requests that the simulator has, and answers with 201 some seconds later."""
    ground.ledger.accept([job("first")])  # fetches the token
    wait_for(lambda: ground.state("first") == "placed")
    simulator.behave(latency_s=CALL_S)
    ground.ledger.accept(jobs(CONCURRENCY))
    wait_for(lambda: all(ground.state(f"job-{n}") == "sending" for n in range(CONCURRENCY)))
    wait_for(lambda: len(simulator.calls()) == CONCURRENCY + 1)


def left_after_s(worker: WorkerProcess) -> float:
    asked = time.monotonic()
    assert worker.stop(60) == 0
    return time.monotonic() - asked


def test_an_idle_worker_leaves_a_redis_that_hangs(own_redis: EmbeddedRedis, worker: WorkerProcess) -> None:
    own_redis.freeze()
    assert left_after_s(worker) < GRACE_S - DEADLINE_S
    assert "Traceback" not in worker.output()


def test_a_worker_with_calls_in_progress_leaves_a_redis_that_hangs(
    own_redis: EmbeddedRedis, ground: Ground, worker: WorkerProcess, simulator: Simulator
) -> None:
    calls_in_progress(ground, simulator)
    own_redis.freeze()
    assert left_after_s(worker) < GRACE_S - (DEADLINE_S - CALL_S)
    own_redis.thaw()
    check_answers_are_logged(worker, simulator)
    assert "Traceback" not in worker.output()


def test_a_worker_with_calls_in_progress_leaves_a_redis_that_was_killed(
    own_redis: EmbeddedRedis, ground: Ground, worker: WorkerProcess, simulator: Simulator
) -> None:
    calls_in_progress(ground, simulator)
    own_redis.kill()
    assert left_after_s(worker) < GRACE_S - (DEADLINE_S - CALL_S)
    check_answers_are_logged(worker, simulator)
    assert "Traceback" not in worker.output()


def check_answers_are_logged(worker: WorkerProcess, simulator: Simulator) -> None:
    """Each answer that could not be stored is one line, which names job, state and conversation."""
    lines = re.findall(r"job=(\S+) outcome not stored: .* state=placed .*conversation=(\S+)", worker.output())
    assert len(dict(lines)) == CONCURRENCY, worker.output()
    assert {conversation for _, conversation in lines} <= {call["conversation_id"] for call in simulator.calls()}
