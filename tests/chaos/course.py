"""What a campaign is to be, and how it went."""

from dataclasses import dataclass

from tasks.ledger.ledger import PREPARING_LEASE_S, SENDING_MARGIN_S
from tests.chaos.crew import Death
from tests.chaos.judge import Judgment


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how hard. The first `calm_kills` come alone, the others with every other fault."""

    jobs: int
    kills: int
    calm_kills: int
    seed: int
    workers: int = 4
    #: Calls a second that the fleet may place.
    rate: int = 30
    #: Between two faults of workers, and between two of all else, on average.
    gap_s: float = 2.5
    weather_gap_s: float = 2.5
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    #: After the kills that came alone.
    breath_s: float = 15.0
    #: How long the end may take when all faults are over.
    patience_s: float = 300.0
    #: Whether calls are looked at when all jobs have ended, and not when their time has come.
    hastens: bool = False

    @property
    def lease_s(self) -> float:
        return max(PREPARING_LEASE_S, self.connect_timeout_s + self.read_timeout_s + SENDING_MARGIN_S)


@dataclass(kw_only=True)
class Course:
    """How it went. Times are epoch seconds."""

    name: str
    began: float
    #: When the last fault was over, and when all jobs had ended.
    faults_ended: float
    rested: float
    verdict: Judgment
    deaths: list[Death]
    injected: list[tuple[float, str]]
    #: (time, jobs by outcome; `calls`: phones that rang).
    timeline: list[tuple[float, dict[str, int]]]
    crew: dict[str, int]
    #: From the death of a worker until another claimed a job of its, in seconds.
    takeover_s: list[float]
    codes: dict[str, int]
    #: How many placed calls had each result; empty for a contender that does not follow its calls.
    results: dict[str, int]
    #: Where a fault of the driver's met another and could not be done.
    mishaps: list[str]
    #: What must be empty, each a line for a person.
    faults: dict[str, list[str]]
