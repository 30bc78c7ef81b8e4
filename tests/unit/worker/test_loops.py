"""The threads of a worker continue after any error, log an outage once, and log what housekeeping repaired."""

import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.codes import State
from tasks.errors import LedgerUnavailable
from worker.follow_up_wiring import FollowUpParts
from worker.loops import Loop, Loops

INFO = {"redis_version": "7.4.1", "maxmemory_policy": "noeviction", "aof_enabled": 1}


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
    assert caplog.messages == ["dialer-test: Redis unavailable: refused", "dialer-test: Redis available again"]


@pytest.mark.usefixtures("hasty")
def test_a_loop_survives_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    run(ZeroDivisionError(), None)
    assert caplog.messages == ["dialer-test: unexpected error in loop; continuing"]


def parts(**changes: Any) -> Any:
    """The parts of a worker that housekeeping uses: nothing is wrong, but for these."""
    return SimpleNamespace(
        **{
            "redis": SimpleNamespace(info=lambda: INFO),
            "heartbeat": SimpleNamespace(beat=list, redis_restarted=False),
            "reaper": SimpleNamespace(reap=dict, expire=list),
            "follow_up": FollowUpParts(None, None),
        }
        | changes
    )


def housekeeping(parts: Any, *, times: int = 1) -> None:
    stopping = threading.Event()
    stopping.set()  # so that it does not wait
    loops = Loops(parts, stopping)
    for _ in range(times):
        loops._run_housekeeping()


def test_housekeeping_logs_what_it_repaired(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reaped = {"a": State.QUEUED, "b": State.UNCONFIRMED}
    housekeeping(
        parts(
            heartbeat=SimpleNamespace(beat=lambda: ["host:1:a"], redis_restarted=True),
            ledger=SimpleNamespace(replay=lambda: ["c"]),
            reaper=SimpleNamespace(reap=lambda: reaped, expire=lambda: ["d"]),
        )
    )
    assert caplog.messages == [
        "reclaimed messages of an unresponsive worker",
        "outcome missing after a Redis restart; recorded again",
        "lease expired; job requeued",
        "lease expired; job ended as unconfirmed",
        "not_after has passed; job ended as expired",
    ]


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
    info = INFO | changes
    housekeeping(parts(redis=SimpleNamespace(info=lambda: info)), times=2)
    assert [message.partition(";")[0] for message in caplog.messages] == told
