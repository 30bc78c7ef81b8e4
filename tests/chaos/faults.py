"""What goes wrong in a campaign, by name. Each fault acts, lasts as long as it lasts, and then ends."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from redis import Redis

from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tests.chaos.crew import Crew
from tests.support.redis_proxy import RedisProxy


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What faults act on. `proxies` are those of the workers, and the producer's."""

    server: EmbeddedRedis
    admin: Redis
    simulator: Simulator
    crew: Crew
    producer: RedisProxy
    chance: Random
    #: How long a worker must be frozen so that all its leases end.
    lease_s: float

    def proxies(self) -> list[RedisProxy]:
        found = [*self.crew.proxies(), self.producer]
        return found if self.chance.random() < 0.3 else [self.chance.choice(found)]


Fault = Callable[[Scene], None]


# Of workers


def kill(scene: Scene) -> None:
    """SIGKILL to one that works."""
    if found := scene.crew.at_work():
        scene.crew.kill(scene.chance.choice(found))


def kill_most(scene: Scene) -> None:
    """SIGKILL to all but one."""
    found = scene.crew.at_work()
    for member in found[1:]:
        scene.crew.kill(member)


def freeze(scene: Scene) -> None:
    """SIGSTOP for longer than the leases, and then SIGCONT."""
    if len(found := scene.crew.at_work()) > 1:
        scene.crew.freeze(scene.chance.choice(found), scene.lease_s * scene.chance.choice([0.3, 0.6, 1.2]))


def dismiss(scene: Scene) -> None:
    """SIGTERM."""
    if found := scene.crew.at_work():
        scene.crew.dismiss(scene.chance.choice(found))


# Of Redis


def redis_dies(scene: Scene) -> None:
    """SIGKILL, and a restart from a file that has all, for it was written with each command (`always`)."""
    _restart(scene)


def redis_dies_everysec(scene: Scene) -> None:
    """The same with the file synced each second: a crash of Redis alone takes nothing with it."""
    scene.admin.config_set("appendfsync", "everysec")
    time.sleep(1)
    _restart(scene)


def _restart(scene: Scene) -> None:
    scene.server.kill()
    time.sleep(scene.chance.uniform(0.2, 3))
    scene.server.restart()


def redis_freezes(scene: Scene) -> None:
    """SIGSTOP: connections stay open and nothing answers."""
    scene.server.freeze()
    time.sleep(scene.chance.uniform(1, 7))
    scene.server.thaw()


def redis_pauses(scene: Scene) -> None:
    """CLIENT PAUSE, as a fail-over has it."""
    scene.admin.client_pause(scene.chance.randint(500, 3000))


def redis_is_full(scene: Scene) -> None:
    """Nothing can be written: OOM command not allowed."""
    scene.admin.config_set("maxmemory", 1)
    time.sleep(scene.chance.uniform(1, 3))
    scene.admin.config_set("maxmemory", 0)


