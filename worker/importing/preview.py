"""How many rows of a file would be dialed, and why the others would not: asked of `screen`, entered nowhere."""

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
    """Rows that meet one code: how many, and the first of them."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        self.count += 1
        if len(self.rows) < _ROWS_SHOWN:
            self.rows.append(row)


class Preview:
    """Counts; nothing is stored but a few bytes for each id, to find those that are there twice.

    Every row is screened by the same `rules`, as of the same instant `now`.
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
            self._refuse(Code(each.code), each.number)
            return
        row, job = each
        mark = hashlib.blake2b(job.id.encode(), digest_size=8).digest()
        if mark in self._seen:
            self.repeated.add(row)
            return
        self._seen.add(mark)
        try:
            screened = screen(job, self._rules, self._now)
        except JobError as error:
            self._refuse(error.code, row)
            return
        if screened.window.is_past:
            self._refuse(Code.NOT_AFTER_PASSED, row)
        else:
            self.dialed += 1

    def _refuse(self, code: Code, row: int) -> None:
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
        """The codes that rows meet, the most frequent one first."""
        return sorted(self.reasons.items(), key=lambda item: -item[1].count)
