"""May this job be called, when, and from which number: one answer for every door.

A worker asks before it sends, `dialer enqueue` before it enters, `dialer import --dry-run` for each row. Nothing is
asked of Redis here, so whoever has the operator's settings gets the worker's answer. Rules to come (calling hours,
do-not-call, limits) have their place in `screen`, each in a module of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from tasks.job import Job
from tasks.screening.caller_id import caller_id_of
from tasks.screening.number import Address, parse_address
from tasks.screening.rules import Rules


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the phone may ring: from `opens` on and before `closes`, or without end."""

    opens: datetime
    closes: datetime | None

    @property
    def is_past(self) -> bool:
        return self.closes is not None and self.closes <= self.opens


@dataclass(frozen=True, kw_only=True)
class Screened:
    """What a call of this job is made of, the operator's defaults filled in."""

    to: Address
    caller_id: Address | None
    #: The users who may place it: the one that the job names, or those of the fleet.
    user_ids: tuple[str, ...]
    wrap_up_code_id: str
    window: Window


def screen(job: Job, rules: Rules, now: datetime) -> Screened:
    """Screen a job as of `now`, an aware datetime. Raises JobError with the code and message of its rejection.

    A window that is past is no fault of the job: it is entered, and ends as `expired` instead of `rejected`, by the
    clock of Redis, which is the same for everybody. The clock of this host may be wrong.
    """
    return Screened(
        to=parse_address(job.to, region=job.region or rules.region, rules=rules),
        caller_id=caller_id_of(job, rules),
        user_ids=(job.user_id,) if job.user_id else rules.user_ids,
        wrap_up_code_id=job.wrap_up_code_id or rules.wrap_up_code_id,
        window=Window(opens=max(now, job.not_before or now), closes=job.not_after),
    )
