"""The world of the model: its Redis, its workers, the truth about the phones, and time."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, invariant
from redis import Redis
from tenacity import Retrying, stop_after_attempt

from tasks.codes import OUTCOMES, Code, State
from tasks.errors import LedgerUnavailable
from tasks.fleet.capacity import Capacity
from tasks.fleet.pause import Pause, PauseReason
from tasks.fleet.scheduler import Scheduler
from tasks.ledger.claim import Claim, GateVerdict
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS
from tests.model.chance import Chance
from tests.model.fate import Fate, Weather
from tests.model.jobs import BATCHES, IDS, SENT_AS
from tests.model.promises import check_nothing_lost, check_state, check_step, counted
from tests.model.snapshot import Snapshot
from tests.model.worker import Holder, ModelWorker, Phase, PostAnswer
from tests.support.clock import advance
from tests.support.ground import UNPACED, Ground

T = TypeVar("T")


#: Two users for four jobs: somebody always waits. Two leaps of time end a hold of which nothing is heard.
FLEET = Capacity(calls_per_user=1, longest_call_s=600, users=("ann", "bob"))


class World(RuleBasedStateMachine):
    """`redis` decodes its replies, `raw` is the same server's without; both stand in the weather."""

    def __init__(self, redis: Redis, raw: Redis, weather: Weather) -> None:
        super().__init__()
        weather.forecast(Fate.GOOD)
        weather.echoes.clear()
        redis.flushdb()
        self.redis, self.raw, self.weather = redis, raw, weather
        self.ground = Ground.over(redis, capacity=FLEET)
        self.ledger = self.ground.ledger
        # A worker retries `settle` until it is answered; here each time is a step, and others come between.
        self.ledger._until_stored = Retrying(stop=stop_after_attempt(1), reraise=True)
        self.scheduler = Scheduler(redis, pace=UNPACED, width=lambda: 2, capacity=FLEET)
        self.pause = Pause(redis)
        self.paused = False
        self.steps = 0
        self.names: list[str] = []
        self.workers = [self.hire() for _ in range(2)]
        #: Whether messages are taken into the ledger in this step.
        self.taking_in = False
        #: Job id -> how many messages and entries there were for it.
        self.sent: Counter[str] = Counter()
        #: Job id -> how often a person's word was taken that its call was not placed.
        self.words = dict.fromkeys(SENT_AS, 0)
        #: Who is to be dialed again in this step, by a person who knows how it ended; and whether on their word.
        self.speaking: str | None = None
        self.word = False
        #: (job id, words before it, answer) of each POST that was or may have been accepted.
        self.rang: list[tuple[str, int, PostAnswer]] = []
        self.now = self.look()

    def hire(self) -> ModelWorker:
        self.names.append(f"w{len(self.names)}")
        return ModelWorker.over(self.ground, self.raw, self.names[-1])

    def holders(self, *phases: Phase) -> list[Holder]:
        return [h for worker in self.workers for h in worker.holders if h.phase in phases]

    def drop(self, holder: Holder) -> None:
        for worker in self.workers:
            with suppress(ValueError):
                worker.holders.remove(holder)

    def look(self) -> Snapshot:
        return Snapshot.of(self.redis, ids=SENT_AS, batches=BATCHES, workers=self.names)

    def clock(self) -> float:
        """Redis' own, in milliseconds."""
        seconds, micros = self.redis.time()
        return seconds * 1000 + micros / 1000

    def some_job(self, chance: Chance, *states: str) -> str:
        """One that is in such a state, if any is; now and then any."""
        found = [job_id for job_id in IDS if self.now.state(job_id) in states]
        return found[chance.pick % len(found)] if found and chance.pick else IDS[chance.mood % len(IDS)]

    def take(self, step: Callable[[], T], chance: Chance, *, after: int | None = None) -> T | None:
        """Take a step of the product as chance has it; None when its caller was not answered."""
        self.weather.forecast(chance.fate, after=chance.second if after is None else after)
        try:
            return step()
        except LedgerUnavailable:
            return None
        finally:
            self.weather.forecast(Fate.GOOD)

    def may_ring(self, job_id: str, word: int) -> int:
        """How many POSTs for the job, since that word was given, were or may have been accepted, or may yet be."""
        under_way = [h for h in self.holders(Phase.GO) if (h.job_id, h.word) == (job_id, word)]
        return len(under_way) + len([True for known, before, _ in self.rang if (known, before) == (job_id, word)])

    @invariant()
    def promises_hold(self) -> None:
        before, self.now = self.now, self.look()
        self.steps += 1
        check_step(before, self.now)
        for job_id in IDS:
            if (was := before.state(job_id)) in OUTCOMES and self.now.state(job_id) == "queued":
                told = (job_id, self.word or was != "unconfirmed")
                assert told == (self.speaking, True), f"{job_id} is dialed again, and no person said so"
                self.words[job_id] += was == "unconfirmed"
        self.speaking = None
        check_state(self.now)
        if not self.taking_in:
            # What came straight to the ledger must not stand in for a message that was lost.
            self.sent += counted(self.now) - counted(before)
        self.taking_in = False
        check_nothing_lost(self.now, self.sent)
        for job_id, record in self.now.records.items():
            self.check_truth(job_id, record["state"])

    def check_truth(self, job_id: str, state: str) -> None:
        """The record agrees with what became of the phone."""
        word = self.words[job_id]
        assert self.may_ring(job_id, word) <= 1, f"{job_id} may be called twice"
        if state == "placed":
            assert (job_id, word, PostAnswer.PLACED) in self.rang, f"{job_id} was not placed"
        elif state not in {"sending", "unconfirmed"}:
            assert self.may_ring(job_id, word) == 0, f"{job_id} is {state}, and it may have rung"

    def pass_time(self, seconds: float) -> None:
        advance(self.redis, IDS, seconds)

    def teardown(self) -> None:
        """When the faults stop, everything comes to its end, whoever died with whatever in hand."""
        self.weather.forecast(Fate.GOOD)
        self.pause.end(PauseReason.OPERATOR)
        self.workers = [self.hire()]
        for _ in range(8):
            self._tidy_up(self.workers[0])
            self.pass_time(1000)
        left = self.look()
        check_state(left)
        assert not left.holds, "a user is held for a call of which nothing is heard"
        assert not left.waiting
        assert self.sent.keys() <= left.records.keys()
        assert {state for job_id in left.records if (state := left.state(job_id)) not in OUTCOMES} == set()
        assert self.redis.exists(keys.leases, keys.calls, *keys.due, *INBOX_LISTS) == 0
        assert left.hands.keys() <= {self.workers[0].name}

    def _tidy_up(self, worker: ModelWorker) -> None:
        """One round of a worker that meets no fault."""
        worker.fleet.beat()
        worker.inbox.drain()
        assert worker.inbox.drain() == 0, "what was accepted is still in hand"
        self.ground.reaper.reap()
        self.ground.reaper.expire()
        self.scheduler.nudge()
        nudges: Any = self.redis.lrange(keys.calls, 0, -1)
        self.redis.delete(keys.calls)
        for job_id in {json.loads(raw)["headers"]["job_id"] for raw in nudges}:
            claim: Any = self.ledger.claim(job_id, worker=worker.name)
            if not isinstance(claim, Claim):
                continue
            gate = self.ledger.send(claim, to="+12125551234", caller_id="", users=FLEET.users)
            if gate.verdict is GateVerdict.GO:
                self.ground.end(claim, State.PLACED, Code.PLACED)
            else:
                self.ground.requeue(claim, waits_for_user=gate.verdict is GateVerdict.USER_BUSY)
