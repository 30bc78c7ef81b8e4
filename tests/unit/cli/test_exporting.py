"""`dialer export`: records as CSV or JSONL."""

import csv
import io
import json
from typing import Any

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


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("+12125551234", "+12125551234"),
        ("+44 (20) 7946-0018", "+44 (20) 7946-0018"),
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-1+1", "'-1+1"),
        ("+1+cmd", "'+1+cmd"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff0bcmd", "'\uff0bcmd"),
        (" =1", " '=1"),
        ('"=1', "\"'=1"),
        ("x;=1", "x;'=1"),
        ('x; "=1', "x; \"'=1"),
        ("x|@1", "x|'@1"),
        ("a\r=cmd|'/c calc'!A0", "a\\r=cmd|'/c calc'!A0"),
        ("tab\there", "tab\\there"),
        ("Zoë, 2 + 2", "Zoë, 2 + 2"),
        ("a=b", "a=b"),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_or_divide(run_here: Run, ground: Ground, text: str, cell: str) -> None:
    ground.ledger.accept([job("j1", attributes={"text": text}, user_id=text)])
    (row,) = csv.DictReader(io.StringIO(run_here("export").stdout, newline=""))
    assert row["user_id"] == cell
    assert row["attributes"].startswith("{")
    (line,) = run_here("export", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["attributes"] == {"text": text}


def test_what_a_job_asked_for_is_there_in_every_state(run_here: Run, ground: Ground) -> None:
    asked: dict[str, Any] = {"user_id": "u-1", "region": "US", "max_attempts": 2, "attributes": {"order": "42"}}
    ground.ledger.accept([job("waiting", **asked)])
    ground.end(ground.sending(job("placed", **asked)), State.PLACED, Code.PLACED)
    ground.end(ground.sending(job("failed", **asked)), State.FAILED, Code.COULD_NOT_CONNECT)
    rows = list(csv.DictReader(io.StringIO(run_here("export").stdout)))
    expected = {name: str(value) for name, value in asked.items()} | {"attributes": '{"order": "42"}'}
    assert len(rows) == 3
    assert all({name: row[name] for name in asked} == expected for row in rows)
