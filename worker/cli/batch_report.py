"""How `dialer batch NAME` prints the progress of a batch: one line, or all that is known."""

import shlex
import shutil
from collections.abc import Iterator

import click

from config.settings import Settings
from tasks.codes import State
from tasks.fleet.drain import Basis
from tasks.results import RESULT_WORDS, CallResult
from worker.cli.bars import bar, sparkline
from worker.cli.batch_progress import BatchProgress, fix
from worker.cli.output import on_terminal, print_fields, print_table
from worker.cli.spans import moment, pause_text, span

#: Columns beside the bar: its label and the percentage.
_BESIDE_BAR = 22
_LONGEST_BAR = 60
_NOT_COUNTED = "(not counted)"


def line(progress: BatchProgress) -> str:
    """Return the progress as one line, for a pipe."""
    tally = progress.tally
    parts = [f"{tally.done} of {tally.jobs} done ({progress.percent} %)"]
    if tally.rate is not None:
        parts.append(f"{tally.rate * 60:.1f} a minute")
    if tally.states["open"]:
        parts.append(f"time left: {time_left_text(progress)}")
    elif tally.going_on:
        parts.append(f"{tally.going_on} calls going on")
    return ", ".join(parts)


def report(progress: BatchProgress, settings: Settings) -> None:
    """Print the progress; on a terminal with a bar, and with the outcomes of the last minutes."""
    tally = progress.tally
    print_fields(_fields(progress))
    click.echo()
    print_table(("outcome", "code", "jobs", "what to do"), _outcomes(progress, settings), prose="what to do")
    if tally.results:
        click.echo()
        results = ((result, count, RESULT_WORDS[CallResult(result)].fix) for result, count in tally.results.items())
        print_table(("result", "calls", "what to do"), results, prose="what to do")
    click.echo(f"{tally.done} of {tally.jobs} done")


def time_left_text(progress: BatchProgress) -> str:
    """Return the time left, or why nobody can tell."""
    left = progress.left
    if left.seconds is None:
        return {
            Basis.PAUSED: "unknown while paused",
            Basis.PROBING: "unknown while probing",
            Basis.NO_WORKER: "unknown: no worker is running",
        }[left.basis]
    if left.basis is Basis.PACE:
        return f"at least {span(left.seconds)} at the pace"
    return f"about {span(left.seconds)} at the present rate"


def _fields(progress: BatchProgress) -> Iterator[tuple[str, str]]:
    tally = progress.tally
    yield "batch", tally.name
    if on_terminal():
        width = min(max(shutil.get_terminal_size().columns - _BESIDE_BAR, 10), _LONGEST_BAR)
        yield "progress", f"{bar(tally.done, tally.jobs, width=width)} {progress.percent} %"
    if tally.states["open"]:
        yield from _waiting(progress)
    if tally.going_on:
        yield "calls", f"{tally.going_on} going on"
    if tally.rate is not None:
        yield "rate", f"{tally.rate * 60:.1f} a minute"
    if on_terminal() and any(tally.minutes):
        yield "minutes", f"{sparkline(tally.minutes)}| now, at most {max(tally.minutes)} a minute"
    if tally.states["open"]:
        yield "time left", time_left_text(progress)
    yield "first job", moment(tally.first_ms) if tally.first_ms else "not known: entered by an earlier version"
    if tally.last_ms:
        yield "last change", moment(tally.last_ms)


def _waiting(progress: BatchProgress) -> Iterator[tuple[str, str]]:
    tally, fleet = progress.tally, progress.fleet
    yield "due", f"{tally.due} now or in progress"
    if tally.first_later_ms and tally.last_later_ms:
        first, last = (moment(at, short=True) for at in (tally.first_later_ms, tally.last_later_ms))
        yield "later", f"{tally.later} scheduled, from {first} to {last} UTC"
    if fleet.waiting_for_user:
        yield "users", f"{fleet.waiting_for_user} jobs of all batches wait until a user is free"
    for entry in fleet.pauses:
        yield "paused", pause_text(entry)
    if fleet.probing:
        yield "probing", f"{fleet.probing}: one job at a time, until a call is placed"
    if not fleet.workers:
        yield "workers", "none: start one with 'dialer worker'"


def _outcomes(progress: BatchProgress, settings: Settings) -> Iterator[tuple[str, str, int, str]]:
    tally = progress.tally
    for state, count in tally.states.items():
        if state not in set(State):
            if count:
                yield state, "", count, ""
            continue
        for (of, code), jobs in tally.codes.items():
            if of == state:
                yield state, code, jobs, fix(code, settings)
        if rest := tally.uncounted(State(state)):
            listed = shlex.join(["dialer", "list", "--state", state, "--batch", tally.name])
            yield state, _NOT_COUNTED, rest, f"An earlier version counted no codes: {listed}"
