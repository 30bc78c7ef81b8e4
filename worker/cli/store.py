"""What commands stand on: the settings and Redis, with their faults as one line each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from redis import Redis

from config.settings import Secret, Settings, SettingsError, load
from tasks.errors import JobError, LedgerUnavailable
from tasks.ledger.accept import Acceptor
from worker.cli.errors import CommandError, WrongUsage
from worker.connection import connect
from worker.redis_faults import explain


def settings_of(*, credentials: bool = False) -> Settings:
    """The settings; without `credentials`, what only placing calls needs may be missing."""
    try:
        return load(dotenv=env_file(), credentials=credentials)
    except SettingsError as error:
        raise WrongUsage("\n".join(error.faults)) from error


def env_file() -> Path:
    """The file of settings beside the environment: that of `dialer --env-file`, or `.env`, which need not exist."""
    context = click.get_current_context(silent=True)
    named = context.find_root().params.get("env_file") if context else None
    return Path(named or ".env")


@contextmanager
def store(settings: Settings) -> Iterator[Redis]:
    """A connection for one command; a Redis that is unavailable inside the block becomes one line."""
    # A person waits for the answer, so the command retries only once.
    redis = connect(settings, retries=1)
    try:
        yield redis
    except LedgerUnavailable as error:
        raise CommandError(redis_fault(settings.redis_url, error)) from error
    finally:
        redis.close()


def acceptor(settings: Settings, redis: Redis) -> Acceptor:
    """The way into the ledger, by the same door as the queue's."""
    return Acceptor(redis, retention_s=settings.retention_s)


def redis_fault(url: Secret, error: LedgerUnavailable) -> str:
    """Return what is wrong with Redis and how to fix it, without the password."""
    return explain(url, error).message


def wrong_caller_id(error: JobError) -> str:
    """Return what is wrong with DIALER_CALLER_ID, and the fix."""
    return f"DIALER_CALLER_ID is wrong: {error.message} Write it in E.164."
