"""Celery's configuration, where another value would be dangerous and nothing else would show it."""

from typing import Any

import pytest
from celery import Celery

from config.celery import celery_config
from config.settings import load


@pytest.fixture
def conf() -> Any:
    app = Celery("dialer", set_as_current=False)
    app.conf.update(celery_config(load({}, dotenv=None, credentials=False), queue="dialer.calls"))
    return app.conf


def test_a_worker_waits_for_a_broker_as_it_starts(conf: Any) -> None:
    assert conf.broker_connection_retry_on_startup


def test_a_worker_holds_no_more_than_it_can_use(conf: Any) -> None:
    """What it holds beyond that, no other worker dials, and no more urgent job overtakes."""
    assert conf.worker_prefetch_multiplier == 1


def test_nothing_but_json_is_read(conf: Any) -> None:
    """Whoever may write to the queue could have any code run that pickle can name."""
    assert list(conf.accept_content) == ["json"]


def test_nobody_commands_a_worker_but_by_signals(conf: Any) -> None:
    """Remote control would let whoever may publish shut the fleet down, or revoke its nudges."""
    assert not conf.worker_enable_remote_control
