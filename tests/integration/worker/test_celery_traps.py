"""Traps of Celery, kombu and redis-py that Dialer steps around; looked at in the versions named here."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from celery import Celery
from kombu.transport import redis as kombu_redis
from kombu.utils import json as kombu_json
from redis import Redis, RedisError

from config.celery import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S, celery_config
from config.settings import load
from sandbox.embedded_redis import EmbeddedRedis
from tasks.fleet.scheduler import nudge_message
from tests.support.deploy_files import ROOT
from tests.support.redis_proxy import RedisProxy
from worker.nudges import patch_kombu

LOOKED_AT = {"celery": "5.7", "kombu": "5.7", "redis": "8.1"}
AGAIN = (
    "Another minor version: read worker/nudges.py, worker/consumer.py and config/celery.py against it,"
    " for they lean on what it does inside; then change the table in this test."
)
QUEUE = "dialer.calls"


@pytest.mark.parametrize("package", LOOKED_AT)
def test_the_traps_were_looked_at_in_what_is_locked_and_installed(package: str) -> None:
    locked = re.search(rf"^{package}==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert locked
    minors = {".".join(found.split(".")[:2]) for found in (locked[1], version(package))}
    assert minors == {LOOKED_AT[package]}, AGAIN


@pytest.fixture
def proxy(redis_server: EmbeddedRedis, redis_url: str) -> Iterator[RedisProxy]:
    """In front of the common Redis, emptied."""
    with RedisProxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
def app(proxy: RedisProxy, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """As a worker has it; what it does to kombu is undone after the test."""
    monkeypatch.setattr(kombu_redis.Channel, "QoS", kombu_redis.Channel.QoS)
    monkeypatch.setattr("kombu.transport.redis.loads", kombu_json.loads)
    patch_kombu()
    app = Celery("traps", set_as_current=False)
    settings = load({"DIALER_REDIS_URL": proxy.url}, dotenv=None, credentials=False)
    app.conf.update(celery_config(settings, queue=QUEUE))
    return app


def test_an_acknowledgement_while_redis_is_away_gives_the_prefetch_back(
    app: Celery, proxy: RedisProxy, real_redis: Redis
) -> None:
    """Else the consumer would ask for no more after as many as it may hold, and stand still for ever."""
    real_redis.lpush(QUEUE, nudge_message(queue=QUEUE, job_id="order-42", tag="t"))
    with app.connection_for_read() as connection, connection.channel() as channel:
        channel.basic_qos(0, 1, False)
        taken = channel.basic_get(QUEUE)
        assert taken.headers["job_id"] == "order-42"
        assert not channel.qos.can_consume()
        proxy.refuse()
        proxy.cut()
        taken.ack()
        assert channel.qos.can_consume()
        proxy.accept()


def test_a_broken_connection_puts_no_nudge_back(app: Celery, proxy: RedisProxy, real_redis: Redis) -> None:
    """kombu would run it a second time; the scheduler repeats what nobody has claimed."""
    real_redis.lpush(QUEUE, nudge_message(queue=QUEUE, job_id="order-42", tag="t"))
    with app.connection_for_read() as connection, connection.channel() as channel:
        channel.basic_get(QUEUE)
        channel.qos.restore_unacked_once()
        channel.qos.restore_visible()
    assert real_redis.keys() == []


def test_kombus_connections_have_time_outs(app: Celery) -> None:
    """kombu passes none unless told, and a half-open connection would hang the worker for ever."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        options: dict[str, Any] = channel.client.connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (SOCKET_TIMEOUT_S, CONNECT_TIMEOUT_S)
    assert options["socket_keepalive"]


def test_a_refusal_ends_the_worker_unless_celery_is_told_otherwise(app: Celery, proxy: RedisProxy) -> None:
    """An error that Redis answers with is not an error of the connection to kombu."""
    with app.connection_for_read() as connection:
        redis_errors = [error for error in connection.channel_errors if issubclass(error, RedisError)]
    assert redis_errors
    assert app.conf.broker_channel_error_retry


def test_celery_gives_up_after_a_hundred_tries_unless_told_otherwise(app: Celery) -> None:
    assert Celery("plain", set_as_current=False).conf.broker_connection_max_retries == 100
    assert app.conf.broker_connection_max_retries is None
