"""The two promises, under any interleaving of steps, faults and people: a model run against fake and real Redis.

A longer search, of some minutes:

    pytest tests/unit/ledger/test_ledger_model.py --hypothesis-profile=thorough --timeout=0
"""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from redis import Redis

from tests.model.fate import Weather
from tests.model.machine import LedgerMachine

#: Hypothesis varies what it has seen after ten examples, which finds less here than ten fresh ones.
_FRESH = 10
#: So many times ten, each from another seed; the fake is slower, and there to keep it true to the real one.
_ROUNDS = {"fake": 2, "real": 28}


@pytest.fixture
def raw_client(redis_client: Redis) -> Iterator[Redis]:
    """The same server without decoding."""
    options = redis_client.connection_pool.connection_kwargs
    known = {name: options[name] for name in ("server", "host", "port") if name in options}
    with type(redis_client)(**known, decode_responses=False) as client:
        yield client


def test_the_promises_hold_under_any_interleaving(
    request: pytest.FixtureRequest, redis_client: Redis, raw_client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    weather = Weather(redis_client, raw_client)
    thorough = settings.get_current_profile_name() == "thorough"
    rounds = settings().max_examples if thorough else _ROUNDS[request.node.callspec.params["redis_client"]]
    chosen = settings(
        max_examples=_FRESH,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    def machine() -> LedgerMachine:
        return LedgerMachine(redis_client, raw_client, weather)

    for number in range(rounds):
        # Its annotation asks for the class; a factory will do, says its docstring.
        run_state_machine_as_test(seed(number)(machine), settings=chosen)  # type: ignore[arg-type]
