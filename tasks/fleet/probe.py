"""Which job goes out as the next probe while the circuit breaker is open.

A few jobs that always fail, a number that is out of order, or one bad batch must not hold up all others. So the next
probe is a job with another number and of another batch than those that the last probes met, as far as there is one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from redis import Redis

from tasks.store import keys

_FIELDS = ("batch", "to", "to_raw")


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A job that is, or may become, a probe; repr shows no phone number."""

    job_id: str
    #: "" for a job without a batch.
    batch: str
    #: In E.164 once the job was sent, else as the producer wrote it.
    number: str = field(repr=False)

    @classmethod
    def of(cls, job_id: str, record: Sequence[str | None]) -> Self:
        """Read the record's fields `batch`, `to` and `to_raw`."""
        batch, to, to_raw = record
        return cls(job_id=job_id, batch=batch or "", number=to or to_raw or "")


def read_probes(redis: Redis, job_ids: Sequence[str]) -> list[Probe]:
    """Look jobs up, in one round trip. Raises LedgerUnavailable."""
    pipe: Any = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hmget(keys.job(job_id), _FIELDS)
    return [Probe.of(job_id, record) for job_id, record in zip(job_ids, pipe.execute(), strict=True)]


def ids_of(text: str | None) -> list[str]:
    """Read a list of job ids as the breaker keeps it."""
    found: list[str] = json.loads(text) if text else []
    return found


def choose(candidates: Sequence[Probe], probed: Sequence[Probe]) -> str:
    """Return the id of the first candidate that has least in common with the jobs that were probed."""
    ids = {probe.job_id for probe in probed}
    numbers = {probe.number for probe in probed}
    batches = {probe.batch for probe in probed if probe.batch}

    def in_common(probe: Probe) -> int:
        return (probe.job_id in ids) + (probe.number in numbers) + (probe.batch in batches)

    return min(candidates, key=in_common).job_id
