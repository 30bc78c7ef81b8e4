"""`--errors`: the refused rows as they came, with code and fix; corrected, the file can be imported."""

import csv
import io
import json
from pathlib import Path

import pytest
from redis import Redis

from tests.unit.conftest import Run


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["import", "dry run"])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_rows_of_a_sheet(run_here: Run, real_redis: Redis, alone: Path, delimiter: str, dry: tuple[str, ...]) -> None:
    rows = [["ID", "Telefon", "Note"], ["a", "911", "Zoë, ok; x|y"], ["b", "+12125550101", ""], ["a b c"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    options = ("--map", "telefon=to", "--ignore-unknown", "--errors", "refused.csv", *dry)
    result = run_here("import", "-", *options, stdin=text.getvalue())
    assert "2 rows were written to refused.csv" in result.stderr
    content = (alone / "refused.csv").read_text("utf-8-sig")
    header, *refused = csv.reader(io.StringIO(content), delimiter=delimiter)
    assert header == ["ID", "Telefon", "Note", "dialer_code", "dialer_fix"]
    assert [row[:4] for row in refused] == [
        ["a", "911", "Zoë, ok; x|y", "emergency_number"],
        ["a b c", "", "", "malformed_job"],
    ]
    assert refused[0][4].endswith("Remove the job; Dialer never calls such a number.")
    (alone / "refused.csv").write_text(content.replace("911", "+12125550102").replace("a b c", "c"), "utf-8-sig")
    again = run_here("import", "refused.csv", "--map", "telefon=to", "--ignore-unknown")
    assert again.stdout.startswith("2 rows: 1 accepted, 0 already known, 0 conflicting, 1 refused.")


def test_lines_of_json(run_here: Run, alone: Path, real_redis: Redis) -> None:
    lines = [
        '{"id": "a", "to": "911"}',
        '{"id": "b", "to": "+12125550101"}',
        "no json",
        '{"to": "+1", "color": "red"}',
    ]
    run_here("import", "-", "--format", "jsonl", "--errors", "refused.jsonl", stdin="\n".join(lines))
    refused = [json.loads(line) for line in (alone / "refused.jsonl").read_text().splitlines()]
    assert [each.pop("dialer_code") for each in refused] == ["emergency_number", "malformed_job", "unknown_field"]
    assert all(each.pop("dialer_fix") for each in refused)
    assert refused == [{"id": "a", "to": "911"}, {"line": "no json"}, {"to": "+1", "color": "red"}]
    (alone / "refused.jsonl").write_text('{"id": "a", "to": "+12125550102", "dialer_code": "x", "dialer_fix": "y"}\n')
    assert run_here("import", "refused.jsonl").stdout.startswith("1 rows: 1 accepted")


def test_a_conflict_is_written_with_its_fix(run_here: Run, alone: Path, real_redis: Redis) -> None:
    run_here("import", "-", "--errors", "refused.csv", stdin="id,to\na,+12125550101\na,+12125550102\n")
    (row,) = csv.DictReader(io.StringIO((alone / "refused.csv").read_text("utf-8-sig")))
    assert (row["to"], row["dialer_code"]) == ("+12125550102", "conflict")
    assert "an id of its own" in row["dialer_fix"]


def test_without_refused_rows_there_is_no_file(run_here: Run, alone: Path, real_redis: Redis) -> None:
    assert run_here("import", "-", "--errors", "refused.csv", stdin="to\n+12125550101\n").exit_code == 0
    assert not (alone / "refused.csv").exists()


def test_bytes_that_are_no_text_are_shown(run_here: Run, alone: Path, real_redis: Redis) -> None:
    run_here("import", "-", "--errors", "refused.csv", stdin="id,to\né,+12125550101\n".encode() + b"x\xff,+1\n")
    (row,) = csv.DictReader(io.StringIO((alone / "refused.csv").read_text("utf-8-sig")))
    assert row["id"] == r"x\xff"


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ("jobs.csv", "is the file that is imported"),
        ("./jobs.csv", "is the file"),
        ("no/where.csv", "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written(run_here: Run, alone: Path, errors: str, told: str) -> None:
    (alone / "jobs.csv").write_text("to\n911\n")
    result = run_here("import", "jobs.csv", "--errors", errors)
    assert result.exit_code == 2
    assert told in result.stderr
    assert (alone / "jobs.csv").read_text() == "to\n911\n"
    missing = run_here("import", "missing.csv", "--errors", "jobs.csv")
    assert missing.stderr.startswith("Error: missing.csv: The file cannot be read: ")
