"""When a lost call may have begun, and what an answer that shows the calls of that time says about each job.

A search has two parts, in this order: some later calls of the fleet, one of which may be the witness, and then all
calls of the window. In another order, the lost call might enter the index in between: the evidence would be false.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tasks.genesys.seen import SeenCall
from tasks.ledger.doubt import DoubtfulJob, KnownCall
from tasks.ledger.evidence import Look

#: By the platform's clock, a call began this much before its request was sent, at the earliest: clocks differ.
EARLY_S: Final = 10.0
#: And this much after it, at the latest: the longest request, the lease of its worker, and the clocks.
LATE_S: Final = 30.0
#: Later calls, one of which may be the witness, are looked for during this time after the window.
WITNESS_S: Final = 600.0
#: A longer window has too many pages for one search.
_LONGEST_S: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class SearchWindow:
    """The jobs in doubt of one time, and when their calls began if they were placed; in epoch seconds."""

    start_s: float
    end_s: float
    jobs: tuple[DoubtfulJob, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The call was placed; it is this conversation."""

    conversation_id: str


def windows(jobs: Iterable[DoubtfulJob]) -> list[SearchWindow]:
    """Return one window for all jobs of about the same time, oldest first."""
    found: list[SearchWindow] = []
    for job in sorted(jobs, key=lambda job: job.sent_at):
        start_s, end_s = job.sent_at - EARLY_S, job.sent_at + LATE_S
        last = found[-1] if found else None
        if last and start_s <= last.end_s and end_s - last.start_s <= _LONGEST_S:
            found[-1] = SearchWindow(start_s=last.start_s, end_s=end_s, jobs=(*last.jobs, job))
        else:
            found.append(SearchWindow(start_s=start_s, end_s=end_s, jobs=(job,)))
    return found


def verdict(
    job: DoubtfulJob,
    calls: Sequence[SeenCall],
    *,
    witness: SeenCall | None,
    at: float,
    is_complete: bool,
) -> Found | Look | None:
    """Return what the calls of the window say about the job; None if they say nothing.

    Only the conversation that names this job and this attempt is its call. One that names the job and another
    attempt, or none, is not, but it speaks against a retry; an earlier call that the ledger knows does not.
    `is_complete`: the answers show every call of the window.
    """
    others = [call for call in calls if call.conversation_id not in job.earlier]
    mine = [call for call in others if call.mark and call.mark.job_id == job.id]
    for call in mine:
        if call.mark and call.mark.attempt == job.fence and call.conversation_id:
            return Found(conversation_id=call.conversation_id)
    if mine:
        return Look(at=at, other=mine[0].conversation_id or "unknown")
    if not is_complete or not all(call.is_whole for call in calls):
        return None
    return Look(at=at, witness=witness.conversation_id if witness else "")


def witness_for(window: SearchWindow, later: Sequence[SeenCall], known: Mapping[str, KnownCall]) -> SeenCall | None:
    """Return a call that the ledger knows as placed after the window, by both clocks; they then agree, too."""
    for call in later:
        ours = known.get(call.mark.job_id) if call.mark else None
        if ours is None or ours.conversation_id != call.conversation_id or call.started_at is None:
            continue
        is_later = ours.sent_at >= window.end_s and call.started_at >= window.end_s
        if is_later and -EARLY_S <= call.started_at - ours.sent_at <= LATE_S:
            return call
    return None
