"""How the parts of a worker are tied together, where that alone makes a promise."""

import threading
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.settings import load
from tasks.codes import Code, State
from tests.support.ground import Ground, job
from worker.wiring import ledger_of


def test_who_leaves_does_not_wait_for_redis(fake_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would insist for minutes, and be killed; the lease says the same when it ends."""
    claim = Ground.over(fake_redis).sending(job())
    stopping, asked = threading.Event(), []

    def away(**_: Any) -> None:
        asked.append(1)
        assert len(asked) < 5, "it insists"
        raise RedisConnectionError("away")

    ledger = ledger_of(load({}, dotenv=None, credentials=False), fake_redis, stopping)
    monkeypatch.setitem(ledger._scripts, "finish", away)
    stopping.set()
    with pytest.raises(RedisConnectionError):
        ledger.finish(claim, State.PLACED, Code.PLACED)
