"""The dry run is the import without its last step: the same words and counts, and nothing changes in Redis."""

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from redis import Redis

from tests.support.ground import Ground, job
from tests.unit.conftest import Run

SAMPLES = Path(__file__).parents[2] / "samples" / "lists"
MIXED = "id,to,from,priority,not_after\na,+1 212-555-1234,,,\nb,911,,,\nc,112,,,\nd,+12125551234,no number,,\ne,,,,\n"
MIXED += "a,+12125551239,,,\na,+1 212-555-1234,,,\nf,+12125551235,,high,\ng,+12125551236,,,tomorrow\n"
MIXED += "h,+12125551237,,,2001-01-01T00:00:00Z\nshort,+1\nknown,+12125551238,,,\nother,+12125551240,,,\n"


def everything(redis: Redis) -> dict[str, Any]:
    """Every key with its content."""
    read: dict[str, Callable[[str], Any]] = {
        "hash": redis.hgetall,
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        "list": lambda key: redis.lrange(key, 0, -1),
    }
    found: Iterator[Any] = redis.scan_iter("*")
    return {key: read[str(redis.type(key))](key) for key in found}


def counted(result: Result) -> str:
    """The line of counts, without the words in which a dry run differs."""
    line = next(line for line in result.stdout.splitlines() if " rows: " in line)
    more = [line.split(" rows ")[0] for line in result.stdout.splitlines() if "an earlier row" in line]
    return ", ".join([line.replace("would be accepted", "accepted"), *more])


def compare(run: Run, redis: Redis, *arguments: str, **options: Any) -> tuple[Result, Result]:
    """Run both, the dry one first and last; hold the words and the exit code equal."""
    before = everything(redis)
    dry = run("import", *arguments, "--dry-run", **options)
    assert everything(redis) == before
    real = run("import", *arguments, **options)
    assert (dry.stderr, dry.exit_code) == (real.stderr, real.exit_code)
    if real.exit_code != 2:
        assert counted(dry) == counted(real)
        after = everything(redis)
        again = run("import", *arguments, "--dry-run", **options)
        assert everything(redis) == after
        assert " 0 would be accepted" in again.stdout
    return dry, real


def test_one_file_with_everything(run_here: Run, real_redis: Redis) -> None:
    Ground.over(real_redis).ledger.accept([job("known", to="+12125551238"), job("other", to="+1")])
    dry, real = compare(run_here, real_redis, "-", stdin=MIXED)
    assert real.exit_code == 1
    assert counted(dry) == "13 rows: 1 accepted, 2 already known, 2 conflicting, 8 refused."
    told = [line.split(": ")[0:2] for line in real.stderr.splitlines()]
    assert told == [
        ["row 3", "emergency_number"],
        ["row 4", "emergency_number"],
        ["row 5", "not_a_number"],
        ["row 6", "missing_field"],
        ["row 7", "conflict"],
        ["row 9", "invalid_field"],
        ["row 10", "invalid_field"],
        ["row 11", "not_after_passed"],
        ["row 12", "malformed_job"],
        ["row 14", "conflict"],
    ]
    assert real_redis.hget("dialer:job:known", "replays") == "1"


def test_for_programs(run_here: Run, real_redis: Redis) -> None:
    dry = json.loads(run_here("import", "-", "--dry-run", "--json", stdin=MIXED).stdout)
    real = json.loads(run_here("import", "-", "--json", stdin=MIXED).stdout)
    assert (dry.pop("dry_run"), real.pop("dry_run")) == (True, False)
    assert dry == real
    assert {code: entry["rows"] for code, entry in real["codes"].items()} == {
        "emergency_number": [3, 4],
        "invalid_field": [9, 10],
        "not_a_number": [5],
        "missing_field": [6],
        "not_after_passed": [11],
        "malformed_job": [12],
    }
    assert set(real["codes"]["not_a_number"]) == {"count", "rows", "meaning", "fix"}


def test_a_redis_that_is_away_is_told(run: Run) -> None:
    result = run("import", "-", "--dry-run", stdin="to\n+12125551234\n", DIALER_REDIS_URL="redis://localhost:1")
    assert result.exit_code == 4
    assert "does not answer" in result.stderr
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)


def test_the_operators_rules_hold(run_here: Run) -> None:
    stdin = "to\n+44 20 7946 0958\n+1 212-555-1234\n"
    assert run_here("import", "-", "--dry-run", stdin=stdin).exit_code == 0
    result = run_here("import", "-", "--dry-run", stdin=stdin, DIALER_ALLOWED_REGIONS="US")
    assert result.exit_code == 1
    assert "region_not_allowed" in result.stdout


def test_how_long_the_calls_take(run_here: Run) -> None:
    stdin = "to\n" + "".join(f"+1212555{n}\n" for n in range(1000, 1120))
    result = run_here("import", "-", "--dry-run", stdin=stdin, DIALER_RATE_LIMIT="60/60s")
    assert "At 60 requests in 60 s, the calls take at least 0:02:01." in result.stdout


CRM = ("--map", "Phone=to", "--map", "contact id=id", "--ignore-unknown")


