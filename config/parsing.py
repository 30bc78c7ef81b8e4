"""Parsers that turn the text of a variable into its value.

Each function raises ValueError with what is wrong and how to fix it. None repeats the text, which may be a secret.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from config.regions import did_you_mean
from config.values import RateLimit

_Choice = TypeVar("_Choice", bound=StrEnum)

#: From the published Python SDK, 269.0.0.
REGIONS = (
    "mypurecloud.com",
    "mypurecloud.ie",
    "mypurecloud.com.au",
    "mypurecloud.jp",
    "mypurecloud.de",
    *(
        f"{name}.pure.cloud"
        for name in "usw2 cac1 apne2 apne3 euw2 euc2 aps1 apse1 sae1 mec1 mxc1".split()  # noqa: SIM905 - reads better
    ),
    "use2.us-gov-pure.cloud",
    "edee1.eusc-pure.cloud",
)

_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_MOST_IDS = 1000


def identifier(text: str) -> str:
    """Read printable ASCII without spaces, or an empty text: the form of ids and secrets of Genesys Cloud."""
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("it contains a space, a control character or a non-ASCII character; copy it again")
    return text


def identifiers(text: str) -> tuple[str, ...]:
    """Read ids that are separated by commas; repeated ones count once."""
    found = tuple(dict.fromkeys(identifier(each.strip()) for each in text.split(","))) if text else ()
    if "" in found:
        raise ValueError("an id between two commas is empty")
    if len(found) > _MOST_IDS:
        raise ValueError(f"more than {_MOST_IDS} ids; name the others in the field user_id of jobs")
    return found


def switch(text: str) -> bool:
    if text.lower() in {"1", "true", "yes"}:
        return True
    if text.lower() in {"0", "false", "no"}:
        return False
    raise ValueError("not yes or no; use 1 or 0")


def choice(of: type[_Choice]) -> Callable[[str], _Choice]:
    def parse(text: str) -> _Choice:
        try:
            return of(text.lower())
        except ValueError:
            raise ValueError(f"not a known value; use {' or '.join(of)}") from None

    return parse


def number(least: float, most: float, unit: str) -> Callable[[str], float]:
    """Read a plain decimal number; no exponents, infinities or digit separators."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", text) or not least <= float(text) <= most:
            raise ValueError(f"not a number from {least:g} to {most:g}; use {unit}, as a plain decimal number")
        return float(text)

    return parse


def whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"not a whole number from {least} to {most}")
        return int(text)

    return parse


def limit(least: int, most: int) -> Callable[[str], int | None]:
    """Read a whole number; None for an empty text, and 0 for `unlimited`."""

    def parse(text: str) -> int | None:
        if not text:
            return None
        return 0 if text.lower() == "unlimited" else whole(least, most)(text)

    return parse


def duration(least_s: float, most_s: float) -> Callable[[str], float]:
    """Read a duration such as `90s`, `45m`, `2h` or `1d`, in seconds."""

    def parse(text: str) -> float:
        match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
        if match is None or not least_s <= int(match[1]) * _UNIT_S[match[2]] <= most_s:
            raise ValueError(f"not a duration from {least_s:g} s to {most_s:g} s; use a number and s, m, h or d: 45m")
        return int(match[1]) * _UNIT_S[match[2]]

    return parse


def rate_limit(text: str) -> RateLimit:
    """Read a rate such as `300/60s`, `5/s` or `300/1m`; the period is from one second to one hour."""
    match = re.fullmatch(r"([0-9]{1,7}) */ *([0-9]{1,4}(?:\.[0-9]{1,3})?)?([smh])", text)
    if match is None:
        raise ValueError("not a rate; use requests/period, such as 300/60s, 5/s or 300/1m")
    count, period_s = int(match[1]), float(match[2] or 1) * _UNIT_S[match[3]]
    if count < 1:
        raise ValueError("no request could be sent; use at least 1, or pause sending with 'dialer pause'")
    if not _UNIT_S["s"] <= period_s <= _UNIT_S["h"]:
        raise ValueError("the period is out of range; use one from 1s to 1h")
    return RateLimit(count=count, period_s=period_s)


def check_genesys_region(text: str) -> None:
    """Raise ValueError unless this is the domain of a known region."""
    if text not in REGIONS:
        near = get_close_matches(text, REGIONS, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(REGIONS)}"
        both = "GENESYS_CLOUD_API_URL and GENESYS_CLOUD_LOGIN_URL"
        raise ValueError(f"not a known Genesys Cloud region; {hint} (or set both {both})")


def region(text: str) -> str:
    if text != "US":  # the default needs no metadata, and the library takes its time to load
        from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - 'dialer --help' must start fast

        if text not in SUPPORTED_REGIONS:
            raise ValueError(f"not a region code{did_you_mean(text)}; use two capital letters, such as US or GB")
    return text


def regions(text: str) -> frozenset[str]:
    if not text:
        return frozenset()
    # An empty item is a fault: a single comma, read as "empty", would allow all regions.
    # 001 stands for numbers that belong to no country, such as international freephone (+800).
    names = {name.strip() for name in text.split(",")}
    return frozenset(name if name == "001" else region(name) for name in names)


def number_ranges(text: str) -> tuple[str, ...]:
    """Prefixes in E.164, separated by commas. A country code alone is none: it would trust a whole country."""
    ranges = tuple(each.strip() for each in text.split(",")) if text else ()
    for each in ranges:
        if not re.fullmatch(r"\+[1-9][0-9]{2,14}", each):
            raise ValueError("a range is '+', a country code and the first digits of its numbers, such as +1679")
        if _is_country(each):
            raise ValueError("a country code alone is no range; add the first digits of its numbers, such as +1679")
    return ranges


def _is_country(prefix: str) -> bool:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415 - as above

    return int(prefix) in COUNTRY_CODE_TO_REGION_CODE
