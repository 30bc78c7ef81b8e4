"""Builds the parts of a process from its settings."""

import os
import threading
import uuid
from dataclasses import dataclass

from redis import Redis

from config.settings import Ambiguous, Settings
from tasks.attempt import Attempt
from tasks.fleet.capacity import Capacity
from tasks.fleet.heartbeat import Heartbeat
from tasks.fleet.pace import Pace
from tasks.fleet.scheduler import Scheduler
from tasks.genesys.client import TOKEN_DEADLINE_S, Genesys
from tasks.genesys.token import TokenCache
from tasks.intake.inbox import Inbox
from tasks.ledger.ledger import Ledger
from tasks.ledger.reaper import Reaper
from tasks.resolution import RetryPolicy
from tasks.screening.rules import rules_of
from worker.connection import connect
from worker.follow_up_wiring import FollowUpParts, wire_follow_up
from worker.health import host_name


def worker_name() -> str:
    """Return a name that no other process ever has, so that nobody else inherits the claims of a dead worker."""
    return f"{host_name()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def capacity_of(settings: Settings) -> Capacity:
    """Return how many calls the users have at once."""
    return Capacity(
        calls_per_user=settings.calls_per_user_limit,
        longest_call_s=settings.longest_call_s,
        users=settings.user_ids,
    )


def ledger_of(settings: Settings, redis: Redis, stopping: threading.Event | None = None) -> Ledger:
    """Return the ledger; `stopping` ends its retries while Redis is unavailable."""
    return Ledger(
        redis,
        pace=Pace.of(settings.rate_limit),
        retention_s=settings.retention_s,
        call_deadline_s=settings.call_deadline_s,
        follow=settings.follows_calls,
        capacity=capacity_of(settings),
        stopping=stopping,
    )


def token_cache(settings: Settings, redis: Redis, api: Genesys) -> TokenCache:
    """Return the cache of the fleet's token; it fetches a new token with `api`."""
    return TokenCache(
        redis,
        fetch=api.request_token,
        client_id=settings.client_id,
        login_url=settings.login_url,
        fetch_s=TOKEN_DEADLINE_S,
    )


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of one worker process."""

    redis: Redis
    ledger: Ledger
    reaper: Reaper
    attempt: Attempt
    inbox: Inbox
    heartbeat: Heartbeat
    scheduler: Scheduler
    follow_up: FollowUpParts


def wire(settings: Settings, *, worker: str, concurrency: int, stopping: threading.Event) -> Parts:
    """Build the parts of a worker. This sends and receives nothing. Raises JobError for a wrong DIALER_REDIAL."""
    redis = connect(settings, stopping=stopping)
    pace = Pace.of(settings.rate_limit)
    ledger = ledger_of(settings, redis, stopping)
    api = Genesys(settings)
    heartbeat = Heartbeat(redis, worker=worker, concurrency=concurrency)
    tokens = token_cache(settings, redis, api)
    dialing = Attempt(
        ledger=ledger,
        tokens=tokens,
        api=api,
        policy=RetryPolicy(
            max_attempts=settings.max_attempts,
            retry_for_s=settings.retry_for_s,
            redial=settings.ambiguous is Ambiguous.REDIAL,
            profile=settings.profile,
        ),
        rules=rules_of(settings),
        worker=worker,
        stopping=stopping,
        wake_depth=concurrency,
    )
    return Parts(
        redis=redis,
        ledger=ledger,
        reaper=Reaper(redis, retention_s=settings.retention_s),
        attempt=dialing,
        inbox=Inbox(connect(settings, decode=False, stopping=stopping), ledger=ledger, worker=worker),
        heartbeat=heartbeat,
        scheduler=Scheduler(
            redis, pace=pace, width=lambda: heartbeat.fleet_concurrency, capacity=capacity_of(settings)
        ),
        follow_up=wire_follow_up(
            settings,
            redis,
            capacity=capacity_of(settings),
            api=api,
            tokens=tokens,
            worker=worker,
            stopping=stopping,
        ),
    )
