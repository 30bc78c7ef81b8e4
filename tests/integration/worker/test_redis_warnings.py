"""A worker that starts on a Redis which may lose jobs says so, and how to fix it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, environment, wait_for


@pytest.fixture
def careless_redis() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(appendonly=False) as server, Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield server


def test_a_worker_warns_of_eviction_and_of_missing_persistence(
    careless_redis: EmbeddedRedis, simulator: Simulator, tmp_path: Path
) -> None:
    with WorkerProcess(environment(careless_redis.url, simulator.url), tmp_path / "worker.log") as worker:
        wait_for(lambda: "set 'maxmemory-policy noeviction'" in worker.output())
        wait_for(lambda: "set 'appendonly yes'" in worker.output())
        assert worker.output().count("maxmemory-policy is allkeys-lru, so Redis may drop jobs") == 1
