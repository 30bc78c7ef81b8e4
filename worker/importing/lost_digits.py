"""What a file's numbers have lost on their way through a spreadsheet, and how they are read again.

The id of a row comes from what the row says, so it stays the same with and without this.
"""

from dataclasses import replace
from enum import StrEnum

from tasks.job import Job
from tasks.screening.lost_zero import with_leading_zero
from tasks.screening.number import NO_REGION
from tasks.screening.rules import Rules


class Numbers(StrEnum):
    """What all numbers of a file are: with country code, and a "+" that was lost; or national, without their zero."""

    INTERNATIONAL = "international"
    NATIONAL = "national"


def restored(job: Job, numbers: Numbers | None, rules: Rules) -> Job:
    """Give a job whose numbers are what the producer says they are. Raises JobError `ambiguous_number`."""
    if numbers is None:
        return job
    if numbers is Numbers.INTERNATIONAL:
        return replace(job, region=NO_REGION)
    region = job.region or rules.region
    caller_id = job.caller_id and with_leading_zero(job.caller_id, region=region, rules=rules)
    return replace(job, to=with_leading_zero(job.to, region=region, rules=rules), caller_id=caller_id)
