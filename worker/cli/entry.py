"""One job as the command line enters it: checked like a message from the queue, and its numbers on top."""

import hashlib
from dataclasses import replace
from typing import Any, Final

from config.settings import Settings
from tasks.codes import Code
from tasks.errors import JobError
from tasks.job import Job, parse_job
from tasks.screening.number import Address, DialingRules, parse_address

_MAX_ID: Final = 255  # as for an id from the queue: it fits a Redis key and a log line


def read_job(job_id: object, fields: dict[str, Any]) -> Job:
    """The job; without an id it gets one from its content, so that the same row entered twice is one call.

    Raises JobError.
    """
    if job_id is None:
        job = parse_job("", fields)
        return replace(job, id=f"import-{hashlib.sha256(job.content().encode()).hexdigest()[:32]}")
    if not isinstance(job_id, str):
        raise JobError(Code.INVALID_FIELD, "id must be a text.")
    if not (0 < len(job_id) <= _MAX_ID and job_id.isprintable()):
        raise JobError(Code.INVALID_FIELD, f"id must be 1 to {_MAX_ID} printable characters.")
    return parse_job(job_id, fields)


def check_numbers(job: Job, settings: Settings) -> None:
    """Read the job's numbers as the worker will, if it has the same settings. Raises JobError."""
    region = job.region or settings.default_region
    rules = DialingRules(allowed_regions=settings.allowed_regions, allow_premium=settings.allow_premium)
    parse_address(job.to, region=region, rules=rules)
    written = job.caller_id or settings.caller_id
    if written:
        try:
            read_caller_id(written, region=region)
        except JobError as error:
            raise JobError(error.code, f"from: {error.message}") from error


def read_caller_id(text: str, *, region: str) -> Address:
    """Read the number that is shown to those who are called. Raises JobError.

    As in `tasks.attempt`, the operator's rules guard what is called, not who calls.
    """
    return parse_address(text, region=region, rules=DialingRules(allow_premium=True))
