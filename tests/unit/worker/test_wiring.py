"""How the parts of a worker are tied together, where that alone makes a promise."""

import threading
from typing import Any

import pytest
from redis import Redis

from config.settings import load
from tasks.codes import Code, State
from tasks.errors import LedgerUnavailable
from tasks.ledger.settlement import End, Settlement
from tests.support.ground import Ground, job
from worker.wiring import ledger_of


def test_who_leaves_does_not_wait_for_redis(fake_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would retry for minutes and be killed. The job ends in the same way when its lease expires."""
    claim = Ground.over(fake_redis).sending(job())
    stopping, asked = threading.Event(), []

    def away(**_: Any) -> None:
        asked.append(1)
        assert len(asked) < 5, "it does not retry for minutes"
        raise LedgerUnavailable("away")

    ledger = ledger_of(load({}, dotenv=None, credentials=False), fake_redis, stopping)
    monkeypatch.setitem(ledger._scripts, "settle", away)
    stopping.set()
    with pytest.raises(LedgerUnavailable):
        ledger.settle(claim, Settlement(action=End(state=State.PLACED, code=Code.PLACED)))
