"""`dialer batch`: the batches, the progress of one, and whom a person has to call."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.heartbeat import Heartbeat
from tasks.fleet.pause import Pause, PauseReason
from tasks.ledger.progress import Progress
from tasks.results import CallResult, CallState
from tasks.store import keys
from tests.support.ground import Ground, end_call, job, jobs
from tests.unit.conftest import Run

EachLook = Callable[..., None]


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


@pytest.fixture
def each_look(monkeypatch: pytest.MonkeyPatch) -> EachLook:
    """Something happens between two looks, in turn, or one thing again and again; no time passes."""

    def happens(*events: Callable[[], Any]) -> None:
        turns = cycle(events)

        def sleep(_seconds: float) -> None:
            next(turns)()

        monkeypatch.setattr("worker.cli.watch.time.sleep", sleep)

    return happens


def nothing() -> None:
    """Nothing happens."""


def place(ground: Ground, job_id: str, batch: str = "b") -> None:
    ground.end(ground.sending(job(job_id, batch=batch)), State.PLACED, Code.PLACED)


def reject(ground: Ground, job_id: str, **fields: Any) -> None:
    ground.end(ground.sending(job(job_id, **{"batch": "b"} | fields)), State.REJECTED, Code.NO_STATION)


def shown(run_here: Run, *args: str, **settings: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_here("batch", *args, "--json", **settings).stdout)
    return found


def cells(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line) for line in output.splitlines()]


# The list


def test_the_batches_with_the_last_changed_first(run_here: Run, ground: Ground) -> None:
    assert shown(run_here) == {"batches": []}
    ground.ledger.accept(jobs(2, "one", batch="one"))
    ground.ledger.accept(jobs(3, "two", batch="two", first=2000))
    end_call(ground, "one-0", CallResult.ANSWERED, batch="one")
    place(ground, "one-1", "one")
    (one, two) = shown(run_here)["batches"]
    assert [one[name] for name in ("batch", "jobs", "done", "answered")] == ["one", 2, 2, 1]
    assert [two[name] for name in ("batch", "jobs", "done", "answered")] == ["two", 3, 0, 0]
    assert one["first_at"] <= two["first_at"] <= two["last_at"] <= one["last_at"]
    header, *rows = cells(run_here("batch").stdout)
    assert header == ["batch", "jobs", "done", "answered", "first job (UTC)", "last change (UTC)"]
    assert [row[:4] for row in rows] == [["one", "2", "2", "1"], ["two", "3", "0", "0"]]


def test_the_list_is_bounded(run_here: Run, ground: Ground) -> None:
    for n in range(22):
        ground.ledger.accept([job(f"j{n}", batch=f"b{n}")])
    result = run_here("batch")
    assert [row[0] for row in cells(result.stdout)[1:]] == [f"b{n}" for n in range(21, 1, -1)]
    assert result.stderr == "More: dialer batch --limit 40\n"
    assert run_here("batch", "--limit", "40").stderr == ""


def test_a_batch_whose_records_have_expired_is_not_listed(run_here: Run, ground: Ground) -> None:
    ground.redis.zadd(keys.batches, {f"gone{n}": n for n in range(30)})
    ground.ledger.accept([job("a", batch="here")])
    ground.redis.zadd(keys.batches, {"here": -1})
    assert [each["batch"] for each in shown(run_here, "--limit", "5")["batches"]] == ["here"]


# One batch


def test_how_far_it_is(run_here: Run, ground: Ground) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(3)])
    place(ground, "j0")
    found = shown(run_here, "b")
    assert {name: found[name] for name in ("batch", "jobs", "done", "percent", "states", "results")} == {
        "batch": "b",
        "jobs": 3,
        "done": 1,
        "percent": 33,
        "states": {"open": 2, "placed": 1},
        "results": {},
    }
    assert run_here("batch", "b").stdout.endswith("\n1 of 3 done\n")


def test_outcomes_and_results_with_the_fix_for_each(run_here: Run, ground: Ground) -> None:
    for n, result in enumerate([CallResult.BUSY, CallResult.ANSWERED, CallResult.BUSY]):
        end_call(ground, f"j{n}", result, batch="b")
    reject(ground, "r")
    found = shown(run_here, "b", GENESYS_CLOUD_PROFILE="public")
    assert [(each["state"], each["code"], each["jobs"]) for each in found["codes"]] == [
        ("placed", "placed", 3),
        ("rejected", "no_station", 1),
    ]
    assert found["results"] == {"answered": 1, "busy": 2}
    printed = cells(run_here("batch", "b").stdout)
    fix = "In Genesys Cloud, assign the user a default station on an active edge."
    assert ["rejected", "no_station", "1", fix] in printed
    assert ["busy", "2", "Call again later, under a new id."] in printed


def test_what_waits_for_what(run_here: Run, ground: Ground) -> None:
    later = datetime(2099, 1, 1, 9, tzinfo=UTC)
    ground.ledger.accept(jobs(3, batch="b"))
    ground.ledger.accept(jobs(2, "later", first=2000, batch="b", not_before=later))
    ground.ledger.accept(jobs(1, "last", first=3000, batch="b", not_before=later + timedelta(hours=1)))
    waiting = shown(run_here, "b")["waiting"]
    assert (waiting["due"], waiting["later"], waiting["workers"]) == (3, 3, 0)
    assert (waiting["first_later_at"], waiting["last_later_at"]) == (
        "2099-01-01T09:00:00.000Z",
        "2099-01-01T10:00:00.000Z",
    )
    Pause(ground.redis).begin(PauseReason.OPERATOR, "lunch", for_s=None)
    printed = run_here("batch", "b").stdout
    assert ["due", "3 now or in progress"] in cells(printed)
    assert ["later", "3 scheduled, from 2099-01-01 09:00 to 2099-01-01 10:00 UTC"] in cells(printed)
    assert ["workers", "none: start one with 'dialer worker'"] in cells(printed)
    assert re.search(r"^paused +operator, since .* UTC, until it is ended: lunch$", printed, re.MULTILINE)
    assert ["time left", "unknown while paused"] in cells(printed)


def test_the_time_left_at_the_pace_comes_after_what_is_due_for_others(run_here: Run, ground: Ground) -> None:
    ground.ledger.accept(jobs(100, batch="b"))

    def time_left() -> str:
        (text,) = [row[1] for row in cells(run_here("batch", "b").stdout) if row[0] == "time left"]
        return text

    assert (shown(run_here, "b")["left_s"], time_left()) == (None, "unknown: no worker is running")
    Heartbeat(ground.redis, worker="host:1:a", concurrency=8).beat()
    assert shown(run_here, "b")["left_s"] == 20.2
    ground.ledger.accept(jobs(100, "others", first=2000, batch="other"))
    assert shown(run_here, "b")["left_s"] == 40.4
    assert time_left() == "at least 0:00:40 at the pace"
    ground.redis.hset(keys.breaker, "open", "outage")
    assert time_left() == "unknown while probing"


def test_a_batch_of_an_earlier_version(run_here: Run, ground: Ground) -> None:
    """It has indexes and no counts; what is counted from now on is shown beside it."""
    ground.ledger.accept(jobs(2, batch="b"))
    reject(ground, "old")
    ground.redis.delete(keys.batch_counts("b"), keys.batches)
    printed = run_here("batch", "b").stdout
    assert ["first job", "not known: entered by an earlier version"] in cells(printed)
    told = "An earlier version counted no codes: dialer list --state rejected --batch b"
    assert ["rejected", "(not counted)", "1", told] in cells(printed)
    assert printed.endswith("1 of 3 done\n")
    reject(ground, "new")
    printed = run_here("batch", "b").stdout
    assert [row[:3] for row in cells(printed) if row[0] == "rejected"] == [
        ["rejected", "no_station", "1"],
        ["rejected", "(not counted)", "1"],
    ]


def test_no_key_is_searched_for(run_here: Run, ground: Ground) -> None:
    """The counts come from the scripts; a scan would get slower with everything else that Redis holds."""
    place(ground, "a")
    ground.redis.config_resetstat()
    for args in (["batch"], ["batch", "b"], ["batch", "b", "--wait"], ["batch", "b", "--by-hand"]):
        assert run_here(*args).exit_code == 0
    asked = {name.removeprefix("cmdstat_") for name in ground.redis.info("commandstats")}
    assert "hgetall" in asked
    assert asked & {"scan", "keys"} == set()


# --watch and --wait


def test_it_is_watched_until_all_are_done(run_here: Run, ground: Ground, each_look: EachLook) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(2)])
    left = ["j0", "j1"]
    each_look(lambda: place(ground, left.pop()))
    result = run_here("batch", "b", "--watch")
    assert result.exit_code == 0
    assert [line[:11] for line in result.stdout.splitlines() if "done" in line] == [
        f"{n} of 2 done" for n in range(3)
    ]
    assert "\x1b" not in result.stdout


def test_a_pipe_gets_a_line_only_when_something_has_changed(
    run_here: Run, ground: Ground, each_look: EachLook
) -> None:
    ground.ledger.accept([job(f"j{n}", batch="b") for n in range(2)])
    each_look(nothing, nothing, lambda: place(ground, "j0"), nothing, lambda: place(ground, "j1"))
    lines = run_here("batch", "b", "--watch").stdout.splitlines()
    assert lines[:2] == [
        "0 of 2 done (0 %), time left: unknown: no worker is running",
        "1 of 2 done (50 %), time left: unknown: no worker is running",
    ]
    assert lines[2].startswith("batch ")


@pytest.mark.parametrize(
    ("end", "exit_code"), [(place, 0), (reject, 1), (lambda ground, job_id: ground.cancel(job_id), 1)]
)
def test_waiting_ends_with_the_batch(
    run_here: Run,
    ground: Ground,
    each_look: EachLook,
    end: Callable[[Ground, str], Any],
    exit_code: int,
) -> None:
    ground.ledger.accept([job("j0", batch="b"), job("j1", batch="b")])
    place(ground, "j0")
    each_look(lambda: end(ground, "j1"))
    result = run_here("batch", "b", "--wait")
    assert result.exit_code == exit_code
    told = "Error: 1 jobs were not placed; see: dialer batch b --by-hand\n" if exit_code else ""
    assert result.stderr == told
    assert result.stdout.endswith("2 of 2 done\n")


def test_waiting_lasts_until_the_followed_calls_have_ended(
    run_here: Run, ground: Ground, each_look: EachLook
) -> None:
    ground.end(ground.sending(job("a", batch="b")), State.PLACED, Code.PLACED, conversation_id="c")
    each_look(nothing, lambda: end_of_call(ground))
    result = run_here("batch", "b", "--wait")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 of 1 done (100 %), 1 calls going on\n")
    assert ["busy", "1", "Call again later, under a new id."] in cells(result.stdout)


def end_of_call(ground: Ground) -> None:
    ground.advance(60)
    (call,) = ground.following.take(most=50).calls
    ground.following.record([(call, Progress(state=CallState.ENDED, result=CallResult.BUSY))])


def test_json_comes_once_at_the_end_of_a_wait(run_here: Run, ground: Ground, each_look: EachLook) -> None:
    ground.ledger.accept([job("j0", batch="b")])
    each_look(lambda: place(ground, "j0"))
    assert json.loads(run_here("batch", "b", "--wait", "--json").stdout)["percent"] == 100


def test_ctrl_c_ends_a_watch_and_a_wait(run_here: Run, ground: Ground, each_look: EachLook) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    each_look(interrupt)
    ground.ledger.accept([job("a", batch="b")])
    for args in (["batch", "b", "--watch"], ["status", "--watch"], ["status", "--json", "--watch"]):
        result = run_here(*args)
        assert (result.exit_code, result.stderr) == (130, "Error: interrupted.\n")
        assert result.stdout
    result = run_here("batch", "b", "--wait")
    assert (result.exit_code, result.stderr) == (130, "Error: stopped waiting; the batch goes on.\n")


@pytest.mark.parametrize("option", ["--wait", "--watch", "--by-hand"])
def test_an_unknown_batch_and_no_redis(run_here: Run, run: Run, option: str) -> None:
    assert run_here("batch", "none", option).exit_code == 3
    assert run("batch", "none", option, DIALER_REDIS_URL="redis://127.0.0.1:1/0").exit_code == 4


@pytest.mark.parametrize(
    "args",
    [
        ["--wait"],
        ["--watch"],
        ["--by-hand"],
        ["b", "--csv"],
        ["b", "--limit", "3"],
        ["b", "--by-hand", "--wait"],
        ["b", "--by-hand", "--csv", "--json"],
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_together(run_here: Run, args: list[str]) -> None:
    assert run_here("batch", *args).exit_code == 2


# --by-hand

FOR_A_PERSON = {
    CallResult.BUSY,
    CallResult.NO_ANSWER,
    CallResult.UNREACHABLE,
    CallResult.AGENT_MISSED,
    CallResult.UNANSWERED,
    CallResult.FAILED,
    CallResult.NOT_KNOWN,
}


@pytest.fixture
def people(ground: Ground) -> set[str]:
    """A batch with everything that can happen; the ids of those whom a person has to call."""
    for result in CallResult:
        end_call(ground, result, result, batch="b", attributes={"order": "42"})
    ended = [(State.FAILED, Code.INTERNAL_ERROR), (State.UNCONFIRMED, Code.SERVER_ERROR)]
    for state, code in ended:
        ground.end(ground.sending(job(f"s-{state}", batch="b")), state, code)
    ground.end(ground.claim(job("s-rejected", batch="b", to="=1+1")), State.REJECTED, Code.NOT_A_NUMBER)
    ground.ledger.accept([job("s-expired", batch="b", not_after=datetime.now(UTC) - timedelta(hours=1))])
    ground.reaper.expire()
    ground.ledger.accept([job("cancelled", batch="b"), job("waits", batch="b"), job("other", batch="c")])
    ground.cancel("cancelled")
    reject(ground, "another", batch="c")
    return {*FOR_A_PERSON, "s-rejected", "s-failed", "s-unconfirmed", "s-expired"}


def test_everyone_whom_a_person_has_to_call(run_here: Run, people: set[str]) -> None:
    found = json.loads(run_here("batch", "b", "--by-hand", "--json").stdout)
    assert sorted(each["id"] for each in found) == sorted(people)
    by_id = {each["id"]: each for each in found}
    busy = by_id["busy"]
    assert (busy["to"], busy["attributes"]) == ("+12125551234", {"order": "42"})
    assert (busy["reason"], busy["what_to_do"]) == (
        "The callee's line was busy.",
        "Call again later, under a new id.",
    )
    assert by_id["s-rejected"]["to_raw"] == "=1+1"
    assert all(each["reason"].endswith(".") and each["what_to_do"] for each in found)


def test_as_csv_for_a_spreadsheet(run_here: Run, people: set[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(run_here("batch", "b", "--by-hand", "--csv").stdout)))
    assert sorted(row["id"] for row in rows) == sorted(people)
    assert {row["to"] for row in rows if row["state"] == "placed"} == {"+12125551234"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@"))]


def test_as_a_table(run_here: Run, people: set[str]) -> None:
    header, *rows = cells(run_here("batch", "b", "--by-hand").stdout)
    assert header == ["id", "number", "why", "attributes", "reason"]
    assert sorted(row[0] for row in rows) == sorted(people)
    assert ["busy", "+12125551234", "busy", "order=42", "The callee's line was busy."] in rows


def test_nobody_so_far(run_here: Run, ground: Ground) -> None:
    place(ground, "a")
    assert run_here("batch", "b", "--by-hand").stdout == "Nobody has to be called by hand so far.\n"
    assert json.loads(run_here("batch", "b", "--by-hand", "--json").stdout) == []
