"""Every door by which a job, or a caller ID, comes in: the same case through each, and what the door says of it.

All stand on one fake Redis. Behind them works a whole worker, wired as `dialer worker` wires it, whose API accepts
every call: what is refused, Dialer refuses.
"""

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from click.testing import Result
from redis import Redis

from config.settings import load
from tasks.codes import Code
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.genesys.oauth import Grant
from tasks.job import FIELDS
from tasks.ledger.records import Record, Records
from tests.support.messages import message
from worker.wiring import Parts, wire

ACCEPTED: Final = "accepted"
ID: Final = "order-42"
CREDENTIALS: Final = {
    "GENESYS_CLOUD_CLIENT_ID": "client",
    "GENESYS_CLOUD_CLIENT_SECRET": "secret",
    "GENESYS_CLOUD_USER_ID": "user",
    "GENESYS_CLOUD_WRAP_UP_CODE_ID": "wrap",
    "DIALER_CALLER_ID": "+12125559876",
    "DIALER_RATE_LIMIT": "100000/1s",
}
_NUMERIC: Final = ("priority", "max_attempts")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a producer writes, under which settings of the operator."""

    fields: dict[str, Any]
    settings: dict[str, str] = field(default_factory=dict)
    job_id: Any = ID


class GenerousApi:
    """Genesys Cloud, giving tokens and placing every call."""

    def __init__(self, *_: object) -> None:
        self.placed: list[CallRequest] = []

    def request_token(self) -> Grant:
        return Grant("token", 3600)

    def request_limit(self, token: str) -> int:
        assert token
        return 300

    def place_call(self, request: CallRequest, *, token: str) -> PlacedCall:
        self.placed.append(request)
        return PlacedCall(conversation_id="c-1", http_status=201, correlation_id=None, reading=None)


class Doors:
    """`run` is `dialer` in this process. Each door gives `accepted`, or the code of the refusal."""

    def __init__(self, redis: Redis, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
        self._redis = redis
        self._run = run
        self.api = GenerousApi()
        client: Any = type(redis)  # with the errors of the store client
        server = redis.connection_pool.connection_kwargs["server"]

        def connect(_settings: object, *, decode: bool = True, **_: object) -> Redis:
            made: Redis = client(server=server, decode_responses=decode)
            return made

        for module in ("worker.wiring", "worker.cli.store", "worker.cli.check"):
            monkeypatch.setattr(f"{module}.connect", connect)
        for module in ("worker.wiring", "worker.cli.check"):
            monkeypatch.setattr(f"{module}.Genesys", lambda *_: self.api)
        monkeypatch.setattr("worker.cli.check.redis_findings", lambda *_, **__: ())  # fakeredis has no INFO
        monkeypatch.setattr("worker.cli.work.lasting_fault", lambda _: None)
        monkeypatch.setattr("worker.cli.work.run_worker", lambda *_, **__: 0)
        monkeypatch.setattr("worker.cli.work.configure", lambda *_, **__: None)

    def open_to(self, case: Case) -> Iterator[tuple[str, Callable[[Case], str]]]:
        """The doors at which the case can be written as it is."""
        yield "queue", self.queue
        yield "import", self.import_lines
        yield "dry run", self.dry_run
        if _is_sheet(case):
            yield "dry run of a sheet", self.dry_run_of_sheet
        if _is_command_line(case):
            yield "enqueue", self.enqueue

    def queue(self, case: Case) -> str:
        """A message, taken into the ledger by the worker that dials it."""
        parts = self._worker(case)
        self._redis.lpush("dial", message(case.fields, headers_id=case.job_id))
        assert parts.inbox.drain() == 1
        return self._verdict(parts)

    def import_lines(self, case: Case) -> str:
        """JSONL; what is in is dialed."""
        result = self._import(case, _line(case), "jsonl")
        if result["bad"]:
            return str(result["bad"][0]["code"])
        assert result["accepted"] == 1
        return self._verdict(self._worker(case))

    def dry_run(self, case: Case) -> str:
        return self._previewed(self._import(case, _line(case), "jsonl", "--dry-run"))

    def dry_run_of_sheet(self, case: Case) -> str:
        return self._previewed(self._import(case, _sheet(case), "csv", "--dry-run"))

    def enqueue(self, case: Case) -> str:
        """The command; what is in is dialed, and may expire, but no worker rejects it."""
        result = self._run("enqueue", *_arguments(case), **CREDENTIALS | case.settings)
        if result.exit_code:
            assert result.exit_code == 1, result.stderr
            assert self._redis.dbsize() == 0
            return result.stderr.split(": ")[1]
        verdict = self._verdict(self._worker(case))
        assert verdict in {ACCEPTED, Code.NOT_AFTER_PASSED}
        return verdict

    def check(self, settings: dict[str, str]) -> str:
        """What `dialer check` says of the operator's own caller ID: `accepted`, or what is wrong with it."""
        findings = json.loads(self._run("check", "--json", **CREDENTIALS | settings).stdout)
        ((verdict, told),) = [(each["verdict"], each["message"]) for each in findings if each["check"] == "caller id"]
        return ACCEPTED if verdict == "ok" else _fault(told)

    def start(self, settings: dict[str, str]) -> str:
        """What a worker that starts says of it."""
        result = self._run("worker", **CREDENTIALS | settings)
        return ACCEPTED if result.exit_code == 0 else _fault(result.stderr.strip().removeprefix("Error: "))

    def record(self, case: Case) -> Record:
        """What a call would meet: the record of the case, after the queue and an attempt."""
        self.queue(case)
        record = Records(self._redis).show(ID)
        assert record
        return record

    def ids(self) -> list[str]:
        """The ids of the jobs in the ledger."""
        found: Any = self._redis.keys("dialer:job:*")
        return [key.removeprefix("dialer:job:") for key in found]

    def clear(self) -> None:
        self._redis.flushall()
        self.api.placed.clear()

    def _worker(self, case: Case) -> Parts:
        settings = load(CREDENTIALS | case.settings, dotenv=None)
        return wire(settings, worker="w1", concurrency=1, stopping=threading.Event())

    def _verdict(self, parts: Parts) -> str:
        """Let the worker make its attempt, and look at the record."""
        (job_id,) = self.ids()
        parts.attempt.run(job_id)
        record = Records(self._redis).show(job_id)
        assert record
        assert (record["state"] == "placed") == bool(self.api.placed)
        return ACCEPTED if record["state"] in {"placed", "scheduled"} else str(record["code"])

    def _import(self, case: Case, stdin: str, file_format: str, *options: str) -> dict[str, Any]:
        arguments = ("import", "-", "--format", file_format, "--json", *options)
        result = self._run(*arguments, stdin=stdin.encode(errors="surrogatepass"), **CREDENTIALS | case.settings)
        assert result.exit_code in {0, 1}, result.stderr
        summary: dict[str, Any] = json.loads(result.stdout)
        assert summary["rows"] == 1
        return summary

    def _previewed(self, summary: dict[str, Any]) -> str:
        assert self._redis.dbsize() == 0
        met = [*summary["codes"], *[ACCEPTED] * summary["accepted"]]
        (verdict,) = met
        return str(verdict)


