"""Jobs that trigger a defect end, the other jobs are placed, and the log shows no phone number."""

from pathlib import Path

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tests.support.fleet import WorkerProcess, environment, wait_for
from tests.support.ground import Ground, job, jobs
from tests.support.poisoned import KILLS, RAISES

NEIGHBOURS = 30


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def others(ground: Ground) -> None:
    ground.ledger.accept(jobs(NEIGHBOURS, batch="others"))


def poisoned(ground: Ground, simulator: Simulator, redis_url: str, log: Path) -> WorkerProcess:
    return WorkerProcess(environment(redis_url, simulator.url), log, module="tests.support.poisoned", concurrency=4)


def test_a_job_that_raises_is_tried_once_more_and_then_ends(
    ground: Ground, simulator: Simulator, redis_url: str, tmp_path: Path
) -> None:
    with poisoned(ground, simulator, redis_url, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        ground.ledger.accept([job("poison", to=RAISES)])
        others(ground)
        wait_for(lambda: ground.state("poison") == "failed")
        wait_for(lambda: ground.records.counts("others")["placed"] == NEIGHBOURS)
        assert worker.stop() == 0
    output = worker.output()
    assert ground.record("poison")["code"] == "internal_error"
    assert output.count("Traceback (most recent call last)") == 2
    assert "KeyError: 'no row for +*********77'" in output
    assert RAISES[1:] not in output


def test_a_job_that_kills_its_workers_ends_before_it_has_killed_them_all(
    ground: Ground, simulator: Simulator, redis_url: str, tmp_path: Path
) -> None:
    """The job kills its workers, like a crash in a library or a lack of memory, until it ends."""
    ground.ledger.accept([job("poison", to=KILLS)])
    others(ground)
    deaths = 0
    while ground.state("poison") != "failed":
        with poisoned(ground, simulator, redis_url, tmp_path / f"worker-{deaths}.log") as worker:
            wait_for(lambda: ground.state("poison") == "failed" or not worker.runs)
            deaths += not worker.runs
    assert deaths == 5
    assert ground.record("poison")["code"] == "internal_error"
    with poisoned(ground, simulator, redis_url, tmp_path / "last.log"):
        wait_for(lambda: ground.records.counts("others")["open"] == 0)
    counts = ground.records.counts("others")
    assert counts["placed"] + counts["unconfirmed"] == NEIGHBOURS
    assert len({call["to"] for call in simulator.calls()}) == len(simulator.calls())
