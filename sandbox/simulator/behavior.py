"""The settings of the simulated platform, which can be given at its start and changed while it runs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.simulator.course import Durations
from sandbox.simulator.timing import Timing


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """The defaults are a platform without faults and with the documented limit. Durations are seconds."""

    #: `guide`, `public` or `both`: which endpoints and which way of sending credentials are accepted.
    profile: str = "both"
    #: The secret that the token endpoint accepts, from any client id.
    client_secret: str = "sandbox-secret"  # noqa: S105 - a default that opens nothing but this simulator
    token_life_s: float = 86400.0
    #: Token requests allowed for each client and window; 0 for no limit.
    token_rate_limit: int = 0
    token_rate_window_s: float = 60.0
    #: The name of a fault that every request to the token endpoint meets.
    token_outage: str = ""
    #: API requests allowed for each token and window; 0 for no limit and no headers.
    rate_limit: int = 300
    rate_window_s: float = 60.0
    #: The delay of each API reply. The phone rings before it.
    latency_s: float = 0.0
    #: The E.164 caller IDs that are accepted; null for any.
    verified_caller_ids: tuple[str, ...] | None = None
    #: The permissions of every client; null for all. Without the one that it needs, a request is answered with 403.
    permissions: tuple[str, ...] | None = None
    #: The ids of the users that exist; null for any.
    users: tuple[str, ...] | None = None
    #: The ids of the users whose own phone nobody picks up.
    absent_users: tuple[str, ...] = ()
    #: User id to system presence, such as `Away`; the others are `Available`.
    presences: Mapping[str, str] = field(default_factory=dict)
    #: The name of a fault that every API request meets.
    outage: str = ""
    #: Fault name to probability, for calls to numbers that are not magic.
    faults: Mapping[str, float] = field(default_factory=dict)
    fault_seed: int = 0
    #: Result to probability, for calls to numbers that are not magic; the others are answered. The words are those of
    #: `Result`, in lower case. The result depends on the number.
    results: Mapping[str, float] = field(default_factory=dict)
    #: The `Retry-After` of the faults that carry one, in whole seconds.
    retry_after_s: int = 1
    #: How long a connection without a response stays open.
    hang_s: float = 600.0
    #: The delay between two bytes of a reply that is sent byte by byte.
    drip_interval_s: float = 0.5
    #: The delay until the attribute search, and until analytics, show what happened.
    search_lag_s: float = 5.0
    analytics_lag_s: float = 5.0
    #: The time until the user's own phone is picked up, or until the platform stops waiting for that; from there
    #: until the callee answers, and from there until the call ends. A call keeps the times of its start.
    contacting_s: float = 1.0
    contacting_timeout_s: float = 60.0
    dialing_s: float = 3.0
    talking_s: float = 10.0
    #: The life of a notification channel, and the time between two heartbeats on its WebSocket.
    channel_life_s: float = 86400.0
    heartbeat_s: float = 30.0
    #: Whether open WebSockets deliver heartbeats but no events.
    deaf_channels: bool = False

    @property
    def timing(self) -> Timing:
        return Timing(self.hang_s, self.drip_interval_s)

    @property
    def durations(self) -> Durations:
        return Durations(self.contacting_s, self.contacting_timeout_s, self.dialing_s, self.talking_s)

    def knows(self, user_id: str) -> bool:
        return self.users is None or user_id in self.users

    def lacks(self, permission: str) -> bool:
        return self.permissions is not None and permission not in self.permissions

    def as_json(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
