"""What a worker says of its Redis as it starts."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from worker.threads import Threads


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"redis_version": "6.0.20"}, ["redis: version 6.0.20 is too old"]),
        (
            {"maxmemory_policy": "allkeys-lru"},
            ["redis memory: maxmemory-policy is allkeys-lru, so Redis may drop jobs"],
        ),
        ({"aof_enabled": 0}, ["redis persistence: appendonly is off, so a crash of Redis forgets jobs"]),
    ],
)
def test_a_worker_warns_once_of_a_redis_that_will_not_do(
    caplog: pytest.LogCaptureFixture, changes: dict[str, Any], told: list[str]
) -> None:
    info = {"redis_version": "7.4.1", "maxmemory_policy": "noeviction", "aof_enabled": 1} | changes
    parts: Any = SimpleNamespace(
        redis=SimpleNamespace(info=lambda: info),
        fleet=SimpleNamespace(beat=list, anew=False),
        recovery=SimpleNamespace(reap=dict, expire=list),
    )
    stopping = threading.Event()
    stopping.set()  # so that nothing is waited for
    threads = Threads(parts, stopping)
    threads._keep_house()
    threads._keep_house()
    assert [message.partition(";")[0] for message in caplog.messages] == told
