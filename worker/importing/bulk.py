"""Jobs into the ledger, by the hundred: what became of each is counted, bad rows are told by their number."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from config.escaping import escape_unprintable
from tasks.job import Job
from tasks.ledger.accept import Acceptance, Acceptor
from worker.importing.rows import BadRow

#: Entered in one round trip: enough to hide its time, and few enough to keep Redis answering others.
CHUNK: Final = 500
#: So many bad rows are kept for a summary; the others are only counted.
KEPT: Final = 1000


@dataclass
class Tally:
    """What became of the rows so far."""

    accepted: int = 0
    replayed: int = 0
    conflicting: int = 0
    bad: int = 0
    kept: list[BadRow] = field(default_factory=list)
    #: Called with each bad or conflicting row.
    tell: Callable[[BadRow], None] = lambda _: None

    @property
    def entered(self) -> int:
        """Rows that are jobs in the ledger, by this import or an earlier one."""
        return self.accepted + self.replayed

    @property
    def rows(self) -> int:
        return self.entered + self.conflicting + self.bad

    def refuse(self, row: BadRow) -> None:
        self.bad += 1
        self._keep(row)

    def enter(self, number: int, job: Job, entry: Acceptance) -> None:
        if entry is Acceptance.ACCEPTED:
            self.accepted += 1
        elif entry is Acceptance.REPLAY:
            self.replayed += 1
        else:
            self.conflicting += 1
            told = f"The id '{escape_unprintable(job.id)}' already is another job, which stands."
            self._keep(BadRow(number=number, code=entry, message=told))

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "replayed": self.replayed,
            "conflicting": self.conflicting,
            "bad_rows": self.bad,
            "bad": [{"row": row.number, "code": row.code, "message": row.message} for row in self.kept],
        }

    def _keep(self, row: BadRow) -> None:
        if len(self.kept) < KEPT:
            self.kept.append(row)
        self.tell(row)


def bring_in(jobs: Iterable[tuple[int, Job] | BadRow], acceptance: Acceptor, tally: Tally) -> Iterator[Tally]:
    """Enter all jobs, and give the tally after each chunk. Raises LedgerUnavailable; `tally` tells how far."""
    jobs = iter(jobs)
    while chunk := list(islice(jobs, CHUNK)):
        good = [each for each in chunk if not isinstance(each, BadRow)]
        entries = acceptance.accept([job for _, job in good])
        verdicts = dict(zip((number for number, _ in good), entries, strict=True))
        for each in chunk:
            if isinstance(each, BadRow):
                tally.refuse(each)
            else:
                number, job = each
                tally.enter(number, job, verdicts[number][0])
        yield tally