def _line(case: Case) -> str:
    return json.dumps({"id": case.job_id, **case.fields})


def _sheet(case: Case) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([["id", *case.fields], [case.job_id, *case.fields.values()]])
    return text.getvalue()


def _is_sheet(case: Case) -> bool:
    """Cells have no types and no blanks around them, and an unknown column refuses the file."""
    values = {"id": case.job_id} | case.fields
    return "to" in values and all(
        name in {"id", *FIELDS}
        and (isinstance(value, int) if name in _NUMERIC else isinstance(value, str))
        and str(value).strip() == str(value) != ""
        for name, value in values.items()
    )


def _arguments(case: Case) -> list[str]:
    options = {"id": case.job_id} | {name: value for name, value in case.fields.items() if name != "to"}
    return [*(f"--{name.replace('_', '-')}={value}" for name, value in options.items()), "--", case.fields["to"]]


def _is_command_line(case: Case) -> bool:
    values = {"id": case.job_id} | case.fields
    return "to" in values and all(
        name in {"id", *FIELDS} - {"attributes"}
        and (type(value) is int if name in _NUMERIC else isinstance(value, str))
        for name, value in values.items()
    )


def _fault(told: str) -> str:
    """What is wrong, without the words around it."""
    before, after = "DIALER_CALLER_ID is wrong: ", " Write it in E.164."
    assert told.startswith(before), told
    assert told.endswith(after), told
    return told[len(before) : -len(after)]
