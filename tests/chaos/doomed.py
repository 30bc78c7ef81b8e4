"""A worker that dies by its own hand at a named point, or whose clock is wrong; otherwise `dialer worker` as it is.

    CHAOS_KILL_AT=after_send:7 CHAOS_SKEW_S=-3600 python -m tests.chaos.doomed worker --concurrency 8

SIGKILL leaves nothing a chance to tidy up, and a point is hit for sure where a kill from outside hits it by luck.
"""

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final

import time_machine

from tasks.fleet.scheduler import Scheduler
from tasks.genesys.client import Genesys
from tasks.intake.inbox import Inbox
from tasks.ledger.accept import Acceptor
from tasks.ledger.claim import Claim, Gate, GateVerdict
from tasks.ledger.doubt import Doubt
from tasks.ledger.following import Following
from tasks.ledger.ledger import Ledger
from worker.cli.main import main

KILL_AT: Final = "CHAOS_KILL_AT"
SKEW_S: Final = "CHAOS_SKEW_S"

_ALWAYS: Final[Callable[[Any], bool]] = lambda _: True  # noqa: E731 - a word in the table

#: Point -> the step, whether it dies behind it or before it, and for which answers it does.
POINTS: Final[dict[str, tuple[type, str, bool, Callable[[Any], bool]]]] = {
    "after_claim": (Ledger, "claim", True, lambda answer: isinstance(answer, Claim)),
    "before_send": (Ledger, "send", False, _ALWAYS),
    "after_send": (
        Ledger,
        "send",
        True,
        lambda answer: isinstance(answer, Gate) and answer.verdict is GateVerdict.GO,
    ),
    "after_post": (Genesys, "place_call", True, _ALWAYS),
    "before_settle": (Ledger, "settle", False, _ALWAYS),
    "after_settle": (Ledger, "settle", True, _ALWAYS),
    "before_accept": (Acceptor, "accept", False, _ALWAYS),
    "after_accept": (Acceptor, "accept", True, _ALWAYS),
    "after_drain": (Inbox, "drain", True, bool),
    "after_nudge": (Scheduler, "nudge", True, lambda answer: answer[0] > 0),
    "after_look": (Following, "take", True, lambda looks: bool(looks.calls)),
    "before_record": (Following, "record", False, _ALWAYS),
    "after_record": (Following, "record", True, bool),
    "after_search": (Doubt, "take", True, lambda doubts: bool(doubts.jobs)),
}


def doom(point: str, passes: int) -> None:
    """Let this process die when it passes the point for the `passes`-th time."""
    owner, name, behind, counts = POINTS[point]
    step = getattr(owner, name)
    left, lock = [passes], threading.Lock()

    def passed() -> None:
        with lock:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    @wraps(step)
    def walked(*args: Any, **kwargs: Any) -> Any:
        if not behind:
            passed()
        answer = None
        try:
            answer = step(*args, **kwargs)
        finally:
            # An error is an answer too: the POST may have failed, and who made it dies before that is known.
            if behind and (answer is None or counts(answer)):
                passed()
        return answer

    setattr(owner, name, walked)


if __name__ == "__main__":
    if chosen := os.environ.get(KILL_AT):
        where, _, number = chosen.partition(":")
        doom(where, int(number))
    if skew_s := float(os.environ.get(SKEW_S, "0")):
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=skew_s), tick=True).start()
    main()
