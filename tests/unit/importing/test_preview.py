"""`dialer import --dry-run`: what would be dialed, and why the other rows would not be."""

import json

from tests.unit.conftest import Run

STDIN = "id,to,from\na,+1 212-555-1234,\nb,911,\nc,112,\nd,+12125551234,no number\ne,,\na,+12125551239,\n"


def test_it_says_why_and_enters_nothing(run: Run) -> None:
    """Not even Redis is asked."""
    result = run("import", "-", "--dry-run", stdin=STDIN, DIALER_REDIS_URL="redis://localhost:1")
    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:2] == ["6 rows; 1 would be dialed. Nothing was entered.", ""]
    assert lines[3].startswith("emergency_number 2 3, 4 Remove the job;")
    assert {line.split()[0] for line in lines[4:]} == {"not_a_number", "missing_field", "repeated"}


def test_for_programs(run: Run) -> None:
    summary = json.loads(run("import", "-", "--dry-run", "--json", stdin=STDIN).stdout)
    assert (summary["rows"], summary["would_be_dialed"]) == (6, 1)
    assert summary["repeated_ids"] == {"count": 1, "rows": [7]}
    assert {code: entry["rows"] for code, entry in summary["codes"].items()} == {
        "emergency_number": [3, 4],
        "not_a_number": [5],
        "missing_field": [6],
    }
    assert set(summary["codes"]["not_a_number"]) == {"count", "rows", "meaning", "fix"}


def test_the_operator_s_rules_hold(run: Run) -> None:
    stdin = "to\n+44 20 7946 0958\n+1 212-555-1234\n"
    assert run("import", "-", "--dry-run", stdin=stdin).exit_code == 0
    result = run("import", "-", "--dry-run", stdin=stdin, DIALER_ALLOWED_REGIONS="US")
    assert result.exit_code == 1
    assert "region_not_allowed" in result.stdout
