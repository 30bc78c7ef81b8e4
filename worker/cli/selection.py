"""Which jobs a command is about: those with given ids, or those that a filter finds."""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, TypeVar

import click
from redis import Redis

from tasks.codes import Code, State
from tasks.errors import JobError
from tasks.job import parse_job_id
from tasks.ledger.cancel_retry import CancelRetry, JobSeen
from tasks.ledger.records import Records
from worker.cli.errors import WrongUsage
from worker.importing.lines import lines

#: Jobs per round trip: enough to hide its latency, and few enough not to block other clients of Redis.
CHUNK: Final = 500
T = TypeVar("T")


class CodeChoice(click.Choice[str]):
    """A code; a wrong one is answered with the nearest, for the whole list is too long for a line."""

    def __init__(self) -> None:
        super().__init__([str(code) for code in Code])

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's
        near = get_close_matches(str(value), self.choices, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/reference/states-and-codes.md lists all codes."
        return f"{value!r} is not a code; {hint}"


def ids_of(arguments: Iterable[str]) -> list[str]:
    """Return each id once, in order; the argument `-` stands for the lines of standard input.

    Raises WrongUsage if a line cannot be an id.
    """
    ids: list[str] = []
    for each in arguments:
        ids += _lines() if each == "-" else [each]
    return list(dict.fromkeys(ids))


def _lines() -> Iterator[str]:
    text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
    for number, (line, _) in enumerate(lines(text, "\n"), 1):
        job_id = line.rstrip("\r\n")
        if job_id.strip():
            try:
                yield parse_job_id(job_id)
            except JobError as error:
                raise WrongUsage(
                    f"line {number} of standard input is not the id of a job: {error.message}"
                ) from error


def look_at(jobs: CancelRetry, job_ids: Iterable[str]) -> Iterator[JobSeen]:
    """Look at jobs in chunks."""
    for some in chunks(job_ids):
        yield from jobs.look(some)


def find(
    redis: Redis, jobs: CancelRetry, states: Sequence[State], *, batch: str | None, code: str | None
) -> Iterator[JobSeen]:
    """Yield the jobs in these states, of one batch and with one code, or of all."""
    seen = look_at(jobs, dict.fromkeys(Records(redis).ids(states, batch=batch)))
    return (job for job in seen if job.state in states and (code is None or job.code == code))


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, CHUNK)):
        yield some
