"""Chooses the job that is sent as the next probe while the circuit breaker is open.

A few jobs that always fail, a number that is out of order, or one bad batch must not delay all other jobs. So the
next probe is, if possible, a job with another number and of another batch than the last probes.
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
    """A job that was a probe, or may be the next one; repr shows no phone number."""

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
    """Read the jobs in one round trip. Raises LedgerUnavailable."""
    pipe: Any = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hmget(keys.job(job_id), _FIELDS)
    return [Probe.of(job_id, record) for job_id, record in zip(job_ids, pipe.execute(), strict=True)]


def ids_of(text: str | None) -> list[str]:
    """Parse a list of job ids as the breaker stores it."""
    found: list[str] = json.loads(text) if text else []
    return found


def choose(candidates: Sequence[Probe], probed: Sequence[Probe]) -> str:
    """Return the id of the first candidate that has the least in common with the last probes."""
    ids = {probe.job_id for probe in probed}
    numbers = {probe.number for probe in probed}
    batches = {probe.batch for probe in probed if probe.batch}

    def in_common(probe: Probe) -> int:
        return (probe.job_id in ids) + (probe.number in numbers) + (probe.batch in batches)

    return min(candidates, key=in_common).job_id
