"""One function that wires the parts of a process from its settings."""

import os
import socket
import threading
import uuid
from dataclasses import dataclass

from redis import Redis

from config.settings import Ambiguous, Settings
from tasks.address import DiallingRules
from tasks.aftermath import Aftermath, Patience
from tasks.dialing import Defaults, Dialing
from tasks.fleet import Fleet
from tasks.genesys import TOKEN_DEADLINE_S, Genesys
from tasks.inbox import Inbox
from tasks.keys import Keys
from tasks.ledger import Ledger
from tasks.pacing import Pace
from tasks.pause import Pause
from tasks.recovery import Recovery
from tasks.schedule import Scheduler
from tasks.token import TokenCache
from tasks.trouble import Trouble
from worker.connection import connect


def worker_name() -> str:
    """A name that no other process has, now or later: what a dead worker held must not pass to its namesake."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def ledger_of(settings: Settings, redis: Redis, stopping: threading.Event | None = None) -> Ledger:
    """The ledger; `stopping` ends its patience with a Redis that is away."""
    return Ledger(
        redis,
        keys=Keys(settings.key_prefix),
        pace=Pace.of(settings.rate_limit),
        retention_s=settings.retention_days * 86400,
        call_deadline_s=settings.call_deadline_s,
        stopping=stopping,
    )


def token_cache(settings: Settings, redis: Redis, api: Genesys | None = None) -> TokenCache:
    """The fleet's token; `api` is needed only by who may have to fetch one."""
    return TokenCache(
        redis,
        prefix=settings.key_prefix,
        fetch=(api or Genesys(settings)).request_token,
        client_id=settings.client_id,
        login_url=settings.login_url,
        fetch_s=TOKEN_DEADLINE_S,
    )


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one worker process is made of."""

    redis: Redis
    ledger: Ledger
    recovery: Recovery
    dialing: Dialing
    inbox: Inbox
    fleet: Fleet
    scheduler: Scheduler


def wire(settings: Settings, *, worker: str, concurrency: int, stopping: threading.Event) -> Parts:
    """Build the parts of a worker; nothing is sent or received yet."""
    redis = connect(settings)
    keys, pace = Keys(settings.key_prefix), Pace.of(settings.rate_limit)
    ledger = ledger_of(settings, redis, stopping)
    api = Genesys(settings)
    fleet = Fleet(redis, keys=keys, worker=worker, concurrency=concurrency)
    dialing = Dialing(
        ledger=ledger,
        tokens=token_cache(settings, redis, api),
        api=api,
        aftermath=Aftermath(
            ledger=ledger,
            pause=Pause(redis, keys=keys),
            trouble=Trouble(redis, keys=keys),
            patience=Patience(
                max_attempts=settings.max_attempts,
                retry_for_s=settings.retry_for_s,
                redial=settings.ambiguous is Ambiguous.REDIAL,
            ),
        ),
        defaults=Defaults(
            caller_id=settings.caller_id,
            region=settings.default_region,
            user_id=settings.user_id,
            wrap_up_code_id=settings.wrap_up_code_id,
            rules=DiallingRules(allowed_regions=settings.allowed_regions, allow_premium=settings.allow_premium),
        ),
        worker=worker,
        stopping=stopping,
        wake_depth=concurrency,
    )
    return Parts(
        redis=redis,
        ledger=ledger,
        recovery=Recovery(redis, keys=keys, retention_s=settings.retention_days * 86400),
        dialing=dialing,
        inbox=Inbox(connect(settings, decode=False), keys=keys, ledger=ledger, worker=worker),
        fleet=fleet,
        scheduler=Scheduler(redis, keys=keys, pace=pace, width=lambda: fleet.fleet_concurrency),
    )
