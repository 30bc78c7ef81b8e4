"""`dialer healthy`: the exit code says whether a worker of this host is alive."""

import pytest
from redis import Redis

from tests.support.heartbeats import beat
from tests.unit.conftest import Run
from worker.health import HEALTHY_WITHIN_S, host_name


@pytest.mark.parametrize(
    ("worker", "ago_s", "exit_code", "says"),
    [
        (f"{host_name()}:1:0a0b", 2, 0, "The last heartbeat of a worker on this host was"),
        (f"{host_name()}:1:0a0b", HEALTHY_WITHIN_S + 1, 1, "Error: the last heartbeat of a worker on this host was"),
        ("elsewhere:1:0a0b", 2, 1, "Error: there is no heartbeat of a worker on this host"),
    ],
)
def test_the_exit_code_tells(
    run_here: Run, real_redis: Redis, *, worker: str, ago_s: float, exit_code: int, says: str
) -> None:
    beat(real_redis, worker, ago_s=ago_s)
    done = run_here("healthy")
    assert done.exit_code == exit_code
    assert done.output.startswith(says)
    assert done.output.count("\n") == 1
