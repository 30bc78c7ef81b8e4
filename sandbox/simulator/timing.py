"""The delays of slow deliveries: apart from them, so that reading a behavior does not import a web library."""

from typing import NamedTuple


class Timing(NamedTuple):
    """The delays of the slow deliveries, in seconds."""

    hang_s: float
    drip_interval_s: float
