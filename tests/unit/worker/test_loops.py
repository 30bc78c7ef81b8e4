"""The threads of a worker survive what they meet, and say so once; and what a worker says of its Redis."""

import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.errors import LedgerUnavailable
from worker.loops import Loop, Loops


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(f"worker.loops.{name}", 0.001)


def run(*meets: Exception | None) -> None:
    """A loop whose steps meet these, one after the other; it is stopped in the last."""
    stopping, left = threading.Event(), list(meets)

    def step() -> None:
        met = left.pop(0)
        if not left:
            stopping.set()
        if met:
            raise met

    Loop("test", step, stopping).run()
    assert left == []


@pytest.mark.usefixtures("hasty")
def test_a_loop_says_once_that_redis_is_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run(*[LedgerUnavailable("refused")] * 5, None, None)
    assert caplog.messages == ["dialer-test: Redis is away: refused", "dialer-test: Redis is back"]


@pytest.mark.usefixtures("hasty")
def test_a_loop_survives_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    run(ZeroDivisionError(), None)
    assert caplog.messages == ["dialer-test: unexpected error in loop; continuing"]


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
        heartbeat=SimpleNamespace(beat=list, redis_restarted=False),
        reaper=SimpleNamespace(reap=dict, expire=list),
    )
    stopping = threading.Event()
    stopping.set()  # so that nothing is waited for
    threads = Loops(parts, stopping)
    threads._keep_house()
    threads._keep_house()
    assert [message.partition(";")[0] for message in caplog.messages] == told
