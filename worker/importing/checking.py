"""Screens each row as a worker will, and finds the rows that call the same number."""

from collections.abc import Iterator
from datetime import datetime

from config.escaping import escape_unprintable
from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.screening.rules import Rules
from tasks.screening.screen import screen
from worker.importing.rows import BadRow, JobRow
from worker.importing.seen import FirstRows


def checked(
    rows: Iterator[JobRow | BadRow], rules: Rules, now: datetime, numbers: FirstRows
) -> Iterator[JobRow | BadRow]:
    """Refuse the rows that no worker would dial, as of `now`; mark those whose number is that of an earlier row."""
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            screened = screen(row.job, rules, now)
        except JobError as error:
            yield BadRow(number=row.number, code=error.code, message=error.message, raw=row.raw)
            continue
        if screened.window.is_past:
            code = Code.NOT_AFTER_PASSED
            yield BadRow(number=row.number, code=code, message=WORDS[code].meaning, raw=row.raw)
            continue
        known = numbers.first(screened.to.e164, row.number, row.job.id)
        # The same id again is the same job, or a conflict, which the ledger tells.
        another = known is not None and not known[1]
        yield row._replace(repeats=known[0]) if known and another else row


def conflict(row: JobRow) -> BadRow:
    """Return the row of an id that a different job has."""
    if row.job.id.startswith("import-"):
        message = "The row was imported before with other options, such as --batch or --region; kept the first."
    else:
        message = f"The id '{escape_unprintable(row.job.id)}' is already used by a different job; kept the first."
    return BadRow(number=row.number, code="conflict", message=message, raw=row.raw)
