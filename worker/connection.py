"""Connections to Redis, with time-outs of their own: a half-open one must not hang a thread."""

from typing import Any

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from config.celery import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S
from config.settings import Secret


def connect(url: Secret, *, decode: bool = True, retries: int = 3) -> Redis:
    """A client for the URL; commands are repeated after a broken connection, for every script is safe to replay.

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
    client: Redis = Redis.from_url(url.reveal(), **options)
    return client
