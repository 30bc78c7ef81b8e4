"""The Redis that tests run against: a real server, and an in-memory fake beside it where that will do."""

import hashlib
from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
from hypothesis import Phase, settings
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from tasks.store.client import StoreClient
from tests.support.fake_store import FakeStoreClient

# Chosen with --hypothesis-profile; counts rounds of ten examples in `test_ledger_model.py`.
settings.register_profile("thorough", max_examples=150)
# For `make guards`, which asks only whether a test fails, not for the shortest way to make it fail.
settings.register_profile("unshrunk", phases=[Phase.explicit, Phase.generate])


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """One server for the whole run; a test that kills or freezes Redis starts one of its own."""
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """The real server, emptied, for tests that start processes or connections of their own."""
    with Redis.from_url(redis_server.url) as client:
        client.flushdb()
    return redis_server.url


@pytest.fixture
def real_redis(redis_url: str) -> Iterator[Redis]:
    with StoreClient.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def fake_redis() -> Iterator[Redis]:
    """A server of its own for each test; Lua runs in lupa, `TIME` is the wall clock."""
    server: Any = fakeredis.FakeServer()
    with FakeStoreClient(server=server, decode_responses=True) as client:
        client.eval("return 1", 0)  # makes the Lua, which lacks something
        server._lua_runtime.globals()[b"redis"][b"sha1hex"] = _sha1hex
        yield client


def _sha1hex(text: bytes) -> bytes:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()


@pytest.fixture(params=["fake", "real"])
def redis_client(request: pytest.FixtureRequest) -> Redis:
    """The same test against both, so that the fake is never trusted alone."""
    client: Redis = request.getfixturevalue(f"{request.param}_redis")
    return client


@pytest.fixture
def raw_redis(redis_client: Redis) -> Redis:
    """The same server, seen as bytes."""
    options = dict(redis_client.connection_pool.connection_kwargs) | {"decode_responses": False}
    return type(redis_client)(
        **{k: v for k, v in options.items() if k in {"server", "host", "port", "decode_responses"}}
    )
