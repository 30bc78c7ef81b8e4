"""The simulated organization: its behavior and all its state, in memory; a reset clears it."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.calls import CallLog
from sandbox.simulator.changes import changed
from sandbox.simulator.channels import Channels
from sandbox.simulator.course import RESULTS, Result
from sandbox.simulator.magic import MAGIC, Magic
from sandbox.simulator.oauth import IssuedTokens
from sandbox.simulator.rate_window import RateWindows
from sandbox.simulator.traffic import Traffic


class Organization:
    """One organization. `clock` returns epoch seconds and is the only clock that its parts use."""

    def __init__(self, behavior: Behavior, clock: Callable[[], float] = time.time) -> None:
        self._at_start = behavior
        self.clock = clock
        self.channels = Channels(clock)
        self.reset()

    def reset(self) -> None:
        """Return to the state at the start: first behavior; no tokens, calls, requests or channels; empty windows."""
        self.behavior = self._at_start
        self.tokens = IssuedTokens(self.clock)
        #: By client and token: each token has a budget of its own.
        self.windows: RateWindows[tuple[str, str]] = RateWindows(self.clock)
        self.token_windows: RateWindows[str] = RateWindows(self.clock)
        self.calls = CallLog(self.clock)
        self.channels.close_sockets()
        self.channels = Channels(self.clock)
        self.traffic = Traffic(self.clock)
        self._attempts: Counter[str] = Counter()

    def change(self, changes: Mapping[str, object]) -> None:
        """Change the behavior. Raises BadBehavior."""
        self.behavior = changed(self.behavior, changes)

    def next_fault(self, to: str) -> str:
        """Return the name of the fault that the next call to the number meets, "" for none.

        An outage takes precedence and does not count as an attempt of a magic number. Random faults are drawn from
        seed, number and attempt, so that they do not depend on the order in which concurrent calls arrive.
        """
        if self.behavior.outage:
            return self.behavior.outage
        attempt = self._attempts[to]
        self._attempts[to] += 1
        magic = MAGIC.get(to)
        if magic is not None:
            return "" if magic.once and attempt else magic.fault
        return _drawn(self.behavior.faults, f"{self.behavior.fault_seed} {to} {attempt}")

    def result_of(self, to: str) -> Result:
        """Return what becomes of a call to the number."""
        magic = MAGIC.get(to)
        if magic is not None:
            return magic.result
        drawn = _drawn(self.behavior.results, f"result {self.behavior.fault_seed} {to}")
        return RESULTS[drawn] if drawn else Magic().result


def _drawn(shares: Mapping[str, float], seed: str) -> str:
    """Return one of the names, by their probabilities, or "" for the rest."""
    lot = random.Random(seed).random()  # dice, not cryptography
    for name, share in shares.items():
        lot -= share
        if lot < 0:
            return name
    return ""
