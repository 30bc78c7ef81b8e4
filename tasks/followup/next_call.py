"""Decides what follows a call that has ended: nothing more, or another call of the same job.

result                                  what follows
agent_missed                            the job goes back to its place, for a user who is there: the callee's phone
                                        never rang. It counts as an attempt; attempts used up: nothing more
busy, no_answer, unreachable,           another call after the distance that the producer asked for (`redial`), as
unanswered                              long as calls are left and the distance ends before not_after
any other                               nothing more

A second call is never made while it is unknown what became of the first: every row rests on a stored result.
"""

from dataclasses import dataclass

from tasks.codes import Code
from tasks.ledger.conclusion import CallAgain, EndedCall
from tasks.redial import Redial
from tasks.results import CallResult


@dataclass(frozen=True, kw_only=True)
class NextCall:
    """The operator's settings for jobs that say nothing themselves."""

    max_attempts: int
    redial: Redial | None = None

    def __call__(self, ended: EndedCall) -> CallAgain | None:
        """Return when the job is called again, and why; None if this was its last call."""
        if ended.result is CallResult.AGENT_MISSED:
            used_up = ended.attempts >= (ended.job.max_attempts or self.max_attempts)
            return None if used_up else CallAgain(delay_s=0, code=Code.AGENT_MISSED, is_fresh=False)
        redial = ended.job.redial or self.redial
        reached = [result for result in ended.earlier if result != CallResult.AGENT_MISSED]
        delay_s = redial.distance_s(ended.result, reached) if redial else None
        if delay_s is None:
            return None
        not_after = ended.job.not_after
        if not_after and ended.now + delay_s >= not_after.timestamp():
            return None
        return CallAgain(delay_s=delay_s, code=Code.REDIAL, is_fresh=True)
