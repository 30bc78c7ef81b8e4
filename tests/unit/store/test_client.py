"""The Redis client: it translates all errors of redis-py, and still loads missing scripts."""

import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tasks.errors import LedgerUnavailable
from tasks.store.client import StoreClient


@pytest.fixture
def nobody() -> StoreClient:
    """A client of a port on which nobody listens."""
    return StoreClient(port=1, retry=Retry(NoBackoff(), 0))


@pytest.mark.parametrize("piped", [False, True])
def test_a_redis_that_is_not_there(nobody: StoreClient, *, piped: bool) -> None:
    pipe = nobody.pipeline()
    pipe.get("k")
    with pytest.raises(LedgerUnavailable) as caught:
        pipe.execute() if piped else nobody.get("k")
    assert isinstance(caught.value.__cause__, RedisError)
    assert "refused" in str(caught.value)


@pytest.mark.parametrize("piped", [False, True])
def test_a_redis_that_refuses(redis_client: Redis, *, piped: bool) -> None:
    redis_client.set("k", "text")
    pipe = redis_client.pipeline()
    pipe.lpush("k", "x")
    with pytest.raises(LedgerUnavailable, match="WRONGTYPE"):
        pipe.execute() if piped else redis_client.lpush("k", "x")


def test_a_script_that_redis_does_not_know_is_loaded(redis_client: Redis) -> None:
    """Redis loses its scripts in a restart."""
    script = redis_client.register_script("return redis.call('INCR', KEYS[1])")
    assert script(keys=["n"]) == 1
    redis_client.script_flush()
    assert script(keys=["n"]) == 2
    redis_client.script_flush()
    pipe = redis_client.pipeline()
    script(keys=["n"], client=pipe)
    assert pipe.execute() == [3]


@pytest.mark.parametrize("piped", [False, True])
def test_a_redis_that_forgets_a_script_as_soon_as_it_is_loaded(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch, *, piped: bool
) -> None:
    """A restart, a failover or SCRIPT FLUSH can come between the loading of a script and its execution."""
    script = redis_client.register_script("return redis.call('INCR', KEYS[1])")
    pipe = redis_client.pipeline()
    # redis-py loads the script of a pipeline with another function than that of a single command.
    asked, loads = (pipe, "load_scripts") if piped else (redis_client, "script_load")
    load = getattr(asked, loads)

    def load_and_forget(*args: str) -> object:
        sha = load(*args)
        redis_client.script_flush()
        return sha

    def run() -> None:
        script(keys=["n"], client=asked)
        pipe.execute()

    monkeypatch.setattr(asked, loads, load_and_forget)
    redis_client.script_flush()
    with pytest.raises(LedgerUnavailable, match="matching script"):
        run()
