"""Runs one contender through a campaign: jobs come in, faults begin and end, and then the result is judged."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tests.chaos import faults, judge
from tests.chaos.calls import untrue_results, users_with_too_many, without_result
from tests.chaos.contenders import CALLS_PER_USER, REDIS_TIMEOUTS, Contender, Dialer, PlainTask
from tests.chaos.course import Course, Plan
from tests.chaos.crew import Crew
from tests.chaos.orders import Order
from tests.chaos.producing import Producers
from tests.chaos.takeover import Takeover
from tests.support.redis_proxy import RedisProxy

_LATENCY_S: Final = 0.15
#: Calls of about a second: the users have time for all that the pace allows, also while some are held by lost calls.
_CALLS: Final[dict[str, object]] = {
    "contacting_s": 0.1,
    "dialing_s": 0.2,
    "talking_s": 0.5,
    "analytics_lag_s": 0.3,
    "search_lag_s": 0.3,
    "results": {"busy": 0.1, "no_answer": 0.1, "declined": 0.05},
}
_LEAVE_S: Final = 40.0
_LOOK_S: Final = 1.0
#: Longer than anybody waits for anything: the longest distance of two probes, a visibility time-out.
_QUIET_S: Final = 150.0


@dataclass(kw_only=True)
class Campaign:
    plan: Plan
    print_progress: Callable[[str], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _injected: list[tuple[float, str]] = field(default_factory=list)
    _timeline: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    _mishaps: list[str] = field(default_factory=list)
    _weathered: int = 0
    _of_all_else: dict[faults.Fault, int] = field(default_factory=lambda: dict(faults.OF_ALL_ELSE))
    _takeover: Takeover | None = None

    def run(self, make: Callable[[str, Redis], Contender], *, keep_logs: Path | None = None) -> Course:
        """Go through it from an empty Redis to the verdict."""
        with ExitStack() as stack:
            server = stack.enter_context(EmbeddedRedis(appendonly=True))
            simulator = stack.enter_context(Simulator(rate_limit=0, latency_s=_LATENCY_S, **_CALLS))
            admin = stack.enter_context(_admin(server))
            producer = stack.enter_context(RedisProxy(server.port))
            contender = make(producer.url, admin)
            if isinstance(contender, Dialer):
                contender.hastens = self.plan.hastens
            directory = keep_logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-chaos-")))
            directory.mkdir(parents=True, exist_ok=True)
            crew = stack.enter_context(self._crew(contender, server, simulator, directory))
            scene = faults.Scene(
                server=server,
                admin=admin,
                simulator=simulator,
                crew=crew,
                producer=producer,
                chance=Random(f"weather-{self.plan.seed}"),
                lease_s=self.plan.lease_s,
            )
            return self._go(contender, scene)

    def _crew(self, contender: Contender, server: EmbeddedRedis, simulator: Simulator, directory: Path) -> Crew:
        plan = self.plan
        settings = {
            **caller_settings(simulator.url, Behavior()),
            "DIALER_RATE_LIMIT": f"{plan.rate}/1s",
            "DIALER_CONNECT_TIMEOUT_S": str(plan.connect_timeout_s),
            "DIALER_READ_TIMEOUT_S": str(plan.read_timeout_s),
            "RIVAL_RATE_LIMIT": f"{plan.rate * 60 // plan.workers}/m",
        }
        strangers = {"GENESYS_CLOUD_CLIENT_ID": "strangers", "DIALER_RETENTION_DAYS": "3", "DIALER_MAX_ATTEMPTS": "4"}
        return Crew(
            contender=contender,
            redis_port=server.port,
            directory=directory,
            settings=settings,
            strangers=strangers,
            size=plan.workers,
            chance=Random(f"crew-{plan.seed}"),
        )

    def _go(self, contender: Contender, scene: faults.Scene) -> Course:
        began = time.time()
        self._takeover = Takeover(scene.admin) if isinstance(contender, Dialer) else None
        scene.crew.tend()
        producers = Producers(self.plan, contender, scene.crew)
        producers.start()
        self._kill(contender, scene, self.plan.calm_kills, {faults.kill: 1})
        self._breathe(contender, scene)
        scene.crew.odd = True
        scene.simulator.behave(faults=faults.API_MOOD, fault_seed=self.plan.seed)
        if isinstance(contender, Dialer):
            self._of_all_else |= faults.OF_EVENTS
        weather = threading.Thread(target=self._weather, args=[scene], daemon=True)
        weather.start()
        self._kill(contender, scene, self.plan.kills, faults.OF_WORKERS)
        self._stop.set()
        weather.join(60)
        producers.hurry()
        self._mend(scene)
        faults_ended = time.time()
        self._rest(contender, scene, producers)
        times = {"began": began, "faults_ended": faults_ended, "rested": time.time()}
        scene.crew.leave(_LEAVE_S)
        return self._course(contender, scene, producers.sent, times)

    def _kill(self, contender: Contender, scene: faults.Scene, until: int, weights: dict[faults.Fault, int]) -> None:
        """Faults of workers, until so many were killed, and beside the last of them each other fault was there."""
        crew, dealt = scene.crew, faults.deck(weights, scene.chance)
        next_at = time.monotonic() + 3 * self.plan.gap_s
        while len(crew.deaths) < until or (crew.odd and self._weathered < len(self._of_all_else)):
            if time.monotonic() >= next_at:
                self._inject(next(dealt), scene)
                next_at = time.monotonic() + scene.chance.expovariate(1 / self.plan.gap_s)
            self._tend(contender, scene)

    def _breathe(self, contender: Contender, scene: faults.Scene) -> None:
        """Let what the last of the dead had be taken over, before anything else goes wrong."""
        until = time.monotonic() + self.plan.breath_s
        while time.monotonic() < until:
            self._tend(contender, scene)

    def _tend(self, contender: Contender, scene: faults.Scene) -> None:
        scene.crew.tend()
        if self._takeover and not scene.crew.odd:
            self._takeover.look(scene.crew.deaths)
        self._look(contender, scene)
        time.sleep(0.1)

    def _weather(self, scene: faults.Scene) -> None:
        """Every other fault, one after the other."""
        for fault in faults.deck(self._of_all_else, scene.chance):
            if self._stop.wait(scene.chance.expovariate(1 / self.plan.weather_gap_s)):
                return
            self._inject(fault, scene)
            self._weathered += 1

    def _inject(self, fault: faults.Fault, scene: faults.Scene) -> None:
        self._injected.append((time.time(), fault.__name__))
        try:
            fault(scene)
        except RedisError as error:  # one fault met another
            self._mishaps.append(f"{fault.__name__}: {error}")

    def _look(self, contender: Contender, scene: faults.Scene, *, every_s: float = _LOOK_S) -> None:
        now = time.time()
        if self._timeline and now - self._timeline[-1][0] < every_s:
            return
        seen = dict(self._timeline[-1][1]) if self._timeline else {}
        with suppress(RedisError):
            seen |= contender.tally()
        seen["calls"] = scene.simulator.stats()["calls"]
        self._timeline.append((now, seen))
        self.print_progress(f"{contender.name}: {len(scene.crew.deaths)} of {self.plan.kills} kills, {_line(seen)}")

    def _mend(self, scene: faults.Scene) -> None:
        """Whatever was in the middle of something: all is sound from now on."""
        with suppress(RuntimeError):
            scene.server.thaw()
        scene.admin.config_set("maxmemory", 0)
        scene.admin.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]
        scene.simulator.behave(outage="", token_outage="", faults={}, deaf_channels=False)
        for proxy in [*scene.crew.proxies(), scene.producer]:
            proxy.thaw()
        scene.crew.calm()

    def _rest(self, contender: Contender, scene: faults.Scene, producers: Producers) -> None:
        """Until all have ended, or nothing has happened for long."""
        deadline = time.monotonic() + self.plan.patience_s
        seen: dict[str, int] = {}
        changed_at = time.monotonic()
        while time.monotonic() < min(deadline, changed_at + _QUIET_S):
            self._tend(contender, scene)
            if self._timeline[-1][1] != seen:
                seen, changed_at = self._timeline[-1][1], time.monotonic()
            if not producers.is_alive() and contender.at_rest(self.plan.jobs):
                self._look(contender, scene, every_s=0)
                return
            time.sleep(0.5)  # to look costs Redis something

    def _course(
        self, contender: Contender, scene: faults.Scene, sent: list[Order], times: dict[str, float]
    ) -> Course:
        calls = scene.simulator.calls()
        called = Counter(call["to"] for call in calls)
        found = contender.outcomes(sent)
        of_dialer: dict[str, list[str]] = {}
        results: Counter[str] = Counter()
        if isinstance(contender, Dialer):
            ended = list(contender.ended(sent))
            results.update(record["result"] for record in ended if "result" in record)
            of_dialer = {
                "too many calls": users_with_too_many(calls, most=CALLS_PER_USER),
                "without result": without_result(ended),
                "untrue results": untrue_results(ended, calls),
                "left over": judge.left_over(scene.admin),
                "contradictions": judge.contradictions(scene.admin, sent),
                "leaks": judge.leaks(scene.crew.logs),
                "tracebacks": judge.tracebacks(scene.crew.logs),
            }
        return Course(
            name=contender.name,
            **times,
            verdict=judge.judge(sent, found, called),
            deaths=scene.crew.deaths,
            injected=self._injected,
            timeline=self._timeline,
            crew=dict(scene.crew.kinds),
            takeover_s=self._takeover.seconds() if self._takeover else [],
            codes=contender.codes(sent),
            results=dict(results),
            mishaps=self._mishaps,
            faults={"defects": scene.crew.defects, **of_dialer},
        )


def dialer(redis_url: str, admin: Redis) -> Contender:
    return Dialer(redis_url, admin)


def plain_task(redis_url: str, admin: Redis) -> Contender:
    return PlainTask(redis_url, admin, visibility_s=60)


def _admin(server: EmbeddedRedis) -> Redis:
    """The driver's own client: it goes to Redis directly, and does not wait long."""
    client: Redis = Redis.from_url(server.url, decode_responses=True, retry=Retry(NoBackoff(), 1), **REDIS_TIMEOUTS)
    return client


def _line(seen: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in seen.items() if count)
