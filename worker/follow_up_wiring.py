"""Builds the parts of a worker that follow placed calls to their end."""

import threading
from typing import NamedTuple

from redis import Redis

from config.settings import Settings
from tasks.fleet.aside import Aside
from tasks.fleet.capacity import Capacity
from tasks.fleet.event_lease import EventLease
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause
from tasks.fleet.slots import Slots
from tasks.fleet.subscribed import SubscribedUsers
from tasks.followup.asking import Asking
from tasks.followup.channels import EventChannels
from tasks.followup.event_requests import EventRequests
from tasks.followup.events import Events
from tasks.followup.follower import Follower
from tasks.followup.news import EventNews
from tasks.followup.next_call import NextCall
from tasks.followup.reconcile import Reconciler
from tasks.followup.returning import Returning
from tasks.genesys.client import Genesys
from tasks.genesys.token import TokenCache
from tasks.ledger.dialed_users import DialedUsers
from tasks.ledger.doubt import Doubt
from tasks.ledger.following import Following
from tasks.redial import read_redial


class FollowUpParts(NamedTuple):
    #: None if placed calls are not followed.
    follower: Follower | None
    #: None if events of calls are not received.
    events: Events | None
    #: None if calls whose answers were lost are not searched for.
    reconciler: Reconciler | None = None
    #: None if nobody is set aside, because calls are not followed.
    returning: Returning | None = None


def wire_follow_up(
    settings: Settings,
    redis: Redis,
    *,
    capacity: Capacity,
    api: Genesys,
    tokens: TokenCache,
    worker: str,
    stopping: threading.Event,
) -> FollowUpParts:
    """Build the parts that the settings ask for. This sends and receives nothing. Raises JobError."""
    if not settings.follows_calls:
        return FollowUpParts(None, None)
    pace, pause = Pace.of(settings.rate_limit), Pause(redis)
    redial = read_redial("DIALER_REDIAL", settings.redial)
    following = Following(
        redis,
        pace=pace,
        retention_s=settings.retention_s,
        give_up_s=settings.longest_call_s,
        next_call=NextCall(max_attempts=settings.max_attempts, redial=redial),
        redials_all=redial is not None,
    )
    subscribed = SubscribedUsers(redis) if settings.hears_events else None
    follower = Follower(
        following=following, tokens=tokens, api=api, pause=pause, stopping=stopping, subscribed=subscribed
    )
    asking = Asking(tokens=tokens, pause=pause)
    doubt = Doubt(redis, pace=pace, retention_s=settings.retention_s, capacity=capacity)
    reconciler = Reconciler(doubt=doubt, asking=asking, api=api, stopping=stopping)
    slots = Slots(redis, pace=pace)
    returning = Returning(aside=Aside(redis), slots=slots, asking=asking, api=api, stopping=stopping)
    if subscribed is None:
        return FollowUpParts(follower, None, reconciler, returning)
    lease = EventLease(redis, worker=worker)
    requests = EventRequests(
        api=api,
        asking=asking,
        slots=slots,
        hold=lease.hold,
        stopping=stopping,
    )
    events = Events(
        lease=lease,
        channels=EventChannels(requests),
        news=EventNews(following=following, subscribed=subscribed, on_unknown=reconciler.on_unknown),
        subscribed=subscribed,
        dialed=DialedUsers(redis),
        users=settings.user_ids,
        stopping=stopping,
    )
    return FollowUpParts(follower, events, reconciler, returning)
