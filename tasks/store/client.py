"""The Redis client: the only place where the errors of redis-py become `LedgerUnavailable`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis, RedisError
from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from tasks.errors import LedgerUnavailable


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise LedgerUnavailable(str(error)) from error


def now_ms(redis: Redis) -> float:
    """Return Redis' clock, in milliseconds since the epoch. Raises LedgerUnavailable."""
    seconds, micros = redis.time()
    return float(seconds * 1000 + micros / 1000)


class Translating:
    """A mixin for redis-py's `Redis` that translates its errors, for real and fake servers."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        execute: Any = super().execute_command  # type: ignore[misc]
        with _translated():
            try:
                return execute(*args, **options)
            except NoScriptError as error:
                missing = error
        raise missing  # to `Script`, which then loads the script and repeats the command

    def register_script(self, script: Any) -> Any:
        mine: Any = self
        return _Operation(mine, script)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:  # noqa: FBT001, FBT002 - redis-py's
        mine: Any = self
        return _StorePipeline(mine.connection_pool, mine.response_callbacks, transaction, shard_hint)


class StoreClient(Translating, Redis):
    """A Redis client that raises `LedgerUnavailable` in place of redis-py's errors."""


class _Operation(Script):
    """A script that Redis has forgotten again, between its loading and its repetition, is translated too."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        with _translated():
            return super().__call__(*args, **options)


class _StorePipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> Any:  # noqa: FBT001, FBT002 - redis-py's signature
        with _translated():
            return super().execute(raise_on_error)
