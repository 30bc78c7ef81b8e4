"""Where Redis is: every form of URL that the settings allow leads to a client."""

import copy
import threading

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.sentinel import SentinelConnectionPool

from config.settings import Settings, load
from worker.connection import RetryUntil, connect


def settings(url: str) -> Settings:
    return load({"DIALER_REDIS_URL": url, "DIALER_SENTINEL_MASTER": "calls"}, dotenv=None, credentials=False)


def kwargs(client: Redis) -> dict[str, object]:
    return dict(client.connection_pool.connection_kwargs)


def test_time_outs_are_set_for_a_half_open_connection_would_hang() -> None:
    with connect(settings("redis://localhost:6379/3")) as client:
        found = kwargs(client)
    assert (found["socket_timeout"], found["socket_connect_timeout"], found["db"]) == (5.0, 3.0, 3)


@pytest.mark.parametrize(("stops_after", "tries"), [(9, 3), (2, 2), (1, 1)])
def test_commands_are_retried_until_a_shutdown_begins(stops_after: int, tries: int) -> None:
    stopping, tried = threading.Event(), 0

    def command() -> None:
        nonlocal tried
        tried += 1
        if tried == stops_after:
            stopping.set()
        raise RedisConnectionError

    retry = copy.deepcopy(RetryUntil(stopping, 2))  # as redis-py does for each connection
    with pytest.raises(RedisConnectionError):
        retry.call_with_retry(command, lambda _: None)
    assert tried == tries


def test_tls() -> None:
    with connect(settings("rediss://:pw@localhost/0")) as client:
        assert "SSL" in client.connection_pool.connection_class.__name__


@pytest.mark.parametrize("url", ["redis+socket:///run/redis.sock?virtual_host=2", "unix:///run/redis.sock?db=2"])
def test_a_socket(url: str) -> None:
    with connect(settings(url)) as client:
        assert (kwargs(client)["path"], kwargs(client)["db"]) == ("/run/redis.sock", 2)


def test_sentinels() -> None:
    with connect(settings("sentinel://a:1;sentinel://:p%40ss@b:2/3")) as client:
        pool = client.connection_pool
        assert isinstance(pool, SentinelConnectionPool)
        assert pool.service_name == "calls"
        hosts = [(kwargs(each)["host"], kwargs(each)["port"]) for each in pool.sentinel_manager.sentinels]
        assert hosts == [("a", 1), ("b", 2)]
        assert (kwargs(client)["password"], kwargs(client)["db"]) == ("p@ss", 3)
