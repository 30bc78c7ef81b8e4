"""`dialer import`: what is in is counted, what is not is told, and doing it twice calls nobody twice."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from tasks.errors import LedgerUnavailable
from tasks.job import Job
from tests.support.ground import Ground, job
from tests.unit.conftest import Run
from worker.importing.bulk import CHUNK, Tally, bring_in
from worker.importing.rows import BadRow

SHEET = "id,to,region\na,+1 212-555-1234,\nb,(212) 555-1235,US\n,+1 212-555-1236,\n"


@pytest.fixture
def sheet(alone: Path) -> str:
    (alone / "jobs.csv").write_text(SHEET)
    return "jobs.csv"


def test_a_sheet_becomes_jobs(run_here: Run, real_redis: Redis, sheet: str) -> None:
    result = run_here("import", sheet, "--batch", "spring")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "3 rows: 3 accepted, 0 already known, 0 conflicting, 0 bad.\n"
    assert real_redis.hmget("dialer:job:a", ["state", "to_raw", "batch"]) == ["queued", "+1 212-555-1234", "spring"]


def test_the_same_file_again_is_known(run_here: Run, real_redis: Redis, sheet: str) -> None:
    run_here("import", sheet)
    keys = real_redis.dbsize()
    result = run_here("import", sheet)
    assert result.exit_code == 0
    assert result.stdout == "3 rows: 0 accepted, 3 already known, 0 conflicting, 0 bad.\n"
    assert real_redis.dbsize() == keys


def test_bad_rows_are_told_and_do_not_stop_the_rest(run_here: Run) -> None:
    result = run_here("import", "-", stdin="id,to,priority\na,+1,high\nb,+12125551234,9\nb,+12125551235,\nc,,\n")
    assert result.exit_code == 1
    assert result.stdout == "4 rows: 1 accepted, 0 already known, 1 conflicting, 2 bad.\n"
    assert result.stderr.splitlines() == [
        "row 2: invalid_field: priority must be a whole number from 0 to 9.",
        "row 4: conflict: The id 'b' already is another job, which stands.",
        "row 5: missing_field: The field 'to', the number to call, is missing.",
    ]


def test_twenty_are_told_in_full(run_here: Run) -> None:
    result = run_here("import", "-", stdin="id,to\n" + "a,\n" * 25)
    assert len(result.stderr.splitlines()) == 21
    assert "… and 5 more" in result.stderr


def test_the_summary_for_programs(run_here: Run) -> None:
    lines = [{"id": f"j{n}", "to": "" if n % 2 else "+12125551234"} for n in range(4000)]
    result = run_here("import", "-", "--json", stdin="\n".join(map(json.dumps, lines)))
    assert (result.exit_code, result.stderr) == (1, "")
    summary = json.loads(result.stdout)
    bad = summary.pop("bad")
    assert summary == {"rows": 4000, "accepted": 2000, "replayed": 0, "conflicting": 0, "bad_rows": 2000}
    assert len(bad) == 1000
    assert bad[0] == {"row": 2, "code": "invalid_field", "message": "to is empty."}


def test_a_file_that_will_not_do_is_2(run_here: Run, real_redis: Redis) -> None:
    result = run_here("import", "-", stdin="to,phone\n+1,+2\n")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: -: There is no column 'phone'. Known columns: id, to, ")
    assert real_redis.dbsize() == 0


def unavailable(why: str) -> LedgerUnavailable:
    """What the store client raises for a connection that broke."""
    error = LedgerUnavailable(why)
    error.__cause__ = RedisConnectionError(why)
    return error


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [(KeyboardInterrupt(), 130, "interrupted."), (unavailable("gone"), 1, "does not answer: gone.")],
)
def test_what_ends_it_half_way_says_how_far_it_came(
    run_here: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    """And running it again brings in the rest, and nothing twice."""
    stdin = "to\n" + "".join(f"+1212555{n}\n" for n in range(1000, 2200))
    with monkeypatch.context() as patch:
        entered: list[int] = []
        enter = Tally.enter

        def interrupted(tally: Tally, number: int, *args: Any) -> None:
            if number == CHUNK + 2:
                raise error
            enter(tally, number, *args)
            entered.append(number)

        patch.setattr(Tally, "enter", interrupted)
        result = run_here("import", "-", stdin=stdin)
    assert result.exit_code == code
    assert told in result.stderr
    assert f"{CHUNK} rows are in" in result.stderr
    assert result.stderr.count("\n") == 1
    again = run_here("import", "-", stdin=stdin)
    # The second chunk was in when it ended, which nobody had been told.
    assert again.stdout == "1200 rows: 200 accepted, 1000 already known, 0 conflicting, 0 bad.\n"


def test_rows_are_entered_by_the_chunk(redis_client: Redis) -> None:
    ground, tally = Ground.over(redis_client), Tally()
    rows: list[tuple[int, Job] | BadRow] = [(n, job(f"j{n}")) for n in range(2 * CHUNK)]
    rows += [BadRow(number=9, code="invalid_field", message="bad"), (10, job("j1", to="+1"))]
    steps = [(each.rows, each.entered) for each in bring_in(rows, ground.ledger, tally)]
    assert steps == [(CHUNK, CHUNK), (2 * CHUNK, 2 * CHUNK), (2 * CHUNK + 2, 2 * CHUNK)]
    assert (tally.bad, tally.conflicting) == (1, 1)


class TestDryRun:
    STDIN = "id,to,from\na,+1 212-555-1234,\nb,911,\nc,112,\nd,+12125551234,no number\ne,,\na,+12125551239,\n"

    def test_it_says_why_and_enters_nothing(self, run: Run) -> None:
        """Not even Redis is asked."""
        result = run("import", "-", "--dry-run", stdin=self.STDIN, DIALER_REDIS_URL="redis://localhost:1")
        assert result.exit_code == 1
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert lines[:2] == ["6 rows; 1 would be dialed. Nothing was entered.", ""]
        assert lines[3].startswith("emergency_number 2 3, 4 Remove the job;")
        assert {line.split()[0] for line in lines[4:]} == {"not_a_number", "missing_field", "repeated"}

    def test_for_programs(self, run: Run) -> None:
        summary = json.loads(run("import", "-", "--dry-run", "--json", stdin=self.STDIN).stdout)
        assert (summary["rows"], summary["would_be_dialed"]) == (6, 1)
        assert summary["repeated_ids"] == {"count": 1, "rows": [7]}
        assert {code: entry["rows"] for code, entry in summary["codes"].items()} == {
            "emergency_number": [3, 4],
            "not_a_number": [5],
            "missing_field": [6],
        }
        assert set(summary["codes"]["not_a_number"]) == {"count", "rows", "meaning", "fix"}

    def test_the_operator_s_rules_hold(self, run: Run) -> None:
        stdin = "to\n+44 20 7946 0958\n+1 212-555-1234\n"
        assert run("import", "-", "--dry-run", stdin=stdin).exit_code == 0
        result = run("import", "-", "--dry-run", stdin=stdin, DIALER_ALLOWED_REGIONS="US")
        assert result.exit_code == 1
        assert "region_not_allowed" in result.stdout


def junk(seed: int) -> bytes:
    """A sheet of some hundred rows; between the good ones all sorts of bytes."""
    rng = random.Random(seed)
    lines = [b"id,to,attributes.k"]
    for n in range(100):
        lines += [rng.randbytes(rng.randrange(40)), b"good-%d,+12125551234," % n, b"\xff,%d,\x00" % n, b'x,"', b'",,']
    return b"\n".join(lines)


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["import", "dry run"])
def test_any_bytes_are_imported_or_told(
    run_here: Run, real_redis: Redis, file_format: str, dry: tuple[str, ...]
) -> None:
    """No crash, no traceback, and as many records as jobs are reported."""
    for seed in range(3):
        result = run_here("import", "-", "--format", file_format, "--json", *dry, stdin=junk(seed))
        assert isinstance(result.exception, SystemExit)
        assert result.exit_code == 1
        summary = json.loads(result.stdout)
        assert summary["rows"] > 100
        if not dry:
            counted = [summary[name] for name in ("accepted", "replayed", "conflicting", "bad_rows")]
            assert sum(counted) == summary["rows"]
            assert summary["accepted"] == len(real_redis.keys("dialer:job:*"))
            assert file_format == "jsonl" or summary["accepted"] > 50
            real_redis.flushdb()
    assert real_redis.keys("dialer:job:*") == []
