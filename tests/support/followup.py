"""Placed calls that are followed: over the simulator's API, and recorded in the ledger."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis import Redis

from tasks.codes import Code, State
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
from tasks.followup.news import EventNews, OnUnknown, ignore
from tasks.genesys.client import CallRequest, Genesys
from tasks.ledger.dialed_users import DialedUsers
from tasks.ledger.following import Following
from tests.support.ground import UNPACED, Ground, job
from worker.loops import Loop


@dataclass
class OwnTokens:
    """The token of one client, without a cache."""

    api: Genesys
    discarded: list[str] = field(default_factory=list)

    def current(self) -> str:
        return self.api.request_token().access_token

    def discard(self, token: str) -> None:
        self.discarded.append(token)


def ring(api: Genesys, to: str, user: str = "user-1", job_id: str | None = None) -> str:
    """Place a call whose job is the number, without the ledger, and return its conversation."""
    request = CallRequest(
        job_id=job_id or to, attempt=1, to=to, caller_id="", user_id=user, wrap_up_code_id="", attributes={}
    )
    return api.place_call(request, token=api.request_token().access_token).conversation_id


def settle(ground: Ground, conversation_id: str, to: str, job_id: str | None = None) -> None:
    """Record the call as placed."""
    claim = ground.sending(job(job_id or to, to=to, batch="spring"))
    assert ground.end(claim, State.PLACED, Code.PLACED, conversation_id=conversation_id)


def place(ground: Ground, api: Genesys, to: str, user: str = "user-1", job_id: str | None = None) -> str:
    """Place the call of a job, and return its conversation."""
    conversation_id = ring(api, to, user, job_id)
    settle(ground, conversation_id, to, job_id)
    return conversation_id


class Holder:
    """The part of a worker that receives events, and its follower; `redis` may be behind a proxy."""

    def __init__(
        self,
        redis: Redis,
        api: Genesys,
        *,
        users: list[str],
        worker: str = "w1",
        pace: Pace = UNPACED,
        on_unknown: OnUnknown = ignore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stopping = threading.Event()
        self.tokens = OwnTokens(api)
        following = Following(redis, pace=pace, retention_s=3600, give_up_s=7200)
        self.subscribed = SubscribedUsers(redis)
        self.lease = EventLease(redis, worker=worker, clock=clock)
        requests = EventRequests(
            api=api,
            asking=Asking(tokens=self.tokens, pause=Pause(redis)),
            slots=Slots(redis, pace=pace),
            hold=self.lease.hold,
            stopping=self.stopping,
        )
        self.channels = EventChannels(requests, clock=clock)
        self.news = EventNews(following=following, subscribed=self.subscribed, on_unknown=on_unknown)
        self.events = Events(
            lease=self.lease,
            channels=self.channels,
            news=self.news,
            subscribed=self.subscribed,
            dialed=DialedUsers(redis),
            users=users,
            stopping=self.stopping,
        )
        self.follower = Follower(
            following=following,
            tokens=self.tokens,
            api=api,
            pause=Pause(redis),
            stopping=self.stopping,
            subscribed=self.subscribed,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Receive events in a thread, as a worker does; at the end the lease is kept, as after a kill."""
        loop = Loop("events", self.events.step, self.stopping)
        loop.start()
        try:
            yield
        finally:
            self.stopping.set()
            loop.join(20)
            self.channels.close()
            assert not loop.is_alive()
