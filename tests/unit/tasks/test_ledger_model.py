"""The two promises, under any interleaving of steps, faults and people: a model run against fake and real Redis.

A longer search: pytest tests/unit/tasks/test_ledger_model.py --hypothesis-profile=thorough --timeout=0
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redis import Redis

from tests.model.fate import Weather
from tests.model.machine import LedgerMachine

#: Short, and the same in each run: what it can find it finds at once, or never.
SHORT = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def raw_client(redis_client: Redis) -> Iterator[Redis]:
    """The same server without decoding."""
    known = redis_client.connection_pool.connection_kwargs
    options: Any = {name: known[name] for name in ("server", "host", "port", "db") if name in known}
    with type(redis_client)(**options, decode_responses=False) as client:
        yield client


def test_the_promises_hold_under_any_interleaving(redis_client: Redis, raw_client: Redis) -> None:
    weather = Weather(redis_client, raw_client)
    chosen = settings() if settings.get_current_profile_name() == "thorough" else SHORT
    machine: Any = partial(LedgerMachine, redis_client, raw_client, weather)
    run_state_machine_as_test(machine, settings=chosen)
