"""`dialer batch`: the progress of a batch."""

import json

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.results import CallResult
from tests.support.ground import Ground, end_call, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def test_how_far_it_is(run_here: Run, ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(3)])
    ground.end(ground.sending(job("j0", batch="b")), State.PLACED, Code.PLACED)
    assert json.loads(run_here("batch", "b", "--json").stdout) == {
        "batch": "b",
        "jobs": 3,
        "done": 1,
        "states": {"open": 2, "placed": 1},
        "results": {},
    }
    assert "1 of 3 done" in run_here("batch", "b").stdout


def test_it_is_watched_until_all_are_done(run_here: Run, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(2)])
    left = ["j0", "j1"]

    def passes(_seconds: float) -> None:
        ground.end(ground.sending(job(left.pop(), batch="b")), State.PLACED, Code.PLACED)

    monkeypatch.setattr("worker.cli.watch.time.sleep", passes)
    result = run_here("batch", "b", "--watch")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if "done" in line] == [f"{n} of 2 done" for n in range(3)]
    assert "\x1b" not in result.stdout


def test_ctrl_c_ends_a_watch(run_here: Run, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.cli.watch.time.sleep", interrupt)
    ground.ledger.accept([job("a", batch="b")])
    for args in (["batch", "b"], ["status"], ["status", "--json"]):
        result = run_here(*args, "--watch")
        assert (result.exit_code, result.stderr) == (130, "Error: interrupted.\n")
        assert result.stdout


def test_results_of_placed_calls(run_here: Run, ground: Ground) -> None:
    for n, result in enumerate([CallResult.BUSY, CallResult.ANSWERED, CallResult.BUSY]):
        end_call(ground, f"j{n}", result, batch="b")
    assert json.loads(run_here("batch", "b", "--json").stdout)["results"] == {"answered": 1, "busy": 2}
    lines = [line.split() for line in run_here("batch", "b").stdout.splitlines()]
    assert lines[3:6] == [["result", "calls"], ["answered", "1"], ["busy", "2"]]
