"""The health check: alive is who has lately said so, on Redis' clock."""

from collections.abc import Callable

import pytest
from click.testing import Result
from redis import Redis

from tasks.store import keys
from worker.health import HEALTHY_WITHIN_S, silence_s, this_host


def beat(redis: Redis, worker: str, *, ago_s: float) -> None:
    seconds, microseconds = redis.time()
    redis.zadd(keys.workers, {worker: (seconds - ago_s) * 1000 + microseconds / 1000})


def test_silence_is_counted_from_the_hosts_latest_worker(redis_client: Redis) -> None:
    assert silence_s(redis_client, host="a") is None
    beat(redis_client, "a:7:0a0b", ago_s=30)
    beat(redis_client, "a:8:0c0d", ago_s=3)
    beat(redis_client, "a:b:9:0e0f", ago_s=1)
    beat(redis_client, "aa:9:0e0f", ago_s=1)
    assert silence_s(redis_client, host="a") == pytest.approx(3, abs=1)
    assert silence_s(redis_client, host="a:b") == pytest.approx(1, abs=1)


@pytest.mark.parametrize(
    ("worker", "ago_s", "exit_code", "says"),
    [
        (f"{this_host()}:1:0a0b", 2, 0, "A worker of this host was seen"),
        (f"{this_host()}:1:0a0b", HEALTHY_WITHIN_S + 1, 1, "Error: the worker of this host was last seen"),
        ("elsewhere:1:0a0b", 2, 1, "Error: Redis knows of no worker on this host"),
    ],
)
def test_the_exit_code_tells(
    run_here: Callable[..., Result], real_redis: Redis, *, worker: str, ago_s: float, exit_code: int, says: str
) -> None:
    beat(real_redis, worker, ago_s=ago_s)
    done = run_here("healthy")
    assert done.exit_code == exit_code
    assert done.output.startswith(says)
    assert done.output.count("\n") == 1
