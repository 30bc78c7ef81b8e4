"""Connections to Redis, with time-outs of their own: a half-open one must not hang a thread."""

from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

from config.celery import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S
from config.settings import Settings
from tasks.store.client import StoreClient

_SENTINEL_OPTIONS: Final[dict[str, Any]] = {
    "socket_timeout": CONNECT_TIMEOUT_S,
    "socket_connect_timeout": CONNECT_TIMEOUT_S,
}


def connect(settings: Settings, *, decode: bool = True, retries: int = 3) -> StoreClient:
    """A client for `DIALER_REDIS_URL`.

    Commands are repeated after a broken connection, for every script is safe to replay.
    `decode=False` gives bytes, for messages that may be anything.
    """
    options: dict[str, Any] = {
        "decode_responses": decode,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError],
    }
    url = settings.redis_url.reveal()
    if url.startswith("sentinel://"):
        return _master(url, settings.sentinel_master, options)
    # Celery's name for a socket, and its way to write the database, are not redis-py's.
    url = url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)
    return cast("StoreClient", StoreClient.from_url(url, **options))


def _master(url: str, name: str, options: dict[str, Any]) -> StoreClient:
    """A client that asks the Sentinels for the master, anew with each connection."""
    parts = [urlsplit(part) for part in url.split(";")]
    last = parts[-1]
    sentinels: Any = Sentinel(  # type: ignore[no-untyped-call]
        [(part.hostname or "localhost", part.port or 26379) for part in parts], **_SENTINEL_OPTIONS
    )
    login = {
        "username": last.username,
        "password": unquote(last.password or "") or None,
        "db": int(last.path.strip("/") or 0),
    }
    client: Any = sentinels.master_for(name, redis_class=StoreClient, **options, **login)
    return cast("StoreClient", client)
