"""The number that a call comes from: the job's own, or the operator's.

It is read like any number, but the operator's allow list and premium rule do not apply: they guard what is called,
not who calls.
"""

from functools import lru_cache

from tasks.errors import JobError
from tasks.job import Job
from tasks.screening.number import Address, DialingRules, parse_address
from tasks.screening.rules import Rules


def caller_id_of(job: Job, rules: Rules) -> Address | None:
    """Read the caller ID of a job's call; None where neither job nor operator names one.

    Raises JobError with the codes of `tasks.screening.number`; its message begins with "from: ".
    """
    try:
        if job.caller_id:
            return parse_address(job.caller_id, region=job.region or rules.region, rules=_any_owner(rules))
        return default_caller_id(rules) if rules.caller_id else None
    except JobError as error:
        raise JobError(error.code, f"from: {error.message}") from error


@lru_cache(maxsize=8)  # one fleet has one set of rules, and every job without a caller ID asks
def default_caller_id(rules: Rules) -> Address:
    """Read the operator's caller ID, which `dialer check` and a worker that starts look at too. Raises JobError.

    The operator wrote it in the operator's region: the region of a job, a word of its producer, must not make
    another number of it.
    """
    return parse_address(rules.caller_id, region=rules.region, rules=_any_owner(rules))


def _any_owner(rules: Rules) -> DialingRules:
    return DialingRules(allow_premium=True, extra_ranges=rules.extra_ranges)
