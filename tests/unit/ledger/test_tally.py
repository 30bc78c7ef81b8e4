"""The counts of a batch: after whatever has happened, they are what the records say; on a fake and a real Redis."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from tasks.codes import OUTCOMES, Code, State
from tasks.ledger.batches import latest_batches
from tasks.ledger.claim import Claim
from tasks.ledger.progress import Progress
from tasks.ledger.records import Records
from tasks.ledger.tally import Tally, read_tally
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import Ground, end_call, job

BATCHES = ("one", "two")
#: Operations of one example, and examples for each Redis: the fake is slower.
_STEPS = 200
_SEEDS = range(4)
_ENDS = [
    (State.PLACED, Code.PLACED),
    (State.REJECTED, Code.NO_STATION),
    (State.REJECTED, Code.BAD_REQUEST),
    (State.FAILED, Code.INTERNAL_ERROR),
    (State.UNCONFIRMED, Code.CONNECTION_LOST),
]


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


class Operator:
    """Does to the jobs of two batches what producers, workers, people and the platform do, at random."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self._ground = ground
        self._random = random.Random(seed)
        self._ids: list[str] = []
        self._claims: dict[str, Claim] = {}

    def act(self) -> None:
        steps: list[Callable[[], Any]] = [self._accept, self._claim, self._send_and_end, self._end_again]
        steps += [self._accept, self._people, self._result, self._reap, self._requeue]
        self._random.choice(steps)()

    def _accept(self) -> None:
        job_id = f"j{len(self._ids)}"
        later, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
        times = self._random.choice([{}, {}, {"not_before": later}, {"not_after": past}])
        made = job(job_id, batch=self._random.choice(BATCHES), **times)
        self._ground.ledger.accept([made, made])
        self._ids.append(job_id)

    def _claim(self) -> None:
        if due := self._ground.due():
            job_id = self._random.choice(due)
            claim = self._ground.ledger.claim(job_id, worker="w1")
            if isinstance(claim, Claim):
                self._claims[job_id] = claim

    def _send_and_end(self) -> None:
        if self._claims:
            job_id = self._random.choice(sorted(self._claims))
            self._ground.ledger.send(self._claims[job_id], to="+12125551234", caller_id="+12125559876")
            state, code = self._random.choice(_ENDS)
            self._ground.end(self._claims[job_id], state, code, conversation_id=f"c-{job_id}")

    def _end_again(self) -> None:
        """A late answer, or one that comes twice."""
        if self._claims:
            claim = self._claims[self._random.choice(sorted(self._claims))]
            self._ground.end(claim, State.PLACED, Code.PLACED, conversation_id=f"c-{claim.job.id}")

    def _people(self) -> None:
        if self._ids:
            job_id = self._random.choice(self._ids)
            if self._random.random() < 0.3:
                self._ground.cancel(job_id)
            else:
                self._ground.retry(job_id, not_placed=True)

    def _result(self) -> None:
        self._ground.advance(60)
        for call in self._ground.following.take(most=self._random.randrange(1, 5)).calls:
            vague, sure = CallResult.UNANSWERED, self._random.choice(list(CallResult))
            for result in self._random.choice([[vague], [sure], [vague, sure], [sure, sure]]):
                self._ground.following.record([(call, Progress(state=CallState.ENDED, result=result))])

    def _reap(self) -> None:
        self._ground.end_leases()
        self._ground.reaper.reap()
        self._ground.reaper.expire()

    def _requeue(self) -> None:
        if self._claims:
            self._ground.requeue(self._claims[self._random.choice(sorted(self._claims))], counts=False)


def truth(records: Records, batch: str) -> dict[str, Counter[Any]]:
    found = [record for state in State for record in records.every(state) if record.get("batch") == batch]
    ended = [record for record in found if record["state"] in OUTCOMES]
    return {
        "states": Counter(record["state"] if record in ended else "open" for record in found),
        "codes": Counter((record["state"], record["code"]) for record in ended),
        "results": Counter(record["result"] for record in found if "result" in record),
    }