@pytest.mark.parametrize(
    ("name", "options", "counts", "told"),
    [
        ("cp1252.csv", (), "2 rows: 2 accepted, 0 already known, 0 conflicting, 0 refused.", "Windows-1252"),
        ("utf16.csv", (), "1 rows: 1 accepted, 0 already known, 0 conflicting, 0 refused.", "UTF-16"),
        ("excel-sep.csv", (), "2 rows: 2 accepted, 0 already known, 0 conflicting, 0 refused.", ""),
        ("pipe.csv", (), "1 rows: 1 accepted, 0 already known, 0 conflicting, 0 refused.", ""),
        ("crm-export.csv", CRM, "2 rows: 2 accepted, 0 already known, 0 conflicting, 0 refused.", "'Opt Out'"),
        (
            "repeated.csv",
            (),
            "5 rows: 5 accepted, 0 already known, 0 conflicting, 0 refused., 4",
            "row 6: the same number as row 2",
        ),
        (
            "repeated.csv",
            ("--repeated", "skip"),
            "5 rows: 1 accepted, 0 already known, 0 conflicting, 0 refused., 4",
            "row 3: the same number as row 2",
        ),
        (
            "excel-damage.csv",
            (),
            "5 rows: 2 accepted, 0 already known, 0 conflicting, 3 refused.",
            "row 2: not_a_number: A spreadsheet wrote it in scientific notation",
        ),
    ],
)
def test_a_list_as_people_have_it(
    run_here: Run, real_redis: Redis, name: str, options: tuple[str, ...], counts: str, told: str
) -> None:
    _, real = compare(run_here, real_redis, str(SAMPLES / name), *options)
    assert counted(real) == counts
    assert told in real.stderr
    assert bool(real.stderr) == bool(told)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no-header.csv", "The first line is a row of data; put a header before it, such as: to"),
        ("crm-export.csv", "Unknown column 'Contact ID'. Name its field with --map 'Contact ID=FIELD'"),
    ],
)
def test_a_list_that_will_not_do(run_here: Run, real_redis: Redis, name: str, told: str) -> None:
    _, real = compare(run_here, real_redis, str(SAMPLES / name))
    assert real.exit_code == 2
    assert told in real.stderr
    assert "212555" not in real.stderr


def table(delimiter: str, end: str, *, quoted: bool = False, name: str = "J\xfcrgen") -> str:
    mark: Callable[[str], str] = (lambda cell: f'"{cell}"') if quoted else str
    rows = [["ID", "To", "attributes.Name"], ["r-1", "+12125550101", name], ["r-2", "+12125550102", "Zo\xeb"]]
    return "".join(delimiter.join(map(mark, row)) + end for row in rows)


@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_every_delimiter_in_every_encoding(
    run_here: Run, real_redis: Redis, delimiter: str, encoding: str, end: str, quoted: bool
) -> None:
    content = table(delimiter, end, quoted=quoted).encode(encoding)
    if encoding == "utf-16-be":
        content = codecs.BOM_UTF16_BE + content
    summary = json.loads(run_here("import", "-", "--json", stdin=content).stdout)
    assert (summary["rows"], summary["accepted"]) == (2, 2)
    names = [Ground.over(real_redis).record(f"r-{n}")["attributes"]["Name"] for n in (1, 2)]
    assert names == ["J\xfcrgen", "Zo\xeb"]


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_a_separator_line_decides(run_here: Run, real_redis: Redis, separator: str) -> None:
    """Even where another delimiter would split the header into more columns."""
    content = f"sep={separator}\r\n" + table(separator, "\r\n", name="a,b;c|d").replace("a,b;c|d", "x")
    summary = json.loads(run_here("import", "-", "--json", stdin=content).stdout)
    assert summary["accepted"] == 2


class TestRepeatedNumbers:
    SHEET = "id,to\na,+12125550107\nb,(212) 555-0107\nc,+12125550108\nd,212.555.0107\na,+12125550107\n"

    def test_each_row_is_named_with_the_first(self, run_here: Run, real_redis: Redis) -> None:
        """The row with a known id is the same job, which is no second call."""
        _, real = compare(run_here, real_redis, "-", stdin=self.SHEET)
        assert real.exit_code == 0
        assert real.stderr.splitlines() == ["row 3: the same number as row 2", "row 5: the same number as row 2"]
        assert counted(real).endswith("refused., 2")

    def test_with_skip_only_the_first_is_called(self, run_here: Run, real_redis: Redis) -> None:
        _, real = compare(run_here, real_redis, "-", "--repeated", "skip", stdin=self.SHEET)
        assert counted(real) == "5 rows: 2 accepted, 1 already known, 0 conflicting, 0 refused., 2"
        assert sorted(real_redis.keys("dialer:job:*")) == ["dialer:job:a", "dialer:job:c"]

    def test_a_row_that_is_refused_is_nobodys_first(self, run_here: Run, real_redis: Redis) -> None:
        stdin = "id,to,not_after\na,+12125550107,2001-01-01T00:00:00Z\nb,+12125550107,\n"
        _, real = compare(run_here, real_redis, "-", "--repeated", "skip", stdin=stdin)
        assert counted(real) == "2 rows: 1 accepted, 0 already known, 0 conflicting, 1 refused."


class TestIdsFromContent:
    SHEET = "to\n+12125550101\n020 7946 0958\n"

    @pytest.mark.parametrize(
        "options", [("--batch", "b"), ("--region", "GB", "--batch", "c"), ("--numbers", "national")]
    )
    def test_the_same_file_with_other_options_calls_nobody_again(
        self, run_here: Run, real_redis: Redis, options: tuple[str, ...]
    ) -> None:
        run_here("import", "-", "--region", "GB", stdin=self.SHEET)
        jobs = set(real_redis.keys("dialer:job:*"))
        assert len(jobs) == 2
        again = run_here("import", "-", *options, stdin=self.SHEET)
        assert again.exit_code == 1
        assert "imported before with other options, such as --batch or --region; kept the first" in again.stderr
        assert set(real_redis.keys("dialer:job:*")) == jobs
