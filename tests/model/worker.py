"""Workers as the model sees them: a hand for messages, and claims that they may act on however late."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from redis import Redis

from tasks.fleet.heartbeat import Heartbeat
from tasks.intake.inbox import Inbox
from tasks.ledger.claim import Claim
from tests.support.ground import Ground


class Phase(StrEnum):
    """How far a worker is with a claim."""

    CLAIMED = "claimed"
    #: `send` said go: the POST may leave at any moment, however late.
    GO = "go"
    #: It will not leave any more: it has, or the job is given back unsent.
    PAST = "past"


class PostAnswer(StrEnum):
    """What came of a POST."""

    PLACED = "placed"
    #: Certainly not placed, and never will be.
    REFUSED = "refused"
    #: Certainly not placed, for now.
    NOT_PLACED = "not placed"
    #: Nobody knows; the phone may have rung.
    UNKNOWN = "unknown"


@dataclass(eq=False)
class Holder:
    """A claim in the memory of a worker: nothing that happens in Redis takes it away."""

    claim: Claim
    #: How often a person had given their word before this claim.
    word: int
    phase: Phase = Phase.CLAIMED
    answer: PostAnswer | None = None
    #: Until which step its worker is frozen.
    frozen: int = 0
    #: The step with which it ends, once chosen: a worker repeats it and does nothing else.
    ending: Callable[[], bool] | None = None

    @property
    def job_id(self) -> str:
        return self.claim.job.id


@dataclass(eq=False)
class ModelWorker:
    name: str
    inbox: Inbox
    fleet: Heartbeat
    holders: list[Holder] = field(default_factory=list)

    @classmethod
    def over(cls, ground: Ground, raw: Redis, name: str) -> "ModelWorker":
        """`raw` is the same Redis, whose replies are bytes."""
        return cls(
            name=name,
            inbox=Inbox(raw, ledger=ground.ledger, worker=name),
            fleet=Heartbeat(ground.redis, worker=name, concurrency=2),
        )
