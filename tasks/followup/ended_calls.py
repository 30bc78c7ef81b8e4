"""Log lines about calls that ended, whichever source told it."""

import logging
from typing import Final

from tasks.ledger.following import FollowedCall, NewResult
from tasks.ledger.progress import Progress
from tasks.results import CallResult

log = logging.getLogger("dialer.followup")

_MOST_TOLD: Final = 100


class EndedCalls:
    """Logs each result, and warns of each word of the platform that tells of a failure the first time."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, call: FollowedCall, progress: Progress | None, new: NewResult | None) -> None:
        """Log a result that is new; None if there is none."""
        if new is None:
            return
        detail = progress.detail if progress else ""
        log.info("call ended", extra={"job_id": call.job_id, "result": new.result, "detail": detail})
        if new.result in {CallResult.NOT_KNOWN, CallResult.FAILED} and detail not in self._told:
            log.warning("a call failed, or its result is not known", extra={"result": new.result, "detail": detail})
            if len(self._told) < _MOST_TOLD:
                self._told.add(detail)
