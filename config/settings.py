"""What an operator may set, read once from the environment or `.env`, and checked as a whole.

environment over .env  ->  texts by name (`sources`)  ->  values (`parsing`, `urls`)  ->  Settings
└── every fault on the way is collected, and all of them are raised together
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from config import parsing, urls
from config.masking import mask
from config.sources import texts
from config.values import Ambiguous, LogFormat, Profile, RateLimit, Secret
from config.variables import BY_NAME, VARIABLES, Variable

__all__ = [
    "VARIABLES",
    "Ambiguous",
    "Profile",
    "RateLimit",
    "Secret",
    "Settings",
    "SettingsError",
    "Variable",
    "load",
]

_Value = TypeVar("_Value")
_LONGEST_SHOWN = 40


class SettingsError(Exception):
    """The settings are not usable; `faults` names every reason, one line each, and never a secret's value."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True, kw_only=True)
class Settings:
    profile: Profile
    api_url: str
    login_url: str
    client_id: str
    client_secret: Secret
    user_id: str
    wrap_up_code_id: str
    redis_url: Secret
    sentinel_master: str
    caller_id: str = field(repr=False)  # a phone number
    default_region: str
    allowed_regions: frozenset[str]
    allow_premium: bool
    rate_limit: RateLimit
    connect_timeout_s: float
    read_timeout_s: float
    max_attempts: int
    retry_for_s: float
    retention_days: float
    ambiguous: Ambiguous
    log_format: str

    @property
    def call_deadline_s(self) -> float:
        """The wall-clock deadline, in seconds, of one whole HTTP exchange with Genesys Cloud."""
        return self.connect_timeout_s + self.read_timeout_s

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every literal that no log may show: hand it to `config.logging.configure`."""
        return (self.client_secret.reveal(), *urls.passwords(self.redis_url.reveal()))


def load(
    environ: Mapping[str, str] | None = None, *, dotenv: Path | None = Path(".env"), credentials: bool = True
) -> Settings:
    """Read and check all settings; `environ` (default: the process environment) wins over the file `dotenv`.

    With `credentials=False`, for commands that only talk to Redis, what placing calls needs may be missing.
    Raises SettingsError with every fault at once.
    """
    faults: list[str] = []
    read = _Reader(texts(os.environ if environ is None else environ, dotenv, faults), faults)
    profile = read("GENESYS_CLOUD_PROFILE", parsing.choice(Profile))
    if credentials:
        read.require(profile)
    api_url, login_url = _hosts(read, profile)
    settings = Settings(
        profile=profile,
        api_url=api_url,
        login_url=login_url,
        client_id=read("GENESYS_CLOUD_CLIENT_ID", parsing.identifier),
        client_secret=Secret(read("GENESYS_CLOUD_CLIENT_SECRET", parsing.identifier)),
        user_id=read("GENESYS_CLOUD_USER_ID", parsing.identifier),
        wrap_up_code_id=read("GENESYS_CLOUD_WRAP_UP_CODE_ID", parsing.identifier),
        redis_url=Secret(read("DIALER_REDIS_URL", urls.redis_url)),
        sentinel_master=read("DIALER_SENTINEL_MASTER", parsing.identifier),
        caller_id=read("DIALER_CALLER_ID", str),  # the worker checks it, with the rules for any other number
        default_region=read("DIALER_DEFAULT_REGION", parsing.region),
        allowed_regions=read("DIALER_ALLOWED_REGIONS", parsing.regions),
        allow_premium=read("DIALER_ALLOW_PREMIUM", parsing.switch),
        rate_limit=read("DIALER_RATE_LIMIT", parsing.rate_limit),
        connect_timeout_s=read("DIALER_CONNECT_TIMEOUT_S", parsing.number(0.05, 60, "seconds")),
        read_timeout_s=read("DIALER_READ_TIMEOUT_S", parsing.number(0.05, 300, "seconds")),
        max_attempts=read("DIALER_MAX_ATTEMPTS", parsing.whole(1, 100)),
        retry_for_s=read("DIALER_RETRY_FOR_S", parsing.number(1, 31 * 86400, "seconds")),
        retention_days=read("DIALER_RETENTION_DAYS", parsing.number(0.000001, 3650, "days")),
        ambiguous=read("DIALER_AMBIGUOUS", parsing.choice(Ambiguous)),
        log_format=read("DIALER_LOG_FORMAT", parsing.choice(LogFormat)).value,
    )
    if faults:
        raise SettingsError(faults)
    return settings


class _Reader:
    """Gives the value of a variable: parsed, or its default if it is not set, or wrong, which is a fault."""

    def __init__(self, found: dict[str, str | None], faults: list[str]) -> None:
        self.found = found
        self.faults = faults

    def __call__(self, name: str, parse: Callable[[str], _Value]) -> _Value:
        text = self.found.get(name)
        if text:
            try:
                return parse(text)
            except ValueError as wrong:
                self.faults.append(f"{name}{_shown(BY_NAME[name], text)} is wrong: {wrong}")
        return parse(BY_NAME[name].default)

    def require(self, profile: Profile) -> None:
        for variable in VARIABLES:
            if profile in variable.required_by and variable.name not in self.found:
                self.faults.append(f"{variable.name} is missing; set it: {variable.meaning}")


def _shown(variable: Variable, text: str) -> str:
    """Give the text as a fault repeats it: not if it is secret, or a URL (which may hold a password)."""
    if variable.secret or variable.name.endswith("_URL") or len(text) > _LONGEST_SHOWN:
        return ""
    return f" ({mask(ascii(text))})"


def _hosts(read: _Reader, profile: Profile) -> tuple[str, str]:
    """Give the base URLs of the API and of the token endpoint: as set, or as region and profile have them."""
    url = partial(urls.https_url, allow_http=read("GENESYS_CLOUD_ALLOW_HTTP", parsing.switch))
    api_url, login_url = read("GENESYS_CLOUD_API_URL", url), read("GENESYS_CLOUD_LOGIN_URL", url)
    if not (api_url and login_url):
        region = read("GENESYS_CLOUD_REGION", parsing.genesys_region)
        login_host = f"https://login.{region}" if profile is Profile.PUBLIC else api_url or f"https://api.{region}"
        return api_url or f"https://api.{region}", login_url or login_host
    return api_url, login_url
