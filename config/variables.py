"""Every setting that an operator may set: one entry each, in the order in which the documentation lists them."""

from dataclasses import dataclass, fields

from config import parsing, redis_address, urls
from config.declaration import VARIABLE, Variable, setting
from config.values import Ambiguous, FollowUp, LogFormat, Profile, RateLimit, Secret

#: How the names of all settings begin. Another variable that begins so is a mistake of the operator's.
PREFIXES = ("DIALER_", "GENESYS_CLOUD_")

_ALWAYS = tuple(Profile)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a process, as `config.settings.load` reads them."""

    region: str = setting(
        "GENESYS_CLOUD_REGION",
        str.lower,  # checked by `config.settings.load`, unless both URLs are set and replace it
        default="mypurecloud.com",
        meaning="The domain of the Genesys Cloud region of the organization.",
    )
    client_id: str = setting(
        "GENESYS_CLOUD_CLIENT_ID",
        parsing.identifier,
        required_by=_ALWAYS,
        meaning="The id of the OAuth client.",
    )
    client_secret: Secret = setting(
        "GENESYS_CLOUD_CLIENT_SECRET",
        parsing.identifier,
        secret=True,
        required_by=_ALWAYS,
        meaning="The secret of the OAuth client.",
    )
    user_ids: tuple[str, ...] = setting(
        "GENESYS_CLOUD_USER_ID",
        parsing.identifiers,
        required_by=_ALWAYS,
        meaning="The ids of the users on whose behalf calls are placed, separated by commas, unless a job names one.",
    )
    wrap_up_code_id: str = setting(
        "GENESYS_CLOUD_WRAP_UP_CODE_ID",
        parsing.identifier,
        required_by=(Profile.GUIDE,),
        meaning="The id of the wrap-up code that calls are given, unless a job names another code.",
    )
    profile: Profile = setting(
        "GENESYS_CLOUD_PROFILE",
        parsing.choice(Profile),
        default="guide",
        meaning="The form of the API to use: 'guide', or 'public' for the published platform.",
    )
    api_url: str = setting(
        "GENESYS_CLOUD_API_URL",
        urls.base_url,  # completed and checked for encryption by `config.settings.load`
        meaning="The base URL of the API, in place of https://api.{region}.",
    )
    login_url: str = setting(
        "GENESYS_CLOUD_LOGIN_URL",
        urls.base_url,  # as above
        meaning="The base URL for tokens, in place of the API's base URL (guide) or https://login.{region} (public).",
    )
    allow_http: bool = setting(
        "GENESYS_CLOUD_ALLOW_HTTP",
        parsing.switch,
        default="0",
        meaning="Whether plain http is allowed to hosts other than this one, which sends credentials unencrypted.",
    )
    redis_url: Secret = setting(
        "DIALER_REDIS_URL",
        redis_address.redis_url,  # completed with the password by `config.settings.load`
        secret=True,
        default="redis://localhost:6379/0",
        meaning="The Redis that holds queue, results and records: redis://, rediss://, sentinel:// or redis+socket://.",
    )
    redis_password: Secret = setting(
        "DIALER_REDIS_PASSWORD",
        str,
        secret=True,
        meaning="The password for Redis (and its Sentinels), in place of one in DIALER_REDIS_URL.",
    )
    sentinel_master: str = setting(
        "DIALER_SENTINEL_MASTER",
        parsing.identifier,
        default="mymaster",
        meaning="The name of the master that the Sentinels of a sentinel:// URL monitor.",
    )
    caller_id: str = setting(
        "DIALER_CALLER_ID",
        str,  # the worker checks it, by the rules for any other number
        required_by=_ALWAYS,
        in_repr=False,
        meaning="The number that calls come from, in E.164 format, unless a job names another number.",
    )
    default_region: str = setting(
        "DIALER_DEFAULT_REGION",
        parsing.region,
        default="US",
        meaning="The region (ISO 3166, two letters) of numbers without a country code.",
    )
    allowed_regions: frozenset[str] = setting(
        "DIALER_ALLOWED_REGIONS",
        parsing.regions,
        meaning="The regions that may be called, separated by commas (001: numbers of no country); empty allows all.",
    )
    allow_premium: bool = setting(
        "DIALER_ALLOW_PREMIUM",
        parsing.switch,
        default="0",
        meaning="Whether premium-rate numbers may be called.",
    )
    extra_ranges: tuple[str, ...] = setting(
        "DIALER_EXTRA_RANGES",
        parsing.number_ranges,
        meaning="Prefixes of numbers in service that Dialer's metadata does not know yet, such as +1679,+1861.",
    )
    rate_limit: RateLimit = setting(
        "DIALER_RATE_LIMIT",
        parsing.rate_limit,
        default="300/60s",
        meaning="The maximum number of requests that the whole fleet sends in a period.",
    )
    connect_timeout_s: float = setting(
        "DIALER_CONNECT_TIMEOUT_S",
        parsing.number(0.05, 60, "seconds"),
        default="3",
        meaning="Seconds to wait for a connection to Genesys Cloud.",
    )
    read_timeout_s: float = setting(
        "DIALER_READ_TIMEOUT_S",
        parsing.number(0.05, 300, "seconds"),
        default="10",
        meaning="Seconds to wait for a response from Genesys Cloud.",
    )
    max_attempts: int = setting(
        "DIALER_MAX_ATTEMPTS",
        parsing.whole(1, 100),
        default="5",
        meaning="The maximum number of attempts at a call that was certainly not placed, unless a job sets its own.",
    )
    retry_for_s: float = setting(
        "DIALER_RETRY_FOR_S",
        parsing.number(1, 31 * 86400, "seconds"),
        default="86400",
        meaning="Seconds after a job was first due during which it is retried.",
    )
    retention_days: float = setting(
        "DIALER_RETENTION_DAYS",
        parsing.number(0.000001, 3650, "days"),
        default="7",
        meaning="Days that the record of an outcome is kept.",
    )
    ambiguous: Ambiguous = setting(
        "DIALER_AMBIGUOUS",
        parsing.choice(Ambiguous),
        default="hold",
        meaning="What happens to a call that may have been placed: 'hold' for a person, or 'redial', perhaps twice.",
    )
    follow_up: FollowUp = setting(
        "DIALER_FOLLOW_UP",
        parsing.choice(FollowUp),
        default="on",
        meaning="How placed calls are followed to their end (profile public): 'on' (with events), 'lookups', 'off'.",
    )
    calls_per_user: int | None = setting(
        "DIALER_CALLS_PER_USER",
        parsing.limit(1, 1000),
        meaning="How many calls a user has at once, or 'unlimited'; empty: 1 if calls are followed, else unlimited.",
    )
    redial: str = setting(
        "DIALER_REDIAL",
        str,  # the worker checks it, by the rules for the field `redial` of a job
        meaning='The field redial of jobs without one, as JSON, such as {"busy": "5m", "no_answer": ["1h", "1d"]}.',
    )
    longest_call_s: float = setting(
        "DIALER_LONGEST_CALL",
        parsing.duration(1, 86_400),
        default="2h",
        meaning="The time after which a call of which nothing is heard keeps its user no longer, such as 45m or 2h.",
    )
    log_format: LogFormat = setting(
        "DIALER_LOG_FORMAT",
        parsing.choice(LogFormat),
        default="text",
        meaning="The format of log lines: 'text' or 'json'.",
    )

    @property
    def call_deadline_s(self) -> float:
        """The wall-clock deadline, in seconds, of one whole HTTP exchange with Genesys Cloud."""
        return self.connect_timeout_s + self.read_timeout_s

    @property
    def follows_calls(self) -> bool:
        """Whether placed calls are followed to their end; the guide's API shows no call."""
        return self.profile is Profile.PUBLIC and self.follow_up is not FollowUp.OFF

    @property
    def calls_per_user_limit(self) -> int:
        """How many calls a user has at once; 0: any number."""
        if self.calls_per_user is None:
            return 1 if self.follows_calls else 0
        return self.calls_per_user

    @property
    def hears_events(self) -> bool:
        """Whether events of calls are received beside the look-ups."""
        return self.follows_calls and self.follow_up is FollowUp.ON

    @property
    def retention_s(self) -> float:
        """How long, in seconds, the record of an ended job stays."""
        return self.retention_days * 86_400

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that no log may show: pass it to `config.logging.configure`."""
        found: set[str] = set()
        for name, variable in BY_FIELD.items():
            if variable.secret:
                value = getattr(self, name).reveal()
                found |= urls.passwords(value) if variable.is_url else {value} - {""}
        return tuple(found)


#: The variables by the names of their fields, by their own names, and in order.
BY_FIELD: dict[str, Variable] = {field.name: field.metadata[VARIABLE] for field in fields(Settings)}
VARIABLES: tuple[Variable, ...] = tuple(BY_FIELD.values())
BY_NAME: dict[str, Variable] = {variable.name: variable for variable in VARIABLES}
