"""`dialer import --dry-run`: how many rows would be dialed, and why the others would not."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import click

from config.settings import Settings
from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.job import Job
from worker.cli.entry import check_numbers
from worker.cli.output import print_table
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
    """Counts; nothing is stored but a few bytes for each id, to find those that are there twice."""

    def __init__(self) -> None:
        self.rows = 0
        self.dialed = 0
        self.repeated = CodeCount()
        self.reasons: dict[Code, CodeCount] = {}
        self._seen: set[bytes] = set()

    def add(self, each: tuple[int, Job] | BadRow, settings: Settings) -> None:
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
            check_numbers(job, settings)
        except JobError as error:
            self._refuse(error.code, row)
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
                for code, reason in self._sorted()
            },
        }

    def show(self) -> None:
        click.echo(f"{self.rows} rows; {self.dialed} would be dialed. Nothing was entered.")
        lines: list[tuple[str, int, str, str]] = [
            (code, r.count, _shown(r), WORDS[code].fix) for code, r in self._sorted()
        ]
        if self.repeated.count:
            fix = "The same id is one call; give each job its own."
            lines.append(("repeated id", self.repeated.count, _shown(self.repeated), fix))
        if lines:
            click.echo()
            print_table(("code", "rows", "such as rows", "how to mend it"), lines)

    def _sorted(self) -> list[tuple[Code, CodeCount]]:
        return sorted(self.reasons.items(), key=lambda item: -item[1].count)


def _shown(reason: CodeCount) -> str:
    more = ", …" if reason.count > len(reason.rows) else ""
    return ", ".join(map(str, reason.rows)) + more
