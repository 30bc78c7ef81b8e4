"""A worker with a bug: some numbers make it raise, others kill its process. Otherwise `dialer worker`, in a hurry.

python -m tests.support.poisoned worker --concurrency 8
"""

import os
import signal
from typing import Any, Final

import tasks.ledger.ledger
import tasks.ledger.reaper
import tasks.resolution
import tasks.screening.screen
from tasks.screening.number import parse_address
from worker.cli.main import main

RAISES: Final = "+12125550077"
KILLS: Final = "+12125550088"


def parse_with_a_bug(text: str, **rules: Any) -> Any:
    if text == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    if text == RAISES:
        raise KeyError(f"no row for {text}")
    return parse_address(text, **rules)


if __name__ == "__main__":
    tasks.screening.screen.parse_address = parse_with_a_bug  # type: ignore[attr-defined]
    # What takes minutes in a fleet takes seconds here.
    tasks.resolution._BUG_DELAY_S = 0.2  # type: ignore[misc]
    tasks.ledger.ledger.PREPARING_LEASE_S = 1.0  # type: ignore[misc]
    tasks.ledger.reaper._DEATH_DELAY_S = 0.2  # type: ignore[misc]
    main()