def told(tally: Tally) -> dict[str, Counter[Any]]:
    return {name: +Counter[Any](getattr(tally, name)) for name in ("states", "codes", "results")}


@pytest.mark.parametrize("seed", _SEEDS)
def test_the_counts_are_what_the_records_say(ground: Ground, seed: int) -> None:
    operator = Operator(ground, seed)
    ended = 0
    for _ in range(_STEPS):
        operator.act()
    for batch in BATCHES:
        tally = read_tally(ground.redis, batch)
        assert told(tally) == truth(ground.records, batch)
        assert not any(tally.uncounted(state) for state in OUTCOMES)
        ended += tally.done
        assert sum(tally.minutes) > 0
    assert ended > 10, "the operator did nothing"
    assert {tally.name for tally in latest_batches(ground.redis, most=5)} == set(BATCHES)


def test_a_minute_counts_what_attempts_ended_and_each_job_once(ground: Ground) -> None:
    """A person who cancels a thousand jobs at once is no measure of the rate."""
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(3)])
    ground.cancel("j0")
    claim = ground.sending(job("j1", batch="b"))
    ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
    ground.end(claim, State.PLACED, Code.PLACED)
    end_call(ground, "j2", CallResult.BUSY, batch="b")
    assert sum(read_tally(ground.redis, "b").minutes) == 2


def test_a_job_without_a_batch_is_counted_nowhere(ground: Ground) -> None:
    end_call(ground, "a", CallResult.BUSY)
    ground.ledger.accept([job("b")])
    ground.cancel("b")
    ground.retry("b")
    assert not [key for key in ground.redis.scan_iter("*") if key.startswith(("dialer:counts", "dialer:batches"))]


def test_counts_expire_with_the_records_but_not_while_a_job_waits(ground: Ground) -> None:
    key = keys.batch_counts("b")
    ground.ledger.accept([job("a", batch="b")])
    assert ground.redis.pttl(key) == -1
    ground.end(ground.sending(job("a", batch="b")), State.REJECTED, Code.NO_STATION)
    assert 3_500_000 < ground.redis.pttl(key) <= 3_600_000
    ground.retry("a")
    assert ground.redis.pttl(key) == -1


def test_a_batch_is_removed_from_the_list_after_the_retention(ground: Ground) -> None:
    ground.redis.zadd(keys.batches, {f"old{n}": n for n in range(20)})
    for n in range(2):
        ground.end(ground.sending(job(f"j{n}", batch="b")), State.PLACED, Code.PLACED)
    assert ground.redis.zrange(keys.batches, 0, -1) == ["b"]


def test_what_an_earlier_version_did_not_count_is_not_counted_back(ground: Ground) -> None:
    ground.end(ground.sending(job("a", batch="b")), State.REJECTED, Code.NO_STATION)
    ground.redis.delete(keys.batch_counts("b"))
    ground.retry("a")
    tally = read_tally(ground.redis, "b")
    assert (tally.codes, tally.states["open"]) == ({}, 1)
    counts: Any = ground.redis.hgetall(keys.batch_counts("b"))
    assert not [value for value in counts.values() if float(value) < 0]


def test_jobs_that_are_due_later(ground: Ground) -> None:
    first, last = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    ground.ledger.accept([job("now", batch="b"), job("claimed", batch="b")])
    ground.ledger.accept([job("first", batch="b", not_before=first), job("last", batch="b", not_before=last)])
    ground.claim(job("claimed", batch="b"))
    tally = read_tally(ground.redis, "b")
    assert (tally.due, tally.later) == (2, 2)
    assert tally.first_later_ms == pytest.approx(first.timestamp() * 1000, abs=2)
    assert tally.last_later_ms == pytest.approx(last.timestamp() * 1000, abs=2)


def test_no_batch(ground: Ground) -> None:
    tally = read_tally(ground.redis, "none")
    assert (tally.jobs, tally.done, tally.over) == (0, 0, True)
    assert (tally.rate, tally.first_ms, tally.last_ms) == (None, None, None)
