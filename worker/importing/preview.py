"""Counts the rows of a file that would be dialed, and the reasons of the others; no job is entered."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.job import Job
from tasks.screening.rules import Rules
from tasks.screening.screen import screen
from worker.importing.rows import BadRow

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


class Preview:
    """The results of the rows so far. For each id it stores only a hash of 8 bytes, to find repeated ids.

    Every row is screened with the same `rules`, at the same time `now`.
    """

    def __init__(self, rules: Rules, now: datetime) -> None:
        self._rules = rules
        self._now = now
        self.rows = 0
        self.dialed = 0
        self.repeated = CodeCount()
        self.reasons: dict[Code, CodeCount] = {}
        self._seen: set[bytes] = set()

    def add(self, each: tuple[int, Job] | BadRow) -> None:
        """Count one row."""
        self.rows += 1
        if isinstance(each, BadRow):
            self._count_code(Code(each.code), each.number)
            return
        row, job = each
        digest = hashlib.blake2b(job.id.encode(), digest_size=8).digest()
        if digest in self._seen:
            self.repeated.add(row)
            return
        self._seen.add(digest)
        try:
            screened = screen(job, self._rules, self._now)
        except JobError as error:
            self._count_code(error.code, row)
            return
        if screened.window.is_past:
            self._count_code(Code.NOT_AFTER_PASSED, row)
        else:
            self.dialed += 1

    def _count_code(self, code: Code, row: int) -> None:
        self.reasons.setdefault(code, CodeCount()).add(row)

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "would_be_dialed": self.dialed,
            "repeated_ids": {"count": self.repeated.count, "rows": self.repeated.rows},
            "codes": {
                code: {"count": reason.count, "rows": reason.rows, **WORDS[code]._asdict()}
                for code, reason in self.most_frequent()
            },
        }

    def most_frequent(self) -> list[tuple[Code, CodeCount]]:
        """Return the codes of rows that would not be dialed, the most frequent code first."""
        return sorted(self.reasons.items(), key=lambda item: -item[1].count)
