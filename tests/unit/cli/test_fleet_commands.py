"""The fleet and its jobs in a person's hands: pause, resume, status, cancel, retry, batch, export."""

import csv
import io
import json

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.heartbeat import Heartbeat
from tasks.fleet.pause import Pause, PauseReason
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


class TestPause:
    def test_an_operator_pauses_and_resumes(self, run_here: Run, ground: Ground) -> None:
        assert run_here("pause", "--reason", "wrong list").exit_code == 0
        (entry,) = Pause(ground.redis).entries()
        assert (entry.reason, entry.message, entry.until) == (PauseReason.OPERATOR, "wrong list", None)
        result = run_here("resume")
        assert (result.exit_code, result.stdout) == (0, "Resumed.\n")
        assert run_here("resume").stdout == "There was no such pause.\n"

    @pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
    def test_a_pause_may_end_by_itself(self, run_here: Run, ground: Ground, text: str, seconds: int) -> None:
        run_here("pause", "--for", text)
        (entry,) = Pause(ground.redis).entries()
        assert entry.until
        assert (entry.until - entry.since).total_seconds() == pytest.approx(seconds, abs=0.01)

    @pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1.5h", "0m", "²h", "1 h"])
    def test_a_time_that_is_none(self, run_here: Run, text: str) -> None:
        result = run_here("pause", "--for", text)
        assert result.exit_code == 2
        assert "such as 15m" in result.stderr

    def test_resume_leaves_what_is_not_an_operators(self, run_here: Run, ground: Ground) -> None:
        pause = Pause(ground.redis)
        pause.begin(PauseReason.OUTAGE, "no answer", for_s=60)
        result = run_here("resume")
        assert "Still waiting: outage: no answer" in result.stderr
        assert run_here("resume", "--all").stdout == "Resumed.\n"
        assert pause.entries() == []


class TestStatus:
    def test_an_empty_fleet(self, run_here: Run) -> None:
        result = run_here("status")
        assert result.exit_code == 0
        assert "none: start one with 'dialer worker'" in result.stdout

    def test_why_it_waits_and_what_waits(self, run_here: Run, ground: Ground) -> None:
        Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
        Heartbeat(ground.redis, worker="host:1:a", concurrency=8).beat()
        ground.ledger.accept([job("a"), job("b")])
        result = run_here("status")
        assert "operator, since" in result.stdout
        assert "until it is ended: lunch" in result.stdout
        assert "2 now (0 of them with the workers), 0 later" in result.stdout
        assert "1, for 8 calls at once" in result.stdout

    def test_as_json(self, run_here: Run, ground: Ground) -> None:
        Pause(ground.redis).begin(PauseReason.RATE_LIMIT, "429", for_s=60)
        found = json.loads(run_here("status", "--json").stdout)
        assert found["pauses"][0]["reason"] == "rate_limit"
        assert found["pauses"][0]["until"].endswith("+00:00")
        assert (found["workers"], found["drain_s"], found["token_s"]) == ({}, None, None)

    def test_how_much_of_the_limit_is_used(self, run_here: Run, ground: Ground) -> None:
        for n in range(30):
            ground.end(ground.sending(job(f"j{n}")), State.PLACED, Code.PLACED)
        found = json.loads(run_here("status", "--json", DIALER_RATE_LIMIT="60/60s").stdout)
        assert 20 <= found["sent_last_minute"] <= 30
        assert found["share_of_limit"] == pytest.approx(found["sent_last_minute"] / 60, abs=0.02)


class TestCancel:
    def test_one(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job()])
        result = run_here("cancel", "order-42")
        assert (result.exit_code, result.stdout) == (0, "order-42 cancelled\n")

    def test_not_what_may_be_out(self, run_here: Run, ground: Ground) -> None:
        ground.sending(job())
        result = run_here("cancel", "order-42")
        assert result.exit_code == 1
        assert "may be out already" in result.stderr

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


class TestBatch:
    def test_how_far_it_is(self, run_here: Run, ground: Ground) -> None:
        ground.ledger.accept([job(f"j{n}", batch="b") for n in range(3)])
        ground.end(ground.sending(job("j0", batch="b")), State.PLACED, Code.PLACED)
        assert json.loads(run_here("batch", "b", "--json").stdout) == {
            "batch": "b",
            "jobs": 3,
            "done": 1,
            "states": {"open": 2, "placed": 1},
        }
        assert "1 of 3 done" in run_here("batch", "b").stdout

    def test_nobody_knows_it(self, run_here: Run) -> None:
        result = run_here("batch", "nobody")
        assert result.exit_code == 1
        assert "no batch 'nobody'" in result.stderr


class TestExport:
    def fill(self, ground: Ground) -> None:
        for n, state in enumerate((State.PLACED, State.FAILED)):
            to = "=cmd|'/c calc'!A1" if n else "+1 212-555-1234"
            ground.end(ground.sending(job(f"j{n}", to=to, batch="b")), state, Code.PLACED)

    def test_csv_that_no_spreadsheet_executes(self, run_here: Run, ground: Ground) -> None:
        self.fill(ground)
        rows = {row["id"]: row for row in csv.DictReader(io.StringIO(run_here("export", "--batch", "b").stdout))}
        assert rows["j0"]["to_raw"] == "+1 212-555-1234"
        assert rows["j1"]["to_raw"] == "'=cmd|'/c calc'!A1"
        assert rows["j0"]["state"] == "placed"

    def test_jsonl_of_one_state(self, run_here: Run, ground: Ground) -> None:
        self.fill(ground)
        lines = run_here("export", "--state", "failed", "--format", "jsonl").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["j1"]
        assert json.loads(lines[0]) == ground.record("j1")
