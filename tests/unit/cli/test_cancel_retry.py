"""`dialer cancel` and `dialer retry`, for one job, for several, and for those that a filter selects."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.errors import LedgerUnavailable
from tasks.ledger.cancel_retry import CancelRetry, JobChange, JobSeen
from tasks.ledger.evidence import Look
from tests.support.ground import Ground, job, jobs
from tests.unit.conftest import Run
from worker.cli.selection import CHUNK


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


class TestCancel:
    def test_one(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job()])
        result = run_here("cancel", "order-42")
        assert (result.exit_code, result.stdout) == (0, "order-42 cancelled\n")

    @pytest.mark.parametrize(
        ("state", "code", "reason"),
        [
            (None, None, "the call may already be in progress"),
            (State.PLACED, Code.PLACED, "the call was placed."),
            (State.UNCONFIRMED, Code.NO_ANSWER_FROM_API, "it ended as unconfirmed."),
        ],
    )
    def test_not_what_may_be_out(
        self, run_here: Run, ground: Ground, state: State | None, code: Code | None, reason: str
    ) -> None:
        claim = ground.sending(job())
        if state and code:
            ground.end(claim, state, code)
        result = run_here("cancel", "order-42")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"Error: cannot cancel 'order-42': {reason}" in result.stderr

    def test_nobody_knows_it(self, run_here: Run) -> None:
        result = run_here("cancel", "nobody")
        assert result.exit_code == 3
        assert "no job 'nobody'" in result.stderr

    def test_all_that_waits_of_a_batch(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job(f"j{n}", batch="b") for n in range(CHUNK + 50)] + [job("other")])
        ground.sending(job("out", batch="b"))
        result = run_here("cancel", "--batch", "b")
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{CHUNK + 50} cancelled\n", "")
        assert (ground.state("other"), ground.state("out")) == ("queued", "sending")

    def test_a_state_and_a_code(self, run_here: Run, ground: Ground) -> None:
        ground.requeue(ground.claim(job("failed before")), delay_s=60, code=Code.RATE_LIMITED, message="429")
        ground.requeue(ground.claim(job("too", batch="b")), delay_s=60, code=Code.RATE_LIMITED, message="429")
        ground.ledger.accept([job("fresh", batch="b")])
        assert run_here("cancel", "--batch", "b", "--code", "rate_limited").stdout == "1 cancelled\n"
        assert run_here("cancel", "--state", "queued", "--code", "rate_limited").stdout == "0 cancelled\n"
        assert run_here("cancel", "--code", "rate_limited").stdout == "1 cancelled\n"
        assert run_here("cancel", "--state", "queued").stdout == "1 cancelled\n"

    def test_a_long_list_from_standard_input(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept(jobs(CHUNK + 2, "j"))
        stdin = "\ufeff" + "".join(f"j-{n}\r\n" for n in range(1, CHUNK + 2)) + "\n  \nj-1"
        result = run_here("cancel", "j-0", "-", "j-0", stdin=stdin)
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{CHUNK + 2} cancelled\n", "")

    def test_an_empty_list_is_none(self, run_here: Run) -> None:
        result = run_here("cancel", "-", stdin="\n")
        assert (result.exit_code, result.stdout) == (0, "0 cancelled\n")

    @pytest.mark.parametrize("line", [b"a\0b", b"x" * 300, b"x" * 600_000, b"\x1b[2J"])
    def test_a_list_that_is_none(self, run_here: Run, ground: Ground, line: bytes) -> None:
        ground.ledger.accept([job("a")])
        result = run_here("cancel", "-", stdin=b"a\n" + line + b"\n")
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "line 2 of standard input is not the id of a job" in result.stderr
        assert ground.state("a") == "queued"

    @pytest.mark.parametrize(
        "args", [[], ["a", "--batch", "b"], ["a", "--code", "placed"], ["-", "--state", "queued"]]
    )
    def test_ids_or_a_filter(self, run_here: Run, args: list[str]) -> None:
        result = run_here("cancel", *args)
        assert result.exit_code == 2
        assert "Give the ids of jobs, or select them" in result.stderr

    @pytest.mark.parametrize(
        ("code", "hint"), [("no_stations", "did you mean no_station?"), ("x", "states-and-codes.md lists all codes.")]
    )
    def test_a_code_that_is_none(self, run_here: Run, code: str, hint: str) -> None:
        result = run_here("cancel", "--code", code)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert hint in result.stderr


class TestRetry:
    def test_one(self, run_here: Run, ground: Ground) -> None:
        ground.end(ground.sending(job()), State.FAILED, Code.COULD_NOT_CONNECT)
        result = run_here("retry", "order-42")
        assert (result.exit_code, result.stdout) == (0, "order-42 queued\n")

    @pytest.mark.parametrize(
        "args",
        [
            ["order-42"],
            ["order-42", "failed"],
            ["-"],
            ["--batch", "b", "--state", "unconfirmed"],
            ["--state", "unconfirmed"],
            ["--code", "no_answer_from_api"],
            ["--batch", "b", "--code", "no_answer_from_api"],
        ],
        ids=" ".join,
    )
    def test_what_may_have_been_placed_only_on_a_persons_word(
        self, run_here: Run, ground: Ground, args: list[str]
    ) -> None:
        ground.end(ground.sending(job(batch="b")), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        ground.end(ground.sending(job("failed", batch="b")), State.FAILED, Code.COULD_NOT_CONNECT)
        stdin = "order-42\nfailed\n"
        result = run_here("retry", *args, stdin=stdin)
        assert result.exit_code in {1, 2}
        assert "--i-know-it-was-not-placed" in result.stderr
        assert ground.state("order-42") == "unconfirmed"
        run_here("retry", *args, "--i-know-it-was-not-placed", stdin=stdin)
        assert ground.state("order-42") == "queued"

    def test_one_word_is_for_the_calls_that_had_ended_before(
        self, run_here: Run, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job that is retried and becomes unconfirmed again while the command runs is not retried once more."""
        ground.end(ground.sending(job()), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)

        class AnotherIsQuicker(CancelRetry):
            looked = False

            def look(self, job_ids: Sequence[str]) -> list[JobSeen]:
                seen = super().look(job_ids)
                if self.looked:
                    return seen
                self.looked = True
                assert ground.retry("order-42", not_placed=True).done
                ground.end(ground.sending(job()), State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
                return seen

        monkeypatch.setattr("worker.cli.changing.CancelRetry", AnotherIsQuicker)
        for args in (["order-42"], ["--state", "unconfirmed"], ["--code", "no_answer_from_api"]):
            result = run_here("retry", *args, "--i-know-it-was-not-placed")
            assert result.exit_code == 1
            assert ground.state("order-42") == "unconfirmed"

    def test_each_job_once(self, run_here: Run, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
        """A job that fails again at once is not retried for ever."""
        fail(ground, "a")
        retry = CancelRetry.retry

        def fails_at_once(self: CancelRetry, seen: Sequence[JobSeen], **how: Any) -> list[JobChange]:
            changes = retry(self, seen, **how)
            fail(ground, "a")
            return changes

        monkeypatch.setattr(CancelRetry, "retry", fails_at_once)
        assert run_here("retry", "--state", "failed").stdout == "1 queued again\n"
        assert ground.state("a") == "failed"

    def test_never_what_was_placed(self, run_here: Run, ground: Ground) -> None:
        ground.end(ground.sending(job(batch="b")), State.PLACED, Code.PLACED)
        result = run_here("retry", "order-42", "--i-know-it-was-not-placed")
        assert result.exit_code == 1
        assert "was placed" in result.stderr
        assert run_here("retry", "--batch", "b", "--state", "placed").exit_code == 2
        result = run_here("retry", "--code", "placed", "--i-know-it-was-not-placed")
        assert (result.exit_code, result.stdout) == (0, "0 queued again\n")

    def test_a_batch(self, run_here: Run, ground: Ground) -> None:
        fail(ground, "j0", "j1", "j2", batch="b")
        fail(ground, "other")
        result = run_here("retry", "--batch", "b", "--state", "failed")
        assert (result.exit_code, result.stdout) == (0, "3 queued again\n")
        assert ground.state("other") == "failed"

    def test_a_whole_batch_is_not_called_again_by_mistake(self, run_here: Run, ground: Ground) -> None:
        fail(ground, "a", batch="b")
        result = run_here("retry", "--batch", "b")
        assert result.exit_code == 2
        assert "--batch needs --state or --code" in result.stderr
        assert ground.state("a") == "failed"


def fail(ground: Ground, *names: str, **fields: Any) -> None:
    for name in names:
        ground.end(ground.sending(job(name, **fields)), State.FAILED, Code.COULD_NOT_CONNECT)


class TestSomeThatCannotBeChanged:
    def test_each_is_told_with_its_reason(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job("a"), job("b")])
        ground.sending(job("out"))
        result = run_here("cancel", "a", "out", "nobody", "b")
        assert (result.exit_code, result.stdout) == (1, "2 cancelled\n")
        assert result.stderr.splitlines() == [
            "cannot cancel 'out': the call may already be in progress; wait for its outcome.",
            "cannot cancel 'nobody': there is no such job.",
            "Error: 2 of 4 jobs were not cancelled.",
        ]

    def test_for_programs(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job("a")])
        ground.sending(job("out"))
        result = run_here("cancel", "a", "out", "nobody", "--json")
        assert (result.exit_code, result.stderr) == (1, "")
        assert json.loads(result.stdout) == {
            "changed": 1,
            "unchanged": [
                {
                    "id": "out",
                    "state": "sending",
                    "reason": "the call may already be in progress; wait for its outcome.",
                },
                {"id": "nobody", "state": None, "reason": "there is no such job."},
            ],
        }
        assert json.loads(run_here("retry", "a", "--json").stdout) == {"changed": 1, "unchanged": []}

    @pytest.mark.parametrize("options", [[], ["--json"]])
    def test_only_unknown_ids_are_not_found(self, run_here: Run, ground: Ground, options: list[str]) -> None:
        ground.ledger.accept([job("a")])
        assert run_here("cancel", "a", "x", "y", *options).exit_code == 3

    def test_many_are_counted(self, run_here: Run) -> None:
        result = run_here("cancel", "-", stdin="".join(f"j{n}\n" for n in range(50)))
        assert (result.exit_code, result.stdout) == (3, "0 cancelled\n")
        assert result.stderr.splitlines()[20:] == [
            "… and 30 more jobs; --json prints them all.",
            "Error: 50 of 50 jobs were not cancelled.",
        ]

    @pytest.mark.parametrize(
        ("error", "code", "told"),
        [
            (KeyboardInterrupt(), 130, "Error: interrupted. "),
            (LedgerUnavailable("gone"), 4, "refuses a command: gone."),
        ],
    )
    def test_what_ends_it_half_way_says_how_far_it_came(
        self,
        run_here: Run,
        ground: Ground,
        monkeypatch: pytest.MonkeyPatch,
        error: BaseException,
        code: int,
        told: str,
    ) -> None:
        ground.ledger.accept(jobs(CHUNK + 2))
        cancel: Callable[..., list[JobChange]] = CancelRetry.cancel

        def interrupted(self: CancelRetry, seen: Sequence[JobSeen]) -> list[JobChange]:
            if len(seen) < CHUNK:
                raise error
            return cancel(self, seen)

        with monkeypatch.context() as patch:
            patch.setattr(CancelRetry, "cancel", interrupted)
            result = run_here("cancel", "-", stdin="\n".join(f"job-{n}" for n in range(CHUNK + 2)))
        assert (result.exit_code, result.stdout) == (code, "")
        assert told in result.stderr
        assert f"At least {CHUNK} of {CHUNK + 2} jobs were cancelled." in result.stderr
        assert result.stderr.count("\n") == 1
        assert ground.records.counts()["cancelled"] == CHUNK


