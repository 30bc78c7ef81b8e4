"""Writes thousands of outcomes with the ledger's own steps and without any call, for look-ups and memory."""

from collections.abc import Callable
from typing import Final

from bench.processes import Failed
from bench.stand import Stand
from tasks.codes import Code, State
from tasks.job import Job
from tasks.ledger.claim import Claim, GateVerdict
from tasks.ledger.settlement import End, Settlement

_PROGRESS_EVERY: Final = 5000
_CALLER_ID: Final = "+12125559876"
_WORKER: Final = "host-1:29954:62eb3927"


def end_jobs(stand: Stand, entered: list[Job], *, failed_of: int, print_progress: Callable[[str], None]) -> None:
    """Claim and finish waiting jobs; one in `failed_of` fails, and the others are placed."""
    for n, job in enumerate(entered):
        claim = stand.ledger.claim(job.id, worker=_WORKER)
        if not isinstance(claim, Claim):
            raise Failed(f"{job.id} could not be claimed: {claim}")
        gate = stand.ledger.send(claim, to=job.to, caller_id=_CALLER_ID)
        if gate.verdict is not GateVerdict.GO:
            raise Failed(f"{job.id} could not be sent: {gate}")
        if n % failed_of:
            conversation_id = f"00000000-0000-4000-8000-{n:012}"
            end = End(
                state=State.PLACED,
                code=Code.PLACED,
                http_status=201,
                conversation_id=conversation_id,
                correlation_id=conversation_id,
            )
        else:
            end = End(state=State.FAILED, code=Code.COULD_NOT_CONNECT)
        stand.ledger.settle(claim, Settlement(action=end))
        if n % _PROGRESS_EVERY == 0:
            print_progress(f"{n} of {len(entered)} outcomes written")
