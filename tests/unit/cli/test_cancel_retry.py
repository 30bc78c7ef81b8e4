"""`dialer cancel` and `dialer retry`, for one job or a whole batch."""

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


class TestCancel:
    def test_one(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job()])
        result = run_here("cancel", "order-42")
        assert (result.exit_code, result.stdout) == (0, "order-42 cancelled\n")

    def test_not_what_may_be_out(self, run_here: Run, ground: Ground) -> None:
        ground.sending(job())
        result = run_here("cancel", "order-42")
        assert result.exit_code == 1
        assert "may already be in progress" in result.stderr

    def test_nobody_knows_it(self, run_here: Run) -> None:
        result = run_here("cancel", "nobody")
        assert result.exit_code == 1
        assert "no job 'nobody'" in result.stderr

    def test_all_that_waits_of_a_batch(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job(f"j{n}", batch="b") for n in range(250)] + [job("other")])
        ground.sending(job("out", batch="b"))
        result = run_here("cancel", "--batch", "b")
        assert (result.exit_code, result.stdout) == (0, "250 cancelled\n")
        assert (ground.state("other"), ground.state("out")) == ("queued", "sending")

    @pytest.mark.parametrize("args", [[], ["a", "--batch", "b"]])
    def test_one_or_a_batch(self, run_here: Run, args: list[str]) -> None:
        assert run_here("cancel", *args).exit_code == 2


class TestRetry:
    def test_one(self, run_here: Run, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.FAILED, Code.COULD_NOT_CONNECT)
        result = run_here("retry", "order-42")
        assert (result.exit_code, result.stdout) == (0, "order-42 queued\n")

    def test_what_may_have_been_placed_only_on_a_persons_word(self, run_here: Run, ground: Ground) -> None:
        ground.end(ground.sending(job(batch="b")), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        for args in (["order-42"], ["--batch", "b", "--state", "unconfirmed"]):
            result = run_here("retry", *args)
            assert result.exit_code in {1, 2}
            assert "--i-know-it-was-not-placed" in result.stderr
        assert run_here("retry", "order-42", "--i-know-it-was-not-placed").exit_code == 0

    def test_never_what_was_placed(self, run_here: Run, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.PLACED, Code.PLACED)
        result = run_here("retry", "order-42", "--i-know-it-was-not-placed")
        assert result.exit_code == 1
        assert "was placed" in result.stderr
        assert run_here("retry", "--batch", "b", "--state", "placed").exit_code == 2

    def test_a_batch(self, run_here: Run, ground: Ground) -> None:
        for n in range(3):
            ground.end(ground.sending(job(f"j{n}", batch="b")), State.FAILED, Code.COULD_NOT_CONNECT)
        result = run_here("retry", "--batch", "b", "--state", "failed")
        assert (result.exit_code, result.stdout) == (0, "3 queued again\n")
        assert run_here("retry", "--batch", "b").exit_code == 2
