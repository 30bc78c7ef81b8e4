"""Changes many jobs: selects them, changes each once, and prints what became of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click
from redis import Redis

from config.escaping import escape_unprintable
from config.settings import Settings
from tasks.codes import State
from tasks.errors import LedgerUnavailable
from tasks.ledger.cancel_retry import CancelRetry, JobChange, JobSeen
from worker.cli.errors import CommandError, Interrupted, NotFound
from worker.cli.output import print_json
from worker.cli.progress import progress
from worker.cli.selection import chunks, find, ids_of, look_at
from worker.cli.store import no_job, require_batch, settings_of, store, unavailable

_MAX_PRINTED: Final = 20


@dataclass
class _Changes:
    """What became of the jobs so far."""

    changed: int = 0
    #: id, state and reason of each job that could not be changed.
    unchanged: list[dict[str, Any]] = field(default_factory=list, repr=False)

    @property
    def error(self) -> type[CommandError]:
        """The kind of error if some could not be changed: none of them exists, or something else is wrong."""
        return NotFound if all(each["state"] is None for each in self.unchanged) else CommandError


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a command does to jobs, and its words for it."""

    verb: str
    #: The state of a changed job, and what is printed of several.
    becomes: State
    done: str
    #: Why a job in a state cannot be changed.
    reasons: dict[State, str]
    #: The states that a filter may select.
    states: Sequence[State]
    act: Callable[[CancelRetry, Sequence[JobSeen]], list[JobChange]]

    def run(self, arguments: Sequence[str], filters: dict[str, str | None], *, as_json: bool) -> None:
        """Change the jobs with these ids, or those that the filters (batch, state, code) select.

        Raises CommandError if some could not be changed; NotFound if the only fault is that they do not exist.
        """
        if bool(arguments) == any(value is not None for value in filters.values()):
            raise click.UsageError("Give the ids of jobs, or select them with --batch, --state or --code.")
        settings = settings_of()
        ids = ids_of(arguments)
        single = ids[0] if len(ids) == 1 else None
        with store(settings) as redis:
            jobs = CancelRetry(redis, retention_s=settings.retention_s)
            seen = list(look_at(jobs, ids) if arguments else self._find(redis, jobs, **filters))
            changes = self._change(settings, jobs, seen, quiet=as_json or single is not None)
        if as_json:
            print_json({"changed": changes.changed, "unchanged": changes.unchanged})
            if changes.unchanged:
                raise click.exceptions.Exit(changes.error.exit_code)
        elif single is None:
            self._print_total(changes, len(seen))
        else:
            self._print_single(single, changes)

    def _find(
        self, redis: Redis, jobs: CancelRetry, *, batch: str | None, state: str | None, code: str | None
    ) -> Iterator[JobSeen]:
        require_batch(redis, batch)
        return find(redis, jobs, [State(state)] if state else self.states, batch=batch, code=code)

    def _change(self, settings: Settings, jobs: CancelRetry, seen: list[JobSeen], *, quiet: bool) -> _Changes:
        """Change what was seen, once each, in chunks."""
        changes = _Changes()
        with progress("jobs", total=len(seen)) as (advance, print_line):
            try:
                for some in chunks(seen):
                    for job, change in zip(some, self.act(jobs, some), strict=True):
                        if change.done:
                            changes.changed += 1
                            continue
                        reason = self.reasons[change.state] if change.state else "there is no such job."
                        changes.unchanged.append({"id": job.id, "state": change.state, "reason": reason})
                        if not quiet and len(changes.unchanged) <= _MAX_PRINTED:
                            print_line(f"cannot {self.verb} '{escape_unprintable(job.id)}': {reason}")
                    advance(changes.changed + len(changes.unchanged))
            except LedgerUnavailable as error:
                raise unavailable(settings.redis_url, error, self._so_far(changes, seen)) from error
            except KeyboardInterrupt:
                raise Interrupted(f"interrupted. {self._so_far(changes, seen)}") from None
        return changes

    def _so_far(self, changes: _Changes, seen: list[JobSeen]) -> str:
        # The answer to the last chunk may be lost.
        return f"At least {changes.changed} of {len(seen)} jobs were {self.done}."

    def _print_total(self, changes: _Changes, total: int) -> None:
        click.echo(f"{changes.changed} {self.done}")
        if not changes.unchanged:
            return
        more = len(changes.unchanged) - _MAX_PRINTED
        if more > 0:
            click.echo(f"… and {more} more jobs; --json prints them all.", err=True)
        raise changes.error(f"{len(changes.unchanged)} of {total} jobs were not {self.done}.")

    def _print_single(self, job_id: str, changes: _Changes) -> None:
        name = escape_unprintable(job_id)
        if changes.changed:
            click.echo(f"{name} {self.becomes}")
            return
        (job,) = changes.unchanged
        raise (
            no_job(job_id) if job["state"] is None else CommandError(f"cannot {self.verb} '{name}': {job['reason']}")
        )
