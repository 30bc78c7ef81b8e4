"""`dialer enqueue`: one job is entered, and its outcome is waited for if asked to."""

import json
import uuid
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


def test_it_says_the_id_and_the_state(run_here: Run, real_redis: Redis) -> None:
    result = run_here("enqueue", "+1 212-555-1234", "--id", "order-42")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "order-42 queued\n", "")
    assert real_redis.hget("dialer:job:order-42", "to_raw") == "+1 212-555-1234"


def test_an_id_of_its_own(run_here: Run) -> None:
    entry = json.loads(run_here("enqueue", "+1 212-555-1234", "--json").stdout)
    assert (entry["entry"], entry["state"]) == ("accepted", "queued")
    assert uuid.UUID(entry["id"]).version == 4


def test_all_options(run_here: Run, real_redis: Redis) -> None:
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


def test_the_same_again_is_known(run_here: Run) -> None:
    run_here("enqueue", "+1 212-555-1234", "--id", "a")
    result = run_here("enqueue", "+1 212-555-1234", "--id", "a")
    assert result.exit_code == 0
    assert "already entered" in result.stdout
    again = json.loads(run_here("enqueue", "+1 212-555-1234", "--id", "a", "--json").stdout)
    assert again["entry"] == "replay"


def test_another_job_under_the_same_id_is_refused(run_here: Run, real_redis: Redis) -> None:
    run_here("enqueue", "+1 212-555-1234", "--id", "a")
    result = run_here("enqueue", "+1 212-555-1235", "--id", "a")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "already used by a different job" in result.stderr
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
    run_here: Run, real_redis: Redis, args: list[str], code: str
) -> None:
    result = run_here("enqueue", *args)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {code}")
    assert result.stderr.count("\n") == 1
    assert real_redis.dbsize() == 0


@pytest.mark.parametrize(("state", "code", "exit_code"), [("placed", "placed", 0), ("failed", "rate_limited", 1)])
def test_waiting_ends_with_the_outcome(
    run_here: Run, real_redis: Redis, state: str, code: str, exit_code: int
) -> None:
    ground = Ground.over(real_redis)
    ground.end(ground.sending(job("a")), State(state), Code(code))
    result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--json")
    assert result.exit_code == exit_code
    assert json.loads(result.stdout)["code"] == code


def test_waiting_no_longer_than_asked(run_here: Run) -> None:
    result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--timeout", "0.2")
    assert result.exit_code == 1
    assert result.stderr == "Error: 'a' is still queued after 0.2 s; the job continues.\n"


def test_ctrl_c_while_waiting_leaves_the_job(
    run_here: Run, real_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.cli.enqueue.time.sleep", interrupt)
    result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait")
    assert result.exit_code == 130
    assert result.stderr == "Error: stopped waiting; the job continues, see 'dialer show a'.\n"
    assert real_redis.hget("dialer:job:a", "state") == "queued"
