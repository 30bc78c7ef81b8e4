"""An attempt for tests: the ledger is real, and the API and the tokens are scripted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.attempt import Attempt
from tasks.errors import NotPlaced
from tasks.fleet.pause import Pause
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.job import Job
from tasks.resolution import RetryPolicy
from tasks.screening.rules import Rules
from tests.support.ground import Ground

Answer = PlacedCall | Exception
#: Longer than the delay of a job after a few failures, and shorter than `retry_for_s`.
AFTER_ANY_DELAY_S = 150.0
PLACED = PlacedCall(conversation_id="c-1", http_status=201, correlation_id="x-1", reading=None)


@dataclass
class ScriptedApi:
    """Gives its answers in order, and repeats the last one. Records the requests."""

    answers: list[Answer] = field(default_factory=lambda: [PLACED])
    asked: list[tuple[CallRequest, str]] = field(default_factory=list)

    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        self.asked.append((request, token))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class ScriptedTokens:
    tokens: list[str | NotPlaced] = field(default_factory=lambda: ["t-1"])
    discarded: list[str] = field(default_factory=list)

    def current(self) -> str:
        if isinstance(self.tokens[0], NotPlaced):
            raise self.tokens[0]
        return self.tokens[0]

    def discard(self, token: str) -> None:
        self.discarded.append(token)
        self.tokens.pop(0)


@dataclass
class Desk:
    """The attempt of a worker, with the ledger, the API and the tokens that it uses."""

    ground: Ground
    api: ScriptedApi = field(default_factory=ScriptedApi)
    tokens: ScriptedTokens = field(default_factory=ScriptedTokens)
    stopping: threading.Event = field(default_factory=threading.Event)
    redial: bool = False
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.pause = Pause(self.ground.redis)

    def dial(self, job: Job | None = None, *, job_id: str = "order-42") -> None:
        if job:
            self.ground.ledger.accept([job])
            job_id = job.id
        Attempt(
            ledger=self.ground.ledger,
            tokens=self.tokens,
            api=self.api,
            policy=RetryPolicy(max_attempts=3, retry_for_s=3600, redial=self.redial),
            rules=Rules(caller_id="+12125559876", region="US", user_ids=("user",), wrap_up_code_id="wrap"),
            worker="w1",
            stopping=self.stopping,
            clock=self.clock,
        ).run(job_id)

    def make_due(self) -> None:
        """Let time pass until a job that was rescheduled is due again."""
        self.ground.advance(AFTER_ANY_DELAY_S)
