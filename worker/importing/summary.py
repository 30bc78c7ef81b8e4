"""What became of the rows of a file: counts, the reasons of refusals, and the rows to look at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tasks.codes import WORDS, Code
from tasks.ledger.accept import Acceptance
from worker.importing.checking import conflict
from worker.importing.rows import BadRow, JobRow

#: The maximum number of rows of each kind in a summary; more are only counted.
MAX_REPORTED: Final = 1000
_ROWS_SHOWN: Final = 5


@dataclass
class CodeCount:
    """The number of rows with one code, and the first of these rows."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        self.count += 1
        if len(self.rows) < _ROWS_SHOWN:
            self.rows.append(row)


@dataclass
class ImportSummary:
    """The results of the rows so far. In a dry run, `accepted` counts the rows that would be."""

    dry_run: bool = False
    accepted: int = 0
    replayed: int = 0
    conflicting: int = 0
    bad: int = 0
    #: Rows with the number of an earlier row: those that were left out, and the others.
    skipped: int = 0
    repeated: int = 0
    #: The first bad or conflicting rows.
    reported: list[BadRow] = field(default_factory=list)
    #: The first repeated rows: (row, the first row with the number).
    repeats: list[tuple[int, int]] = field(default_factory=list, repr=False)
    codes: dict[Code, CodeCount] = field(default_factory=dict, repr=False)
    #: Called with each bad or conflicting row, and with each row that repeats a number.
    on_bad_row: Callable[[BadRow], None] = lambda _: None
    on_repeated_row: Callable[[int, int], None] = lambda *_: None

    @property
    def entered(self) -> int:
        """The number of rows whose jobs are in the ledger, from this import or an earlier one."""
        return self.accepted + self.replayed

    @property
    def rows(self) -> int:
        return self.entered + self.conflicting + self.bad + self.skipped

    @property
    def is_clean(self) -> bool:
        return not (self.bad or self.conflicting)

    def add_bad_row(self, row: BadRow) -> None:
        self.bad += 1
        self.codes.setdefault(Code(row.code), CodeCount()).add(row.number)
        self._report(row)

    def add_skipped(self, row: JobRow) -> None:
        self.skipped += 1
        self._repeat(row)

    def add_job(self, row: JobRow, entry: Acceptance) -> None:
        if entry is Acceptance.CONFLICT:
            self.conflicting += 1
            self._report(conflict(row))
            return
        if entry is Acceptance.ACCEPTED:
            self.accepted += 1
        else:
            self.replayed += 1
        if row.repeats is not None:
            self.repeated += 1
            self._repeat(row)

    def most_frequent(self) -> list[tuple[Code, CodeCount]]:
        """Return the codes of the rows that were refused, the most frequent code first."""
        return sorted(self.codes.items(), key=lambda item: -item[1].count)

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "rows": self.rows,
            "accepted": self.accepted,
            "replayed": self.replayed,
            "conflicting": self.conflicting,
            "bad_rows": self.bad,
            "skipped": self.skipped,
            "repeated_numbers": self.repeated,
            "bad": [{"row": row.number, "code": row.code, "message": row.message} for row in self.reported],
            "repeats": [{"row": row, "first_row": first} for row, first in self.repeats],
            "codes": {
                code: {"count": found.count, "rows": found.rows, **WORDS[code]._asdict()}
                for code, found in self.most_frequent()
            },
        }

    def _report(self, row: BadRow) -> None:
        if len(self.reported) < MAX_REPORTED:
            self.reported.append(row)
        self.on_bad_row(row)

    def _repeat(self, row: JobRow) -> None:
        assert row.repeats is not None  # noqa: S101 - the caller has looked
        if len(self.repeats) < MAX_REPORTED:
            self.repeats.append((row.number, row.repeats))
        self.on_repeated_row(row.number, row.repeats)
