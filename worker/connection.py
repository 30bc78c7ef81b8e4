"""Connections to Redis, with time-outs of their own: a half-open one must not hang a thread."""

import threading
from typing import Any, Self, cast

from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

from config.celery import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S, sentinel_options
from config.redis_address import RedisAddress, read_address
from config.settings import Settings
from tasks.store.client import StoreClient


def connect(
    settings: Settings,
    *,
    decode: bool = True,
    retries: int = 3,
    stopping: threading.Event | None = None,
) -> StoreClient:
    """A client for `DIALER_REDIS_URL`.

    Commands are repeated after a broken connection, for every script is safe to replay; but not once `stopping` is
    set, because a shutdown has no time for it. `decode=False` gives bytes, for messages that may be anything.
    """
    address = read_address(settings.redis_url.reveal())
    options: dict[str, Any] = {
        "decode_responses": decode,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry": RetryUntil(stopping or threading.Event(), retries),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError],
        "client_name": address.client_name,
    }
    if address.scheme == "sentinel":
        return _master(address, settings.sentinel_master, options)
    if address.path:
        del options["socket_keepalive"]  # which is TCP's
    # Celery's name for a socket, and its way to write the database, are not redis-py's.
    url = address.celery_url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)
    return cast("StoreClient", StoreClient.from_url(url, **options))


class RetryUntil(Retry):
    """Retries like redis-py's own class until `stopping` is set, and never from then on."""

    def __init__(self, stopping: threading.Event, retries: int) -> None:
        self._stopping = stopping
        super().__init__(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries)

    @property
    def _retries(self) -> int:  # the base class reads it after each failure
        return 0 if self._stopping.is_set() else self._most

    @_retries.setter
    def _retries(self, value: int) -> None:
        self._most = value

    def __deepcopy__(self, _memo: object) -> Self:
        """redis-py copies the retry for each connection; an event cannot be copied, and must not be."""
        copied = type(self)(self._stopping, self._most)
        copied.update_supported_errors(self._supported_errors)
        return copied


def _master(address: RedisAddress, name: str, options: dict[str, Any]) -> StoreClient:
    """A client that asks the Sentinels for the master, anew with each connection."""
    sentinels: Any = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts, sentinel_kwargs=sentinel_options(address)
    )
    login = {
        "username": address.username or None,
        "password": address.password.reveal() or None,
        "db": address.database,
    }
    client: Any = sentinels.master_for(name, redis_class=StoreClient, **options, **login)
    return cast("StoreClient", client)
