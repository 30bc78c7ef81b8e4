"""Every variable that an operator may set, with its default and what it means: the one list of them."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from config.values import Profile

PREFIXES = ("DIALER_", "GENESYS_CLOUD_")


@dataclass(frozen=True)
class Variable:
    """One environment variable; `default` is empty where there is none.

    `required_by` are the profiles that place no call without it.
    """

    name: str
    default: str
    meaning: str
    required_by: tuple[Profile, ...] = ()
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable("GENESYS_CLOUD_REGION", "mypurecloud.com", "The region's domain of the Genesys Cloud organization."),
    Variable("GENESYS_CLOUD_CLIENT_ID", "", "The id of the OAuth client.", required_by=tuple(Profile)),
    Variable(
        "GENESYS_CLOUD_CLIENT_SECRET",
        "",
        "The secret of the OAuth client.",
        required_by=tuple(Profile),
        secret=True,
    ),
    Variable(
        "GENESYS_CLOUD_USER_ID",
        "",
        "The id of the user on whose behalf calls are placed, unless a job names another.",
        required_by=tuple(Profile),
    ),
    Variable(
        "GENESYS_CLOUD_WRAP_UP_CODE_ID",
        "",
        "The id of the wrap-up code given to calls, unless a job names another.",
        required_by=(Profile.GUIDE,),
    ),
    Variable(
        "GENESYS_CLOUD_PROFILE",
        "guide",
        "Which form of the API is spoken: 'guide', or 'public' for the published platform.",
    ),
    Variable("GENESYS_CLOUD_API_URL", "", "The base URL of the API, in place of the region's https://api.{region}."),
    Variable(
        "GENESYS_CLOUD_LOGIN_URL",
        "",
        "The base URL for tokens, in place of the API's (guide) or of https://login.{region} (public).",
    ),
    Variable(
        "GENESYS_CLOUD_ALLOW_HTTP",
        "0",
        "Whether plain http is allowed to other hosts than this one, which sends credentials unencrypted.",
    ),
    Variable(
        "DIALER_REDIS_URL",
        "redis://localhost:6379/0",
        "The Redis that holds queue, results and records: redis://, rediss://, sentinel:// or redis+socket://.",
        secret=True,
    ),
    Variable(
        "DIALER_SENTINEL_MASTER", "mymaster", "The name of the master that the Sentinels of a sentinel:// URL watch."
    ),
    Variable(
        "DIALER_CALLER_ID",
        "",
        "The number that calls come from, in E.164, unless a job names another.",
        required_by=tuple(Profile),
    ),
    Variable("DIALER_DEFAULT_REGION", "US", "The region (ISO 3166, two letters) of numbers without a country code."),
    Variable(
        "DIALER_ALLOWED_REGIONS",
        "",
        "The regions that may be called, separated by commas (001: numbers of no country); empty means all of them.",
    ),
    Variable("DIALER_ALLOW_PREMIUM", "0", "Whether premium-rate numbers may be called."),
    Variable("DIALER_RATE_LIMIT", "300/60s", "The most requests in a period that the whole fleet may send."),
    Variable("DIALER_CONNECT_TIMEOUT_S", "3", "Seconds to wait for a connection to Genesys Cloud."),
    Variable("DIALER_READ_TIMEOUT_S", "10", "Seconds to wait for Genesys Cloud's answer."),
    Variable(
        "DIALER_MAX_ATTEMPTS",
        "5",
        "How often a call that was certainly not placed is tried, unless a job says.",
    ),
    Variable("DIALER_RETRY_FOR_S", "86400", "Seconds since a job was first due after which it is not tried again."),
    Variable("DIALER_RETENTION_DAYS", "7", "Days that the record of an outcome is kept."),
    Variable(
        "DIALER_AMBIGUOUS",
        "hold",
        "What becomes of a call that may have been placed: 'hold' for a person, or 'redial', perhaps twice.",
    ),
    Variable("DIALER_LOG_FORMAT", "text", "The form of a log line: 'text' or 'json'."),
)

BY_NAME = {variable.name: variable for variable in VARIABLES}

# Kubernetes gives every pod these for each Service of its namespace; one named "dialer" must not stop us.
_SERVICE_LINK = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_SERVICE_LINK_PORT = re.compile(r"(tcp|udp|sctp)://")


def unknown_variable(name: str, text: str) -> str | None:
    """Give the fault of a variable that begins like ours and is none of ours; None if there is none."""
    if not name.startswith(PREFIXES) or name in BY_NAME or name.removesuffix("_FILE") in BY_NAME:
        return None
    if _SERVICE_LINK.fullmatch(name) or (name.endswith("_PORT") and _SERVICE_LINK_PORT.match(text)):
        return None
    shown = name if name.isprintable() and len(name) <= 80 else ascii(name[:80])  # noqa: PLR2004 - a line's length
    near = get_close_matches(name, BY_NAME, n=1)
    hint = f"did you mean {near[0]}?" if near else "docs/reference/settings.md lists all settings."
    return f"{shown} is not a setting: {hint}"
