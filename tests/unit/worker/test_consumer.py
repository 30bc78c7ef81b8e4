"""The patient consumer: it asks again, at leisure, and leaves when it is told to."""

import time
from typing import Any

import pytest
from celery.worker import state
from celery.worker.consumer import Consumer
from redis import Redis

import worker.consumer
from config.settings import load
from tasks.errors import LedgerUnavailable
from worker.consumer import patient_consumer, wait_until_writable

PAUSE_S = 0.2


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.consumer, "_PAUSE_S", PAUSE_S)


class Refusing:
    """A Redis that refuses to write, and hears SIGTERM at the third time."""

    asked = 0

    def zadd(self, *_: object, **__: object) -> None:
        self.asked += 1
        if self.asked == 3:
            state.should_stop = 0
        raise LedgerUnavailable("no")


def test_it_says_once_that_redis_is_away_and_leaves_when_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    redis: Any = Refusing()
    with pytest.raises(SystemExit):
        wait_until_writable(redis)
    assert redis.asked == 3
    assert caplog.messages == ["Redis unavailable: no"]


def test_its_question_leaves_no_trace(redis_client: Redis) -> None:
    wait_until_writable(redis_client)
    assert redis_client.keys() == []


def test_a_connection_after_the_first_is_not_made_at_once(monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    """Redis may let us write and still refuse what Celery asks, as where somebody wrote something to its queue."""
    monkeypatch.setattr(Consumer, "connect", lambda _: "connected")
    kind: Any = patient_consumer(load({"DIALER_REDIS_URL": redis_url}, dotenv=None, credentials=False))
    consumer = kind.__new__(kind)
    began = time.monotonic()
    assert [consumer.connect(), consumer.connect()] == ["connected", "connected"]
    assert time.monotonic() - began >= PAUSE_S
