"""A simulator and worker processes for tests with real parts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, environment


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A server that the test may kill, freeze or spoil."""
    with EmbeddedRedis(appendonly=True) as server:
        yield server


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with Simulator(rate_limit=0) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """A sound platform without a rate limit, and an empty call log."""
    simulator_process.reset()
    return simulator_process


StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def start_worker(redis_url: str, simulator: Simulator, tmp_path: Path) -> Iterator[StartWorker]:
    """Start a worker that is ready; settings by name, and `concurrency`. Killed at the end."""
    with ExitStack() as stack:

        def start(*, concurrency: int = 8, **settings: str) -> WorkerProcess:
            log = tmp_path / f"worker-{len(list(tmp_path.iterdir()))}.log"
            env = environment(redis_url, simulator.url, **settings)
            worker = stack.enter_context(WorkerProcess(env, log, concurrency=concurrency))
            worker.wait_ready()
            return worker

        yield start