def redis_is_read_only(scene: Scene) -> None:
    """A replica whose master is gone, as after a fail-over that went to another one."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        scene.admin.execute_command("REPLICAOF", "127.0.0.1", nobody.getsockname()[1])  # type: ignore[no-untyped-call]
        time.sleep(scene.chance.uniform(1, 3))
        scene.admin.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]


def redis_forgets_scripts(scene: Scene) -> None:
    """SCRIPT FLUSH, as a restart or a fail-over has it."""
    for _ in range(5):
        scene.admin.script_flush()
        time.sleep(0.1)


def redis_drops_everybody(scene: Scene) -> None:
    """CLIENT KILL."""
    scene.admin.client_kill_filter(_type="normal", skipme=True)


# Of the network between worker and Redis


def network_resets(scene: Scene) -> None:
    """RST on all connections, twice in a row."""
    for proxy in scene.proxies():
        proxy.cut()
    time.sleep(0.2)
    for proxy in scene.proxies():
        proxy.cut()


def network_hangs(scene: Scene) -> None:
    """Half-open: nothing arrives, and nobody is told."""
    proxies = scene.proxies()
    for proxy in proxies:
        proxy.freeze()
    time.sleep(scene.chance.uniform(1, 8))
    for proxy in proxies:
        if scene.chance.random() < 0.5:
            proxy.cut()
        proxy.thaw()


def replies_get_lost(scene: Scene) -> None:
    """Commands are carried out, and nobody learns it."""
    for proxy in scene.proxies():
        proxy.drop_replies(scene.chance.randint(1, 6))


# Of the API


def api_fails(scene: Scene) -> None:
    """For some seconds each request meets the same fault; behind some of them the phone rings."""
    outages = ["hang_rings", "reset_rings", "reset", "server_error_rings", "bad_gateway", "drip_headers"]
    scene.simulator.behave(outage=scene.chance.choice(outages))
    time.sleep(scene.chance.uniform(0.5, 2))
    scene.simulator.behave(outage="")


def api_refuses_for_a_while(scene: Scene) -> None:
    """429, or 503 with Retry-After."""
    scene.simulator.behave(outage=scene.chance.choice(["rate_limited", "unavailable_for_a_while"]))
    time.sleep(scene.chance.uniform(0.3, 1.5))
    scene.simulator.behave(outage="")


def token_is_revoked(scene: Scene) -> None:
    """Requests on the wire are refused, and a new token is needed."""
    scene.simulator.revoke_tokens()


def token_endpoint_is_down(scene: Scene) -> None:
    """And the old token is gone."""
    scene.simulator.behave(token_outage=scene.chance.choice(["server_error", "hang", "reset", "rate_limited"]))
    scene.simulator.revoke_tokens()
    time.sleep(scene.chance.uniform(1, 3))
    scene.simulator.behave(token_outage="")


# Of the events


def events_are_silent(scene: Scene) -> None:
    """The sockets stay open and send heartbeats, and tell nothing of any call."""
    scene.simulator.behave(deaf_channels=True)
    time.sleep(scene.chance.uniform(1, 4))
    scene.simulator.behave(deaf_channels=False)


def sockets_are_closed(scene: Scene) -> None:
    """What happens until there are new ones is never told."""
    scene.simulator.close_sockets()


#: How often each comes, beside the others.
OF_WORKERS: Final[dict[Fault, int]] = {kill: 8, kill_most: 1, freeze: 2, dismiss: 2}
OF_ALL_ELSE: Final[dict[Fault, int]] = {
    redis_dies: 1,
    redis_dies_everysec: 1,
    redis_freezes: 1,
    redis_pauses: 1,
    redis_is_full: 1,
    redis_is_read_only: 1,
    redis_forgets_scripts: 1,
    redis_drops_everybody: 2,
    network_resets: 3,
    network_hangs: 2,
    replies_get_lost: 4,
    api_fails: 1,
    api_refuses_for_a_while: 2,
    token_is_revoked: 1,
    token_endpoint_is_down: 1,
}
#: Of what only a contender that follows its calls can notice.
OF_EVENTS: Final[dict[Fault, int]] = {events_are_silent: 1, sockets_are_closed: 2}
#: The API's own share of chance, all the time: what it does to a call that meets nothing else.
API_MOOD: Final = {
    "reset": 0.003,
    "reset_rings": 0.003,
    "close_rings": 0.003,
    "hang": 0.001,
    "hang_rings": 0.001,
    "server_error": 0.002,
    "server_error_rings": 0.002,
    "bad_gateway_rings": 0.002,
    "gateway_timeout_rings": 0.002,
    "truncated": 0.003,
    "half_json": 0.002,
    "drip_body": 0.001,
    "rate_limited": 0.002,
    "unavailable_for_a_while": 0.003,
    "token_refused": 0.002,
}


def deck(weights: Mapping[Fault, int], chance: Random) -> Iterator[Fault]:
    """Faults without end: each of them once, then each as often as its weight, and so on, shuffled each time."""
    hand = list(weights)
    while True:
        yield from chance.sample(hand, len(hand))
        hand = [fault for fault, weight in weights.items() for _ in range(weight)]
