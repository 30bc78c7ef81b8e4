"""What commands stand on: the settings and Redis, with their faults as one line each."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from redis import AuthenticationError, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from config.settings import Secret, Settings, SettingsError, load
from tasks.errors import LedgerUnavailable
from tasks.ledger.accept import Acceptor
from worker.cli.errors import CommandError, WrongUsage
from worker.connection import connect


def settings_of(*, credentials: bool = False) -> Settings:
    """The settings; without `credentials`, what only placing calls needs may be missing."""
    try:
        return load(credentials=credentials)
    except SettingsError as error:
        raise WrongUsage("\n".join(error.faults)) from error


@contextmanager
def store(settings: Settings) -> Iterator[Redis]:
    """A connection for one command; a Redis that is unavailable inside the block becomes one line."""
    # A person waits: one more try, not the patience of a worker.
    redis = connect(settings, retries=1)
    try:
        yield redis
    except LedgerUnavailable as error:
        raise CommandError(redis_fault(settings.redis_url, error)) from error
    finally:
        redis.close()


def acceptance(settings: Settings, redis: Redis) -> Acceptor:
    """The way into the ledger, by the same door as the queue's."""
    return Acceptor(redis, retention_s=settings.retention_days * 86400)


def redis_fault(url: Secret, error: LedgerUnavailable) -> str:
    """What is wrong with Redis and how to mend it, without the password."""
    reason = str(error).rstrip(".")
    cause = error.__cause__
    if isinstance(cause, AuthenticationError) or "NOAUTH" in reason or "NOPERM" in reason:
        return f"Redis at {shown(url)} refuses the login: {reason}. Check user and password in DIALER_REDIS_URL."
    if isinstance(cause, RedisConnectionError | RedisTimeoutError):
        return f"Redis at {shown(url)} does not answer: {reason}. Start it, or set DIALER_REDIS_URL."
    return f"Redis at {shown(url)} cannot do it: {reason}. See 'dialer check'."


def shown(url: Secret) -> str:
    """The URL without user and password."""
    parts = [urlsplit(part) for part in url.reveal().split(";")]
    return ";".join(f"{p.scheme}://{p.netloc.rpartition('@')[2]}{p.path}" for p in parts)
