"""`dialer list`: counts by state, and pages of records."""

import json

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.results import CallResult
from tests.support.ground import Ground, end_call, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    ground = Ground.over(real_redis)
    for n in range(5):
        claim = ground.claim(job(f"j{n}", batch="b", to="[red]" + "+12125551234" * (n == 0)))
        ground.end(claim, State.REJECTED, Code.NOT_A_NUMBER)
    ground.ledger.accept([job("waiting")])
    return ground


def test_without_a_state_it_counts(run_here: Run, ground: Ground) -> None:
    lines = dict(line.split() for line in run_here("list").stdout.splitlines())
    assert (lines["open"], lines["rejected"], lines["placed"]) == ("1", "5", "0")
    assert json.loads(run_here("list", "--batch", "b", "--json").stdout)["open"] == 0


def test_a_state_is_listed_newest_first_and_page_by_page(run_here: Run, ground: Ground) -> None:
    found: list[str] = []
    result = run_here("list", "--state", "rejected", "--batch", "b", "--limit", "2")
    while True:
        found += [line.split()[0] for line in result.stdout.splitlines()[1:]]
        if not result.stderr:
            break
        result = run_here(*result.stderr.split()[2:])
    assert found == ["j4", "j3", "j2", "j1", "j0"]


def test_for_programs(run_here: Run, ground: Ground) -> None:
    page = json.loads(run_here("list", "--state", "rejected", "--limit", "4", "--json").stdout)
    assert [record["id"] for record in page["records"]] == ["j4", "j3", "j2", "j1"]
    rest = run_here("list", "--state", "rejected", "--after", page["after"], "--json")
    assert [record["id"] for record in json.loads(rest.stdout)["records"]] == ["j0"]


def test_nothing_is_cut_off_in_a_pipe(run_here: Run, real_redis: Redis) -> None:
    Ground.over(real_redis).ledger.accept([job("x" * 200)])
    assert "x" * 200 in run_here("list", "--state", "queued").stdout


def test_only_jobs_with_a_code_page_by_page(run_here: Run, ground: Ground) -> None:
    for n in range(3):
        claim = ground.claim(job(f"other{n}", batch="b"))
        ground.end(claim, State.REJECTED, Code.TOO_SHORT)
    result = run_here("list", "--state", "rejected", "--batch", "b", "--code", "not_a_number", "--limit", "4")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["j4", "j3", "j2", "j1"]
    rest = run_here(*result.stderr.split()[2:])
    assert [line.split()[0] for line in rest.stdout.splitlines()[1:]] == ["j0"]
    assert run_here("list", "--state", "rejected", "--code", "too_long").stdout.count("\n") == 1
    assert run_here("list", "--code", "too_long").exit_code == 2


def test_a_cursor_that_no_page_gave(run_here: Run) -> None:
    result = run_here("list", "--state", "placed", "--after", "x")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_calls_with_a_result(run_here: Run, real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    for job_id, result in (("a", CallResult.BUSY), ("b", CallResult.ANSWERED), ("c", CallResult.BUSY)):
        end_call(ground, job_id, result)
    found = json.loads(run_here("list", "--state", "placed", "--result", "busy", "--json").stdout)
    assert [record["id"] for record in found["records"]] == ["c", "a"]
    refused = run_here("list", "--state", "failed", "--result", "busy")
    assert (refused.exit_code, refused.stderr.partition(" See")[0]) == (2, "Error: --result needs --state placed.")
