"""The rows of a file. A row becomes a job, or a bad row with a code; both keep the row number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tasks.codes import Code
from tasks.errors import JobError
from tasks.job import Job, fingerprint, parse_job, parse_job_id

NOT_UTF8: Final = "The row is not UTF-8 text; save the file as UTF-8."

#: A row as it came: the cells of a sheet, or a line of JSON.
RawRow = list[str] | str


@dataclass(frozen=True, kw_only=True)
class Row:
    """The fields of one row, without those that are absent. Its repr shows no phone number."""

    number: int
    fields: dict[str, Any] = field(repr=False)
    raw: RawRow | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that is not a valid job. `number` is the row number in a spreadsheet: a CSV header is row 1."""

    number: int
    code: str
    message: str
    raw: RawRow | None = field(default=None, repr=False)


class JobRow(NamedTuple):
    """A row that is a valid job. `repeats` is the first row that calls the same number, if it is not this one."""

    number: int
    job: Job
    raw: RawRow | None = None
    repeats: int | None = None


class BadFile(Exception):
    """The file cannot be imported at all; the message says why, and how to fix it."""


@dataclass(frozen=True, kw_only=True)
class RowDefaults:
    """The values of fields that a row does not set itself; `id_column` is the column with the id, if it was named."""

    batch: str | None = None
    region: str | None = None
    id_column: str | None = None
    #: Gives each job as it is meant; may raise JobError.
    restore: Callable[[Job], Job] = lambda job: job

    def jobs(self, rows: Iterator[Row | BadRow]) -> Iterator[JobRow | BadRow]:
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                yield JobRow(row.number, self.restore(self._job(row.fields)), row.raw)
            except JobError as error:
                yield BadRow(number=row.number, code=error.code, message=error.message, raw=row.raw)

    def _job(self, fields: dict[str, Any]) -> Job:
        job_id = fields.pop("id", None)
        if job_id is None:
            if self.id_column:
                raise JobError(Code.MISSING_FIELD, f"The id is missing: '{self.id_column}' is empty.")
            # A hash of what the row itself says, so that the same row causes one call, whatever the options are.
            job_id = f"import-{fingerprint(parse_job('', fields).content())}"
        for name, value in (("batch", self.batch), ("region", self.region)):
            if value is not None and fields.get(name) is None:
                fields[name] = value
        return parse_job(parse_job_id(job_id), fields)


def is_damaged(text: str) -> bool:
    """Return whether text that was read with `surrogateescape` is not UTF-8, or contains a NUL."""
    return "\0" in text or any("\ud800" <= c <= "\udfff" for c in text)