class TestRetryWithEvidence:
    PUBLIC: Final = {"GENESYS_CLOUD_PROFILE": "public"}

    @pytest.fixture
    def lost(self, ground: Ground) -> Ground:
        """Three unconfirmed jobs: with enough evidence, with too little, and of another batch."""
        for name, batch, minutes in (("enough", "b", [0, 3]), ("little", "b", [0, 1]), ("other", "c", [0, 3])):
            ground.end(ground.sending(job(name, batch=batch)), State.UNCONFIRMED, Code.WORKER_LOST)
            (doubtful,) = ground.doubt.read([name])
            for minute in minutes:
                ground.doubt.note(doubtful, Look(at=60.0 * minute, witness="w"))
        return ground

    def test_exactly_those_with_enough(self, run_here: Run, lost: Ground) -> None:
        filters = ["--state", "unconfirmed", "--batch", "b"]
        result = run_here("retry", *filters, "--with-evidence", **self.PUBLIC)
        assert (result.exit_code, result.stdout) == (1, "1 queued again\n")
        assert "cannot retry 'little': there is not enough evidence that the call was not placed" in result.stderr
        states = {name: lost.state(name) for name in ("enough", "little", "other")}
        assert states == {"enough": "queued", "little": "unconfirmed", "other": "unconfirmed"}

    def test_it_is_never_assumed(self, run_here: Run, lost: Ground) -> None:
        assert run_here("retry", "enough", **self.PUBLIC).exit_code == 1
        assert lost.state("enough") == "unconfirmed"

    def test_the_guide_has_none(self, run_here: Run, lost: Ground) -> None:
        result = run_here("retry", "enough", "--with-evidence")
        assert result.exit_code == 2
        assert "the profile 'guide' has no search for calls" in result.stderr
        assert lost.state("enough") == "unconfirmed"

    def test_not_together_with_the_word_of_a_person(self, run_here: Run, lost: Ground) -> None:
        both = ["--with-evidence", "--i-know-it-was-not-placed"]
        assert run_here("retry", "little", *both, **self.PUBLIC).exit_code == 2
        assert lost.state("little") == "unconfirmed"

    def test_show_prints_it_in_words(self, run_here: Run, lost: Ground) -> None:
        shown = {name: run_here("show", name, **self.PUBLIC).stdout for name in ("enough", "little")}
        line = "1970-01-01T00:00:00.000Z: the search did not find the call, and shows a later call of this fleet"
        assert all(line in each for each in shown.values())
        assert "This is enough for 'dialer retry --state unconfirmed --with-evidence'." in shown["enough"]
        assert "This is not enough evidence" in shown["little"]
        looks = json.loads(run_here("show", "enough", "--json").stdout)["evidence"]
        assert looks[0] == {"at": "1970-01-01T00:00:00.000Z", "found": False, "witness": "w"}
