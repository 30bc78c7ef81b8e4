"""Each fault of the proxy, as a plain client of Redis sees it."""

import socket
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from sandbox.embedded_redis import EmbeddedRedis
from tests.support.fleet import wait_for
from tests.support.redis_proxy import RedisProxy

Connect = Callable[[], Redis]


@pytest.fixture
def proxy(redis_server: EmbeddedRedis) -> Iterator[RedisProxy]:
    with RedisProxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
def connect(proxy: RedisProxy) -> Iterator[Connect]:
    """Connects through the proxy, with a short time-out and nothing tried again."""
    clients: list[Redis] = []

    def connect() -> Redis:
        client: Redis = Redis.from_url(
            proxy.url, decode_responses=True, socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
        )
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


def test_it_passes_on_whatever_its_size(connect: Connect, real_redis: Redis) -> None:
    client, much = connect(), "x" * 1_000_000
    client.set("k", much)
    assert client.get("k") == much == real_redis.get("k")


def test_a_cut_resets_what_is_open_and_nothing_else(proxy: RedisProxy, connect: Connect) -> None:
    """A bare socket, for redis-py replaces an idle connection that has broken without a word."""
    with socket.create_connection(("127.0.0.1", proxy.port)) as idle:
        idle.sendall(b"PING\r\n")
        assert idle.recv(100) == b"+PONG\r\n"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            idle.recv(100)
    assert connect().ping()


def test_frozen_connections_stay_and_pass_on_late(proxy: RedisProxy, connect: Connect, real_redis: Redis) -> None:
    old, new = connect(), connect()
    old.ping()
    proxy.freeze()
    for client in (old, new):
        with pytest.raises(RedisTimeoutError):
            client.incr("n")
    assert real_redis.get("n") is None
    proxy.thaw()
    wait_for(lambda: real_redis.get("n") == "1")  # the new one never got beyond its greeting
    assert new.incr("n") == 2


def test_stranded_connections_never_pass_anything_again(
    proxy: RedisProxy, connect: Connect, real_redis: Redis
) -> None:
    old = connect()
    old.ping()
    proxy.strand()
    with pytest.raises(RedisTimeoutError):
        old.incr("n")
    assert old.incr("n") == 1, "redis-py takes a new connection"
    assert real_redis.get("n") == "1"


def test_a_lost_reply_was_executed_once(proxy: RedisProxy, connect: Connect, real_redis: Redis) -> None:
    client = connect()
    client.ping()
    proxy.drop_replies(1)
    with pytest.raises(RedisConnectionError):
        client.incr("n")
    assert real_redis.get("n") == "1"
    assert proxy.drops_left == 0
    assert client.incr("n") == 2


def test_refused_connections_are_reset(proxy: RedisProxy, connect: Connect) -> None:
    old, new = connect(), connect()
    old.ping()
    proxy.refuse()
    assert old.ping()
    with pytest.raises(RedisConnectionError):
        new.ping()
    proxy.accept()
    assert new.ping()


def test_redis_may_be_restarted_behind_it() -> None:
    with (
        EmbeddedRedis(appendonly=True) as server,
        RedisProxy(server.port) as proxy,
        Redis.from_url(proxy.url) as client,
    ):
        client.set("k", "v")
        server.kill()
        server.restart()
        assert client.get("k") == b"v"
