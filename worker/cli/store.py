"""What commands stand on: the settings and Redis, with their faults as one line each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from redis import Redis

from config.escaping import escape_unprintable
from config.redis_address import read_address
from config.settings import Secret, Settings, SettingsError, load
from config.variables import BY_NAME
from tasks.errors import JobError, LedgerUnavailable
from tasks.ledger.accept import Acceptor
from tasks.ledger.batches import similar_batch
from tasks.ledger.records import Records
from worker.cli.errors import CommandError, NotFound, Unavailable, WrongUsage
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
        redis.ping()  # before a command prints anything
        yield redis
    except LedgerUnavailable as error:
        raise unavailable(settings.redis_url, error) from error
    finally:
        redis.close()


def require_batch(redis: Redis, name: str | None) -> None:
    """Raise NotFound if a batch is named that no job has; an empty name must not mean all jobs."""
    if name is None or (name and any(Records(redis).counts(name).values())):
        return
    near = similar_batch(redis, name)
    hint = f" Did you mean '{escape_unprintable(near)}'?" if near else ""
    raise NotFound(
        f"no batch '{escape_unprintable(name)}': no job has this batch, or all its records have expired.{hint}"
    )


def no_job(job_id: str) -> NotFound:
    """Return the error for an id that no job has."""
    return NotFound(f"no job '{escape_unprintable(job_id)}': it was never entered, or its record has expired.")


def acceptor(settings: Settings, redis: Redis) -> Acceptor:
    """The way into the ledger, by the same door as the queue's."""
    return Acceptor(redis, retention_s=settings.retention_s)


def unavailable(url: Secret, error: LedgerUnavailable, more: str = "") -> CommandError:
    """Return the error of a command: a setting is wrong if no waiting helps. `more` is added to the message."""
    fault = explain(url, error)
    kind = WrongUsage if fault.lasts else Unavailable
    return kind(f"{fault.message}{_default_url(url)} {more}".rstrip())


def redis_fault(url: Secret, error: LedgerUnavailable) -> str:
    """Return what is wrong with Redis and how to fix it, without the password."""
    return unavailable(url, error).message


def _default_url(url: Secret) -> str:
    """Say so if the URL is the default because nobody set it: `.env` may be in another directory."""
    variable, file = BY_NAME["DIALER_REDIS_URL"], env_file()
    is_default = read_address(url.reveal()).shown == read_address(variable.default).shown
    if not is_default or file.is_file() or {variable.name, f"{variable.name}_FILE"} & set(os.environ):
        return ""
    return f" This is the default: {variable.name} is not set, and there is no file {file.resolve()}."


def wrong_caller_id(error: JobError) -> str:
    """Return what is wrong with DIALER_CALLER_ID, and the fix."""
    return f"DIALER_CALLER_ID is wrong: {error.message} Write it in E.164."
