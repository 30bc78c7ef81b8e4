"""Enters the jobs of a file into the ledger in chunks, or finds what would become of them, and counts the results."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from tasks.codes import State
from tasks.job import Job, fingerprint
from tasks.ledger.accept import Acceptance, Acceptor
from worker.importing.rows import BadRow, JobRow
from worker.importing.seen import FirstRows
from worker.importing.summary import ImportSummary

#: Jobs per round trip: enough to hide its latency, and few enough not to block other clients of Redis.
CHUNK: Final = 500


class Entering(Protocol):
    """What an import needs of the ledger."""

    def accept(self, entries: Sequence[Job], /) -> list[tuple[Acceptance, State]]:
        """Return what becomes of each job. Raises LedgerUnavailable."""


class DryRun:
    """Says what the ledger would do with the jobs of a file, and enters none."""

    def __init__(self, acceptor: Acceptor, ids: FirstRows) -> None:
        self._acceptor = acceptor
        self._ids = ids

    def accept(self, entries: Sequence[Job], /) -> list[tuple[Acceptance, State]]:
        """Ask the ledger about all jobs; a job that an earlier row would enter is known, or a conflict."""
        return [
            (self._in_this_file(job) or found, state)
            for job, (found, state) in zip(entries, self._acceptor.look(entries), strict=True)
        ]

    def _in_this_file(self, job: Job) -> Acceptance | None:
        earlier = self._ids.first(job.id, content=fingerprint(job.content()))
        if earlier is None:
            return None
        return Acceptance.REPLAY if earlier[1] else Acceptance.CONFLICT


def import_jobs(
    rows: Iterable[JobRow | BadRow], ledger: Entering, summary: ImportSummary, *, skip_repeated: bool = False
) -> Iterator[ImportSummary]:
    """Enter all jobs, and yield the summary after each chunk. With `skip_repeated`, each number is entered once.

    Raises LedgerUnavailable; then `summary` counts the rows of the chunks before.
    """
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        wanted = [row for row in chunk if isinstance(row, JobRow) and not (skip_repeated and row.repeats is not None)]
        entries = dict(zip((row.number for row in wanted), ledger.accept([row.job for row in wanted]), strict=True))
        for row in chunk:
            if isinstance(row, BadRow):
                summary.add_bad_row(row)
            elif row.number in entries:
                summary.add_job(row, entries[row.number][0])
            else:
                summary.add_skipped(row)
        yield summary
