"""A clock that stands still until a test moves it."""

import pytest


class Clock:
    """Epoch seconds in `now`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
