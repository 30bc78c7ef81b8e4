"""`dialer enqueue`: one job is entered, and its outcome is waited for if asked to."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.errors import LedgerUnavailable
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.accept import Acceptor
from tasks.store import keys
from tests.support.ground import Ground, job
from tests.support.heartbeats import beat
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


NO_WORKER = "no worker is running; start one with 'dialer worker'"


def wait_once(run_here: Run, *args: str) -> list[str]:
    result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--timeout", "0", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr.splitlines()


class TestWhatItWaitsFor:
    @pytest.fixture
    def worker(self, real_redis: Redis) -> None:
        beat(real_redis, "host:1:a", ago_s=1)

    def test_a_worker(self, run_here: Run, real_redis: Redis) -> None:
        beat(real_redis, "host:1:dead", ago_s=60)
        assert wait_once(run_here) == [
            f"waiting: {NO_WORKER}",
            f"Error: 'a' is still queued after 0 s ({NO_WORKER}); the job continues.",
        ]

    def test_its_turn(self, run_here: Run, worker: None) -> None:
        assert wait_once(run_here) == ["Error: 'a' is still queued after 0 s; the job continues."]

    def test_the_end_of_a_pause(self, run_here: Run, real_redis: Redis, worker: None) -> None:
        Pause(real_redis).begin(PauseReason.CREDENTIALS, "credentials_refused: wrong secret", for_s=60)
        assert wait_once(run_here)[0] == (
            "waiting: the fleet is paused (credentials): credentials_refused: wrong secret"
        )

    def test_a_probe(self, run_here: Run, real_redis: Redis, worker: None) -> None:
        real_redis.hset(keys.breaker, "open", "outage")
        assert wait_once(run_here)[0] == "waiting: the fleet is probing (outage): one job at a time"

    def test_its_time(self, run_here: Run) -> None:
        """Also without a worker: what is far away needs none yet."""
        first = wait_once(run_here, "--not-before", "2999-01-01T01:00:00+01:00")[0]
        assert first == "waiting: scheduled for 2999-01-01 00:00:00 UTC"

    def test_a_retry(self, run_here: Run, real_redis: Redis) -> None:
        ground = Ground.over(real_redis)
        ground.requeue(ground.claim(job("a")), delay_s=60, code=Code.RATE_LIMITED, message="429")
        assert wait_once(run_here)[0].startswith("waiting: retry after rate_limited scheduled for 2")

    def test_nothing_while_it_is_sent(self, run_here: Run, real_redis: Redis) -> None:
        Ground.over(real_redis).sending(job("a"))
        assert wait_once(run_here) == ["Error: 'a' is still sending after 0 s; the job continues."]

    def test_each_is_told_once(self, run_here: Run, real_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        ground, polls = Ground.over(real_redis), iter(range(100))

        def passes(_seconds: float) -> None:
            match next(polls):
                case 2:
                    beat(real_redis, "host:1:a", ago_s=1)
                    Pause(real_redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
                case 4:
                    Pause(real_redis).begin(PauseReason.OPERATOR, "dinner", for_s=None)
                case 6:
                    Pause(real_redis).end(PauseReason.OPERATOR)
                case 8:
                    ground.end(ground.sending(job("a")), State.PLACED, Code.PLACED)

        monkeypatch.setattr("worker.cli.waiting.time.sleep", passes)
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait", "--json")
        assert (result.exit_code, json.loads(result.stdout)["state"]) == (0, "placed")
        assert result.stderr.splitlines() == [
            f"waiting: {NO_WORKER}",
            "waiting: the fleet is paused (operator): lunch",
        ]


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "Error: "),
        (LedgerUnavailable("gone"), 4, "Error: Redis at"),
    ],
)
class TestAnEndBeforeTheOutcome:
    def test_while_it_waits_the_job_is_left(
        self,
        run_here: Run,
        real_redis: Redis,
        monkeypatch: pytest.MonkeyPatch,
        error: BaseException,
        code: int,
        told: str,
    ) -> None:
        beat(real_redis, "host:1:a", ago_s=1)
        end = _raising(error)
        monkeypatch.setattr("worker.cli.waiting.time.sleep", end)
        result = run_here("enqueue", "+1 212-555-1234", "--id", "a", "--wait")
        assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
        assert result.stderr.startswith(told)
        assert "topped waiting; the job continues, see 'dialer show a'." in result.stderr
        assert real_redis.hget("dialer:job:a", "state") == "queued"

    def test_while_it_is_entered_its_id_is_told(
        self, run_here: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
    ) -> None:
        monkeypatch.setattr(Acceptor, "accept", _raising(error))
        result = run_here("enqueue", "+1 212-555-1234")
        assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
        assert result.stderr.startswith(told)
        assert re.search("he job may have been entered, see 'dialer show [0-9a-f-]{36}'", result.stderr)


def _raising(error: BaseException) -> Callable[..., None]:
    def end(*_: object) -> None:
        raise error

    return end
