"""The rows of a file. A row becomes a job, or a bad row with a code; both keep the row number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tasks.codes import Code
from tasks.errors import JobError
from tasks.job import Job, fingerprint, parse_job, parse_job_id

DEFAULT_ID_COLUMN: Final = "id"
NOT_UTF8: Final = "The row is not UTF-8 text; save the file as UTF-8."


@dataclass(frozen=True, kw_only=True)
class Row:
    """The fields of one row, without those that are absent. Its repr shows no phone number."""

    number: int
    fields: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that is not a valid job. `number` is the row number in a spreadsheet: a CSV header is row 1."""

    number: int
    code: str
    message: str


class BadFile(Exception):
    """The file cannot be imported at all; the message says why, and how to fix it."""


@dataclass(frozen=True, kw_only=True)
class RowDefaults:
    """The values of fields that a row does not set itself, and the name of the field with the id."""

    batch: str | None = None
    region: str | None = None
    id_column: str | None = None
    #: Gives each job as it is meant; may raise JobError.
    restore: Callable[[Job], Job] = lambda job: job

    def jobs(self, rows: Iterator[Row | BadRow]) -> Iterator[tuple[int, Job] | BadRow]:
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                yield row.number, self.restore(self._job(row.fields))
            except JobError as error:
                yield BadRow(number=row.number, code=error.code, message=error.message)

    def _job(self, fields: dict[str, Any]) -> Job:
        column = self.id_column or DEFAULT_ID_COLUMN
        job_id = fields.pop(column, None)
        if job_id is None and self.id_column:
            raise JobError(Code.MISSING_FIELD, f"The id is missing: '{column}' is empty.")
        for name, value in (("batch", self.batch), ("region", self.region)):
            if value is not None and fields.get(name) is None:
                fields[name] = value
        if job_id is None:
            # The id is a hash of the content, so that importing the same row twice causes one call.
            job = parse_job("", fields)
            return replace(job, id=f"import-{fingerprint(job.content())}")
        return parse_job(parse_job_id(job_id), fields)


def is_damaged(text: str) -> bool:
    """Return whether text that was read with `surrogateescape` is not UTF-8, or contains a NUL."""
    return "\0" in text or any("\ud800" <= c <= "\udfff" for c in text)
