"""Cancel and retry: what a person can do, and what the ledger refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.ledger.accept import Refusal
from tasks.ledger.cancel_retry import JobChange
from tasks.store import keys
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


class TestCancel:
    def test_a_waiting_job_is_cancelled_at_once(self, ground: Ground) -> None:
        ground.ledger.accept([job(batch="b", priority=7)])
        assert ground.cancel("order-42") == JobChange(done=True, state=State.CANCELLED)
        assert ground.due() == []
        assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"cancelled": 1}
        assert ground.redis.exists(keys.result("order-42"))

    def test_a_worker_that_prepares_it_learns_so_before_it_sends(self, ground: Ground) -> None:
        claim = ground.claim(job())
        assert ground.cancel("order-42").done
        assert ground.ledger.send(claim, to="+1", caller_id="").verdict == "lost"
        assert not ground.requeue(claim)
        assert ground.state("order-42") == "cancelled"

    def test_not_when_the_call_may_be_out(self, ground: Ground) -> None:
        ground.sending(job())
        assert ground.cancel("order-42") == JobChange(done=False, state=State.SENDING)

    def test_not_twice(self, ground: Ground) -> None:
        ground.ledger.accept([job()])
        ground.cancel("order-42")
        assert ground.cancel("order-42") == JobChange(done=False, state=State.CANCELLED)
        assert ground.redis.xlen(keys.outcomes) == 1

    def test_a_job_that_comes_meanwhile_keeps_its_place(self, ground: Ground) -> None:
        """The batch and the priority of a job that was just accepted are not known, nor is its due set."""
        seen = ground.look("order-42")
        ground.ledger.accept([job(priority=9, batch="b")])
        assert ground.cancel_retry.cancel(seen) == [JobChange(done=False, state=None)]
        assert (ground.state("order-42"), ground.due()) == ("queued", ["order-42"])

    def test_nobody_knows_it(self, ground: Ground) -> None:
        assert ground.cancel("nobody") == JobChange(done=False, state=None)


class TestRetry:
    def failed(self, ground: Ground) -> None:
        claim = ground.sending(job(batch="b"))
        ground.end(claim, State.FAILED, Code.COULD_NOT_CONNECT, http_status=503)

    def test_a_failed_job_waits_again_with_all_its_attempts(self, ground: Ground) -> None:
        self.failed(ground)
        assert ground.retry("order-42") == JobChange(done=True, state=State.QUEUED)
        record = ground.record("order-42")
        assert (record["state"], record["attempts"]) == ("queued", 0)
        assert not {"code", "finished_at", "http_status"} & set(record)
        assert ground.records.counts()["failed"] == 0
        assert ground.due() == ["order-42"]
        assert ground.records.counts("b") == dict.fromkeys(ground.records.counts(), 0) | {"open": 1}
        assert ground.redis.ttl(keys.job("order-42")) == -1
        assert not ground.redis.exists(keys.result("order-42"))
        assert ground.sending(job(batch="b")).fence > 1

    def test_a_placed_job_never(self, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.PLACED, Code.PLACED)
        assert ground.retry("order-42", not_placed=True) == JobChange(done=False, state=State.PLACED)
        # An earlier version kept the content of a placed job, from which it could be dialed.
        ground.redis.hset(keys.job("order-42"), "_job", job().content())
        assert ground.retry("order-42", not_placed=True) == JobChange(done=False, state=State.PLACED)

    def test_an_unconfirmed_job_only_on_a_persons_word(self, ground: Ground) -> None:
        claim = ground.sending(job())
        ground.end(claim, State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        assert not ground.retry("order-42").done
        assert ground.retry("order-42", not_placed=True).done
        assert not ground.end(claim, State.PLACED, Code.PLACED), "the old claim has no effect"
        assert ground.state("order-42") == "queued"

    def test_not_by_what_was_seen_before_an_answer_came(self, ground: Ground) -> None:
        """The job is in other indexes by then."""
        claim = ground.sending(job(batch="b"))
        ground.end(claim, State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        seen = ground.look("order-42")
        ground.end(claim, State.REJECTED, Code.BAD_REQUEST)
        answer = ground.cancel_retry.retry(seen, not_placed=True)
        assert answer == [JobChange(done=False, state=State.REJECTED)]

    def test_one_word_is_for_one_call(self, ground: Ground) -> None:
        """A request that the network repeats must not apply to the next call, which nobody has checked."""
        ground.end(ground.sending(job()), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        seen = ground.look("order-42")
        assert ground.retry("order-42", not_placed=True).done
        ground.end(ground.sending(job()), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        answer = ground.cancel_retry.retry(seen, not_placed=True)
        assert answer == [JobChange(done=False, state=State.UNCONFIRMED)]

    def test_a_request_from_before_a_cancel_does_not_undo_it(self, ground: Ground) -> None:
        """The network may repeat a request, and the job has the same state again."""
        ground.ledger.accept([job()])
        ground.cancel("order-42")
        seen = ground.look("order-42")
        ground.retry("order-42")
        ground.cancel("order-42")
        assert ground.cancel_retry.retry(seen) == [JobChange(done=False, state=State.CANCELLED)]

    def test_a_waiting_job_is_left_alone(self, ground: Ground) -> None:
        ground.ledger.accept([job()])
        assert ground.retry("order-42") == JobChange(done=False, state=State.QUEUED)

    def test_a_message_that_was_no_job_cannot_be_dialed(self, ground: Ground) -> None:
        ground.ledger.accept([Refusal(id="bad", fingerprint="f", code=Code.MISSING_FIELD, message="m")])
        assert ground.retry("bad") == JobChange(done=False, state=State.REJECTED)

    def test_not_when_its_time_has_passed(self, ground: Ground) -> None:
        ground.ledger.accept([job(not_after=datetime.now(UTC) - timedelta(seconds=1))])
        ground.reaper.expire()
        assert ground.retry("order-42") == JobChange(done=False, state=State.EXPIRED)

    def test_a_cancelled_job_with_time_left_is_watched_again(self, ground: Ground) -> None:
        ground.ledger.accept([job(not_after=datetime.now(UTC) + timedelta(hours=1))])
        ground.cancel("order-42")
        assert ground.retry("order-42").done
        assert ground.redis.zcard(keys.expiring) == 1

    def test_nobody_knows_it(self, ground: Ground) -> None:
        assert ground.retry("nobody") == JobChange(done=False, state=None)
