"""`dialer export`: records as CSV or JSONL."""

import csv
import io
import json

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def fill(ground: Ground) -> None:
    for n, state in enumerate((State.PLACED, State.FAILED)):
        to = "=cmd|'/c calc'!A1" if n else "+1 212-555-1234"
        ground.end(ground.sending(job(f"j{n}", to=to, batch="b")), state, Code.PLACED)


def test_csv_that_no_spreadsheet_executes(run_here: Run, ground: Ground) -> None:
    fill(ground)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(run_here("export", "--batch", "b").stdout))}
    assert rows["j0"]["to_raw"] == "+1 212-555-1234"
    assert rows["j1"]["to_raw"] == "'=cmd|'/c calc'!A1"
    assert rows["j0"]["state"] == "placed"


def test_jsonl_of_one_state(run_here: Run, ground: Ground) -> None:
    fill(ground)
    lines = run_here("export", "--state", "failed", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["j1"]
    assert json.loads(lines[0]) == ground.record("j1")
