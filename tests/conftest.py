"""The Redis that tests run against: a real server, and an in-memory fake beside it where that will do."""

from collections.abc import Iterator

import fakeredis
import pytest
from hypothesis import settings
from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis

# Chosen with --hypothesis-profile; counts rounds of ten examples in `test_ledger_model.py`.
settings.register_profile("thorough", max_examples=150)


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
    with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def fake_redis() -> Iterator[Redis]:
    """A server of its own for each test; Lua runs in lupa, `TIME` is the wall clock."""
    with fakeredis.FakeRedis(server=fakeredis.FakeServer(), decode_responses=True) as client:
        yield client


@pytest.fixture(params=["fake", "real"])
def redis_client(request: pytest.FixtureRequest) -> Redis:
    """The same test against both, so that the fake is never trusted alone."""
    client: Redis = request.getfixturevalue(f"{request.param}_redis")
    return client
