"""The users of the fleet: who has calls in progress, who is set aside, and how many jobs wait for whom."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis

from tasks.fleet.aside import SetAside
from tasks.store import keys
from tasks.store.client import now_ms

#: Users that are looked at; the others are counted in the sum only.
_MOST: Final = 1000


@dataclass(frozen=True, kw_only=True)
class UserStatus:
    """One user who has calls, is set aside, or is waited for."""

    user: str
    calls: int
    #: Jobs that name this user and wait until the user is free.
    waiting: int
    #: Calls in a row that the user missed; 0 if the user is not set aside.
    missed: int = 0
    #: Until when the user is set aside; None: not set aside, or without an end.
    aside_until: datetime | None = None


def look_at_users(redis: Redis) -> list[UserStatus]:
    """Return the users about whom there is something to say, by id. Raises LedgerUnavailable."""
    now = now_ms(redis)
    pipe: Any = redis.pipeline(transaction=False)
    pipe.hgetall(keys.users_calls)
    pipe.hgetall(keys.users_aside)
    pipe.zrevrangebyscore(keys.users, "+inf", "-inf", start=0, num=_MOST)
    calls, aside, known = pipe.execute()
    users = list(dict.fromkeys([*calls, *aside, *known]))[:_MOST]
    for user in users:
        pipe.zlexcount(keys.waiting_order, f"[{_group(user)}\1", f"({_group(user)}\2")
    waiting = dict(zip(users, pipe.execute(), strict=True))
    found = []
    for user in sorted(users):
        entry = aside.get(user) and SetAside.read(aside[user])
        if entry and entry.until_ms is not None and entry.until_ms <= now:
            entry = None
        if calls.get(user) or waiting[user] or entry:
            until_ms = entry.until_ms if entry else None
            found.append(
                UserStatus(
                    user=user,
                    calls=int(calls.get(user, 0)),
                    waiting=waiting[user],
                    missed=entry.missed if entry else 0,
                    aside_until=datetime.fromtimestamp(until_ms / 1000, UTC) if until_ms else None,
                )
            )
    return found


def _group(user: str) -> str:
    """Return the user as the order of the waiting jobs has it (`lua/parts/waiting.lua`)."""
    return json.dumps(user, ensure_ascii=False)
