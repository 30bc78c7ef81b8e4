"""`dialer import`: jobs are counted, bad rows are printed, and a repeated import calls nobody twice."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from tasks.errors import LedgerUnavailable
from tests.unit.conftest import Run
from worker.importing.bulk import CHUNK
from worker.importing.rows import JobRow
from worker.importing.summary import ImportSummary

SHEET = "id,to,region\na,+1 212-555-1234,\nb,(212) 555-1235,US\n,+1 212-555-1236,\n"


@pytest.fixture
def sheet(alone: Path) -> str:
    (alone / "jobs.csv").write_text(SHEET)
    return "jobs.csv"


def test_a_sheet_becomes_jobs(run_here: Run, real_redis: Redis, sheet: str) -> None:
    result = run_here("import", sheet, "--batch", "spring")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "3 rows: 3 accepted, 0 already known, 0 conflicting, 0 refused."
    assert real_redis.hmget("dialer:job:a", ["state", "to_raw", "batch"]) == ["queued", "+1 212-555-1234", "spring"]


def test_the_same_file_again_is_known(run_here: Run, real_redis: Redis, sheet: str) -> None:
    run_here("import", sheet)
    keys = real_redis.dbsize()
    result = run_here("import", sheet)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "3 rows: 0 accepted, 3 already known, 0 conflicting, 0 refused."
    assert real_redis.dbsize() == keys


def test_bad_rows_are_told_and_do_not_stop_the_rest(run_here: Run) -> None:
    result = run_here("import", "-", stdin="id,to,priority\na,+1,high\nb,+12125551234,9\nb,+12125551235,\nc,,\n")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "4 rows: 1 accepted, 0 already known, 1 conflicting, 2 refused."
    assert result.stderr.splitlines() == [
        "row 2: invalid_field: priority must be a whole number from 0 to 9.",
        "row 4: conflict: The id 'b' is already used by a different job; kept the first.",
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
    counts = ("rows", "accepted", "replayed", "conflicting", "bad_rows")
    assert [summary[name] for name in counts] == [4000, 2000, 0, 0, 2000]
    assert len(bad) == 1000
    assert bad[0] == {"row": 2, "code": "invalid_field", "message": "to is empty."}


def test_a_file_that_will_not_do_is_2(run_here: Run, real_redis: Redis) -> None:
    result = run_here("import", "-", stdin="to,phone\n+1,+2\n")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: -: Unknown column 'phone'. Name its field with --map ")
    assert real_redis.dbsize() == 0


def unavailable(why: str) -> LedgerUnavailable:
    """What the store client raises for a connection that broke."""
    error = LedgerUnavailable(why)
    error.__cause__ = RedisConnectionError(why)
    return error


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [(KeyboardInterrupt(), 130, "interrupted."), (unavailable("gone"), 4, "does not answer: gone.")],
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
        enter = ImportSummary.add_job

        def interrupted(summary: ImportSummary, row: JobRow, *args: Any) -> None:
            if row.number == CHUNK + 2:
                raise error
            enter(summary, row, *args)
            entered.append(row.number)

        patch.setattr(ImportSummary, "add_job", interrupted)
        result = run_here("import", "-", stdin=stdin)
    assert result.exit_code == code
    assert told in result.stderr
    assert f"{CHUNK} rows were entered." in result.stderr
    assert result.stderr.count("\n") == 1
    again = run_here("import", "-", stdin=stdin)
    # The second chunk was in when it ended, which nobody had been told.
    assert again.stdout.splitlines()[0] == "1200 rows: 200 accepted, 1000 already known, 0 conflicting, 0 refused."


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


class TestNumbers:
    """`--numbers`: what a spreadsheet took from the numbers of a file."""

    SHEET = "id,to,region,from\na,442079460958,,\nb,4915123456789,DE,\nc,30 123456,DE,30 123457\nd,331234567,IT,\n"

    @pytest.mark.parametrize(
        ("options", "dialed", "bad"),
        [((), 2, 2), (("--numbers", "international"), 2, 2), (("--numbers", "national"), 2, 2)],
    )
    def test_the_dry_run_reads_them_so(self, run_here: Run, options: tuple[str, ...], dialed: int, bad: int) -> None:
        summary = json.loads(run_here("import", "-", "--dry-run", "--json", *options, stdin=self.SHEET).stdout)
        assert (summary["accepted"], summary["bad_rows"]) == (dialed, bad)

    def test_lost_plus_signs_take_the_region_away(self, run_here: Run, real_redis: Redis) -> None:
        run_here("import", "-", "--numbers", "international", stdin=self.SHEET)
        job = json.loads(real_redis.hget("dialer:job:b", "_job") or "{}")
        assert (job["to"], job["region"]) == ("4915123456789", "ZZ")

    def test_lost_zeros_come_back_in_both_numbers(self, run_here: Run, real_redis: Redis) -> None:
        result = run_here("import", "-", "--numbers", "national", stdin=self.SHEET)
        assert result.stdout.splitlines()[0] == "4 rows: 2 accepted, 0 already known, 0 conflicting, 2 refused."
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["row 2", "row 5"]
        assert "row 5: ambiguous_number: " in result.stderr
        assert real_redis.hget("dialer:job:c", "to_raw") == "030123456"
        assert real_redis.hget("dialer:job:b", "to_raw") == "04915123456789"

    def test_a_row_keeps_the_id_that_its_content_gives(self, run_here: Run, real_redis: Redis) -> None:
        """Another reading of a row that is in is a conflict, never a second call."""
        row = "to,region\n4930123456,DE\n"
        first = run_here("import", "-", "--numbers", "national", stdin=row)
        assert "1 accepted" in first.stdout
        other = run_here("import", "-", "--numbers", "international", stdin=row)
        assert "1 conflicting" in other.stdout

    def test_a_region_and_no_region_are_a_mistake(self, run_here: Run) -> None:
        result = run_here("import", "-", "--numbers", "international", "--region", "DE", stdin=self.SHEET)
        assert result.exit_code == 2
        assert "leave out --region" in result.stderr
