"""One simulator for each module, reset for each test, and a client of it."""

from collections.abc import Iterator

import pytest

from sandbox.simulator.process import Simulator
from tests.support.simulator_client import Client


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with Simulator(rate_limit=0, drip_interval_s=0.0001) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    client = Client(simulator)
    with client.session:
        yield client
