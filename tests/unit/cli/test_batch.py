"""`dialer batch`: the progress of a batch."""

import json

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def test_how_far_it_is(run_here: Run, ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(3)])
    ground.end(ground.sending(job("j0", batch="b")), State.PLACED, Code.PLACED)
    assert json.loads(run_here("batch", "b", "--json").stdout) == {
        "batch": "b",
        "jobs": 3,
        "done": 1,
        "states": {"open": 2, "placed": 1},
    }
    assert "1 of 3 done" in run_here("batch", "b").stdout
