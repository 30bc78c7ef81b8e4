"""Any interleaving of all that can happen to a few jobs, step by step, with the promises checked after each.

The steps are the product's own, over a real Redis or the fake one. What the model adds is the world around them:
whose answers are lost, who dies, who wakes up late and goes on, what the API does with a POST, and how time passes.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from redis import Redis

from tasks.codes import OPEN_STATES, OUTCOMES
from tasks.fleet.pause import PauseReason
from tasks.ledger.cancel_retry import JobSeen
from tasks.ledger.following import FollowedCall
from tasks.ledger.progress import Progress
from tasks.results import CallResult, CallState
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, INBOX_QUEUE
from tests.model.chance import Chance, chances
from tests.model.dialing import Dialing
from tests.model.fate import Weather
from tests.model.jobs import BAD, IDS, KINDS, job, raw_message
from tests.model.people import Housekeeper
from tests.model.worker import Phase

#: Leases end after 10 and 18 seconds, nudges are repeated after 10; and a clock may be set back.
_LEAPS_S = (20, 20, 35, 400, -4, -400)
_BEYOND_S = 20


#: A missed call would send the job back, which the model does not follow.
_RESULTS = [result for result in CallResult if result is not CallResult.AGENT_MISSED][:6]


class LedgerMachine(Dialing):
    def __init__(self, redis: Redis, raw: Redis, weather: Weather) -> None:
        super().__init__(redis, raw, weather)
        self.clerk, self.housekeeper = self.ground.cancel_retry, Housekeeper.beside(self.ground)
        self.seen: dict[str, list[JobSeen]] = {job_id: self.clerk.look([job_id]) for job_id in IDS}
        #: What people saw when they had a job dialed again: it, how many outcomes it had had, and their word.
        self.retries: list[tuple[str, list[JobSeen], int, bool]] = []
        self.found: dict[str, Any] = {}
        #: What was told of calls so far; it may be told again at any time.
        self.old_news: list[tuple[FollowedCall, Progress]] = []

    @initialize(job_ids=st.sets(st.sampled_from(IDS), min_size=1))
    def some_jobs_are_there(self, job_ids: set[str]) -> None:
        self.ledger.accept([job(job_id) for job_id in sorted(job_ids)])

    @rule(chance=chances)
    def next(self, chance: Chance) -> None:
        """One rule for all steps: hypothesis would leave some rules out of each run."""
        getattr(self, chance.step)(chance)

    def a_producer_sends(self, chance: Chance) -> None:
        """By a list of the inbox, or straight to the ledger."""
        job_id, kind = IDS[chance.pick % len(IDS)], KINDS[chance.mood % len(KINDS)]
        if chance.late and kind not in {"garbage", "bad id"}:
            self.take(lambda: self.ledger.accept([job(job_id, kind)]), chance)
        else:
            self.sent[BAD if kind == "bad id" else job_id] += 1
            self.redis.lpush(INBOX_LISTS[chance.second], raw_message(job_id, kind, self.sent.total()))

    def a_worker_takes_in_messages(self, chance: Chance) -> None:
        inbox, self.taking_in = self.workers[chance.pick % 2].inbox, True
        if chance.mood == 0 and self.redis.llen(INBOX_QUEUE):
            self.take(lambda: inbox.wait(0.001), chance)
        else:
            self.take(inbox.drain, chance)

    # People, who look first and act later

    def a_person_cancels(self, chance: Chance) -> None:
        job_id = self.some_job(chance, *OPEN_STATES)
        fresh = self.clerk.look([job_id])
        # `late`: by what was seen some time ago; what is seen now may serve later.
        seen = self.seen[job_id] if chance.late else fresh
        self.seen[job_id] = fresh
        answer = self.take(lambda: self.clerk.cancel(seen), chance)
        if answer and answer[0].done:
            assert self.now.state(job_id) in {"queued", "scheduled", "preparing"}

    def a_person_retries(self, chance: Chance) -> None:
        """`late`: by what they or others saw before; somebody may even say the same twice."""
        if not (chance.late and self.retries):
            job_id = self.some_job(chance, *OUTCOMES)
            self.retries.append((job_id, self.clerk.look([job_id]), self.now.outcomes(job_id), chance.mood < 3))
        which = -1 - chance.pick % len(self.retries) if chance.late else -1
        job_id, seen, outcomes, word = self.retries[which]
        if outcomes == self.now.outcomes(job_id):
            self.speaking, self.word = job_id, word
        answer = self.take(lambda: self.clerk.retry(seen, not_placed=word), chance)
        if answer and answer[0].done:
            assert "_job" in self.now.records[job_id], "a message that was no job"

    def a_person_pauses_or_resumes(self, chance: Chance) -> None:
        self.paused = not self.paused and chance.mood < 2
        if self.paused:
            self.pause.begin(PauseReason.OPERATOR, "lunch", for_s=None)
        else:
            self.pause.end(PauseReason.OPERATOR)

    # What became of calls, told once, twice, late, or never

    def a_call_is_looked_at(self, chance: Chance) -> None:
        """`late`: news that somebody has had for a while."""
        looks = (
            None if chance.late and self.old_news else self.take(lambda: self.ground.following.take(most=2), chance)
        )
        if looks and looks.calls:
            over = Progress(state=CallState.ENDED, result=_RESULTS[chance.mood], detail="sip:486")
            found = over if chance.mood else Progress(state=CallState.RINGING)
            self.old_news += [(call, found) for call in looks.calls]
        if self.old_news:
            news = self.old_news[-1 - chance.pick % min(len(self.old_news), 3)]
            self.take(lambda: self.ground.following.record([news], by_event=chance.second), chance)

    # Time, death, and those who tidy up

    def a_worker_freezes_beyond_its_lease(self, chance: Chance) -> None:
        """It will go on as if nothing was, when another has the job, or may have it."""
        found = self.holders(Phase.CLAIMED, Phase.GO)
        if found:
            holder = found[chance.pick % len(found)]
            holder.frozen = self.steps + 1 + chance.pick
            self.pass_time(_BEYOND_S)
            self.a_housekeeper_tidies_up(chance)
            self.promises_hold()
            if chance.mood:
                self.claim(holder.job_id, chance)

    def time_passes(self, chance: Chance) -> None:
        self.pass_time(_LEAPS_S[chance.mood])
        if chance.pick % 2:
            self.a_housekeeper_tidies_up(chance)

    def an_old_request_arrives(self, chance: Chance) -> None:
        """Its sender gave up on it, and has its answer from another one, or is long dead."""
        if self.weather.echoes:
            self.weather.echoes.pop(chance.pick % len(self.weather.echoes))()

    def a_worker_shows_itself_or_dies(self, chance: Chance) -> None:
        fleet = self.workers[chance.pick % 2].fleet
        if chance.mood:
            self.take(fleet.deregister if chance.mood == 1 else fleet.beat, chance)
        if chance.mood < 2:
            self.workers[chance.pick % 2] = self.hire()

    def a_housekeeper_tidies_up(self, chance: Chance) -> None:
        """`late`: by what was found some time ago."""
        now = self.look()
        for key, step, ends in (
            (keys.leases, self.housekeeper.reap, now.leases),
            (keys.expiring, self.housekeeper.expire, now.expiring),
        ):
            fresh = self.housekeeper.find(key)
            self.housekeeper.found = self.found.get(key, fresh) if chance.late else fresh
            self.found[key] = fresh
            ended = self.take(step, chance)
            for job_id in ended or ():
                assert ends[job_id] <= self.clock(), "before its time"
