"""`dialer enqueue`, `show` and `list`: one job in, and what became of all."""

import json
import uuid
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job
from tests.unit.conftest import Run
from worker.cli.main import COMMANDS


class TestEnqueue:
    def test_it_says_the_id_and_the_state(self, run_here: Run, real_redis: Redis) -> None:
        result = run_here("enqueue", "+1 212-555-1234", "--id", "order-42")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "order-42 queued\n", "")
        assert real_redis.hget("dialer:job:order-42", "to_raw") == "+1 212-555-1234"

    def test_an_id_of_its_own(self, run_here: Run) -> None:
        entry = json.loads(run_here("enqueue", "+1 212-555-1234", "--json").stdout)
        assert (entry["entry"], entry["state"]) == ("accepted", "queued")
        assert uuid.UUID(entry["id"]).version == 4

    def test_all_options(self, run_here: Run, real_redis: Redis) -> None:
        options = {
            "--from": "+12125559876",
            "--region": "GB",
            "--user-id": "u",
            "--wrap-up-code-id": "w",
            "--not-before": "2999-01-01T00:00:00+00:00",
            "--not-after": "2999-01-02T00:00:00+00:00",
            "--priority": "9",
            "--batch": "b",
            "--max-attempts": "2",
        }
        flat = [text for pair in options.items() for text in pair]
        result = run_here("enqueue", "020 7946 0958", "--id", "a", *flat, "--attribute", "k=v=w", "--attribute", "l=")
        assert (result.exit_code, result.stdout) == (0, "a scheduled\n"), result.stderr
        stored: Any = real_redis.hget("dialer:job:a", "_job")
        assert json.loads(stored) == {
            "to": "020 7946 0958",
            "attributes": {"k": "v=w", "l": ""},
            "priority": 9,
            "max_attempts": 2,
            **{name.removeprefix("--").replace("-", "_"): value for name, value in list(options.items())[:6]},
            "batch": "b",
        }

    def test_the_same_again_is_known(self, run_here: Run) -> None:
        run_here("enqueue", "+1 212-555-1234", "--id", "a")
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a")
        assert result.exit_code == 0
        assert "entered before" in result.stdout
        again = json.loads(run_here("enqueue", "+1 212-555-1234", "--id", "a", "--json").stdout)
        assert again["entry"] == "replay"

    def test_another_job_under_the_same_id_is_refused(self, run_here: Run, real_redis: Redis) -> None:
        run_here("enqueue", "+1 212-555-1234", "--id", "a")
        result = run_here("enqueue", "+1 212-555-1235", "--id", "a")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "already is another job" in result.stderr
        assert real_redis.hget("dialer:job:a", "to_raw") == "+1 212-555-1234"

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["911"], "emergency_number"),
            (["hello"], "not_a_number"),
            (["+12125551234", "--from", "hello"], "not_a_number: from:"),
            (["+12125551234", "--priority", "10"], "invalid_field"),
            (["+12125551234", "--not-before", "tomorrow"], "invalid_field"),
            (["+12125551234", "--id", ""], "invalid_field"),
            ([""], "invalid_field"),
        ],
    )
    def test_what_could_not_be_dialed_is_told_at_once(
        self, run_here: Run, real_redis: Redis, args: list[str], code: str
    ) -> None:
        result = run_here("enqueue", *args)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {code}")
        assert result.stderr.count("\n") == 1
        assert real_redis.dbsize() == 0

    @pytest.mark.parametrize(("state", "code", "exit_code"), [("placed", "placed", 0), ("failed", "rate_limited", 1)])
    def test_waiting_ends_with_the_outcome(
        self, run_here: Run, real_redis: Redis, state: str, code: str, exit_code: int
    ) -> None:
        ground = Ground.over(real_redis)
        ground.end(ground.sending(job("a")), State(state), Code(code))
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--json")
        assert result.exit_code == exit_code
        assert json.loads(result.stdout)["code"] == code

    def test_waiting_no_longer_than_asked(self, run_here: Run) -> None:
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--timeout", "0.2")
        assert result.exit_code == 1
        assert result.stderr == "Error: 'a' is still queued after 0.2 s; the job goes on.\n"

    def test_ctrl_c_while_waiting_leaves_the_job(
        self, run_here: Run, real_redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_seconds: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("worker.cli.enqueue.time.sleep", interrupt)
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait")
        assert result.exit_code == 130
        assert result.stderr == "Error: stopped waiting; the job goes on, see 'dialer show a'.\n"
        assert real_redis.hget("dialer:job:a", "state") == "queued"


class TestShow:
    def test_the_record_as_one_object(self, run_here: Run, real_redis: Redis) -> None:
        ground = Ground.over(real_redis)
        ground.end(ground.sending(job()), State.PLACED, Code.PLACED, conversation_id="c-1")
        result = run_here("show", "order-42", "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == ground.record("order-42")

    def test_for_people_with_the_words_for_its_code(self, run_here: Run, real_redis: Redis) -> None:
        ground = Ground.over(real_redis)
        claim = ground.sending(job())
        ground.requeue(claim, delay_s=60, code=Code.COULD_NOT_CONNECT)
        lines = dict(line.split(None, 1) for line in run_here("show", "order-42").stdout.splitlines())
        assert list(lines)[:3] == ["id", "state", "code"]
        assert lines["code"] == "could_not_connect"
        assert "No connection to Genesys Cloud" in lines["message"]
        assert lines["hint"].startswith("Check the network")
        assert lines["to"] == "+12125551234"

    def test_nobody_knows_it(self, run_here: Run) -> None:
        result = run_here("show", "nobody\x1b[2J")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(r"Error: no job 'nobody\x1b[2J': ")

    def test_what_producers_wrote_cannot_steer_the_terminal(self, run_here: Run, real_redis: Redis) -> None:
        Ground.over(real_redis).ledger.accept([job("a", to="\x1b]0;hi\x07\u202e+1")])
        for args in (["show", "a"], ["show", "a", "--json"], ["list", "--state", "queued"]):
            output = run_here(*args).stdout
            assert "hi" in output
            assert output.replace("\n", "").isascii()
            assert output.replace("\n", "").isprintable()


class TestList:
    @pytest.fixture
    def ground(self, real_redis: Redis) -> Ground:
        ground = Ground.over(real_redis)
        for n in range(5):
            claim = ground.claim(job(f"j{n}", batch="b", to="[red]" + "+12125551234" * (n == 0)))
            ground.end(claim, State.REJECTED, Code.NOT_A_NUMBER)
        ground.ledger.accept([job("waiting")])
        return ground

    def test_without_a_state_it_counts(self, run_here: Run, ground: Ground) -> None:
        lines = dict(line.split() for line in run_here("list").stdout.splitlines())
        assert (lines["open"], lines["rejected"], lines["placed"]) == ("1", "5", "0")
        assert json.loads(run_here("list", "--batch", "b", "--json").stdout)["open"] == 0

    def test_a_state_is_listed_newest_first_and_page_by_page(self, run_here: Run, ground: Ground) -> None:
        found: list[str] = []
        result = run_here("list", "--state", "rejected", "--batch", "b", "--limit", "2")
        while True:
            found += [line.split()[0] for line in result.stdout.splitlines()[1:]]
            if not result.stderr:
                break
            result = run_here(*result.stderr.split()[2:])
        assert found == ["j4", "j3", "j2", "j1", "j0"]

    def test_for_programs(self, run_here: Run, ground: Ground) -> None:
        page = json.loads(run_here("list", "--state", "rejected", "--limit", "4", "--json").stdout)
        assert [record["id"] for record in page["records"]] == ["j4", "j3", "j2", "j1"]
        rest = run_here("list", "--state", "rejected", "--after", page["after"], "--json")
        assert [record["id"] for record in json.loads(rest.stdout)["records"]] == ["j0"]

    def test_nothing_is_cut_off_in_a_pipe(self, run_here: Run, real_redis: Redis) -> None:
        Ground.over(real_redis).ledger.accept([job("x" * 200)])
        assert "x" * 200 in run_here("list", "--state", "queued").stdout

    def test_a_cursor_that_no_page_gave(self, run_here: Run) -> None:
        result = run_here("list", "--state", "placed", "--after", "x")
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1


def test_reading_commands_have_json() -> None:
    assert {"show", "list", "check"} <= set(COMMANDS)
