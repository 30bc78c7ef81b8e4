"""The producers of a campaign: they send in step with the kills, and each order until they know that it arrived."""

import threading
import time

from tests.chaos.contenders import Contender
from tests.chaos.course import Plan
from tests.chaos.crew import Crew
from tests.chaos.orders import Order, orders


class Producers(threading.Thread):
    """`sent` are the orders that have arrived, in their order."""

    def __init__(self, plan: Plan, contender: Contender, crew: Crew) -> None:
        super().__init__(name="producers", daemon=True)
        self._plan = plan
        self._contender = contender
        self._crew = crew
        self._hurry = threading.Event()
        self.sent: list[Order] = []

    def hurry(self) -> None:
        """Send what is left at once: there will be no more kills."""
        self._hurry.set()

    def run(self) -> None:
        plan = self._plan
        for n, order in enumerate(orders(plan.jobs, seed=plan.seed)):
            while n > plan.jobs * (len(self._crew.deaths) + 2) / plan.kills and not self._hurry.wait(0.05):
                pass
            for _ in range(order.times):
                self._until_stored(order)
            self.sent.append(order)

    def _until_stored(self, order: Order) -> None:
        while True:
            try:
                self._contender.send(order)
            except Exception:  # noqa: BLE001 - kombu and redis-py have many names for a Redis that is away
                time.sleep(0.2)
            else:
                return
