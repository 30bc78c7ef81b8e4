"""A worker is alive if its last heartbeat is recent, on Redis' clock."""

import pytest
from redis import Redis

from tests.support.heartbeats import beat
from worker.health import heartbeat_age_s


def test_silence_is_counted_from_the_hosts_latest_worker(redis_client: Redis) -> None:
    assert heartbeat_age_s(redis_client, host="a") is None
    beat(redis_client, "a:7:0a0b", ago_s=30)
    beat(redis_client, "a:8:0c0d", ago_s=3)
    beat(redis_client, "a:b:9:0e0f", ago_s=1)
    beat(redis_client, "aa:9:0e0f", ago_s=1)
    assert heartbeat_age_s(redis_client, host="a") == pytest.approx(3, abs=1)
    assert heartbeat_age_s(redis_client, host="a:b") == pytest.approx(1, abs=1)
