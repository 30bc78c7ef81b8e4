"""Enters the jobs of a file into the ledger in chunks, counts the results, and reports each bad row."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from config.escaping import escape_unprintable
from tasks.job import Job
from tasks.ledger.accept import Acceptance, Acceptor
from worker.importing.rows import BadRow

#: Jobs per round trip: enough to hide its latency, and few enough not to block other clients of Redis.
CHUNK: Final = 500
#: The maximum number of bad rows in a summary; more are only counted.
MAX_REPORTED: Final = 1000


@dataclass
class ImportSummary:
    """The results of the rows so far."""

    accepted: int = 0
    replayed: int = 0
    conflicting: int = 0
    bad: int = 0
    #: The first bad or conflicting rows.
    reported: list[BadRow] = field(default_factory=list)
    #: Called with each bad or conflicting row.
    on_bad_row: Callable[[BadRow], None] = lambda _: None

    @property
    def entered(self) -> int:
        """The number of rows whose jobs are in the ledger, from this import or an earlier one."""
        return self.accepted + self.replayed

    @property
    def rows(self) -> int:
        return self.entered + self.conflicting + self.bad

    def add_bad_row(self, row: BadRow) -> None:
        self.bad += 1
        self._report(row)

    def add_job(self, number: int, job: Job, entry: Acceptance) -> None:
        if entry is Acceptance.ACCEPTED:
            self.accepted += 1
        elif entry is Acceptance.REPLAY:
            self.replayed += 1
        else:
            self.conflicting += 1
            message = f"The id '{escape_unprintable(job.id)}' is already used by a different job; kept the first."
            self._report(BadRow(number=number, code=entry, message=message))

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "replayed": self.replayed,
            "conflicting": self.conflicting,
            "bad_rows": self.bad,
            "bad": [{"row": row.number, "code": row.code, "message": row.message} for row in self.reported],
        }

    def _report(self, row: BadRow) -> None:
        if len(self.reported) < MAX_REPORTED:
            self.reported.append(row)
        self.on_bad_row(row)


def import_jobs(
    jobs: Iterable[tuple[int, Job] | BadRow], acceptor: Acceptor, summary: ImportSummary
) -> Iterator[ImportSummary]:
    """Enter all jobs, and yield the summary after each chunk.

    Raises LedgerUnavailable; then `summary` counts the rows of the chunks before.
    """
    jobs = iter(jobs)
    while chunk := list(islice(jobs, CHUNK)):
        good = [each for each in chunk if not isinstance(each, BadRow)]
        accepted = acceptor.accept([job for _, job in good])
        entries = dict(zip((number for number, _ in good), accepted, strict=True))
        for each in chunk:
            if isinstance(each, BadRow):
                summary.add_bad_row(each)
            else:
                number, job = each
                summary.add_job(number, job, entries[number][0])
        yield summary
