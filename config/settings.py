"""Reads the settings once, from the environment or a file `.env`, and checks them as a whole.

environment over .env  ->  texts by name (`sources`)  ->  values (`variables`, `parsing`, `urls`)  ->  Settings
└── every fault on the way is collected, and all of them are raised together
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from config import parsing, redis_address, urls
from config.declaration import Variable
from config.masking import mask
from config.sources import texts
from config.values import Ambiguous, Profile, RateLimit, Secret
from config.variables import BY_FIELD, VARIABLES, Settings

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

_LONGEST_SHOWN = 40


class SettingsError(Exception):
    """The settings are not usable. `faults` names every reason, one line each, and never shows a secret."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def load(
    environ: Mapping[str, str] | None = None, *, dotenv: Path | None = Path(".env"), credentials: bool = True
) -> Settings:
    """Read and check all settings; `environ` (default: the process environment) wins over the file `dotenv`.

    With `credentials=False`, for commands that only use Redis, the settings that calls require may be missing.
    Raises SettingsError with every fault at once.
    """
    faults: list[str] = []
    reader = _Reader(texts(os.environ if environ is None else environ, dotenv, faults), faults)
    settings = Settings(**{name: reader.value(variable) for name, variable in BY_FIELD.items()})
    if credentials:
        reader.require(settings.profile)
    settings = _with_hosts(_with_redis_password(settings, reader), reader)
    if faults:
        raise SettingsError(faults)
    return settings


class _Reader:
    """Turns the texts that were found into values, and collects the faults on the way."""

    def __init__(self, found: dict[str, str | None], faults: list[str]) -> None:
        self._found = found
        self._faults = faults

    def value(self, variable: Variable) -> Any:
        """Return the parsed value; the default if the variable is not set, or if it is wrong, which is a fault."""
        text = self._found.get(variable.name)
        if text:
            try:
                return variable.parse(text)
            except ValueError as wrong:
                self.add(variable, wrong)
        return variable.parse(variable.default)

    def require(self, profile: Profile) -> None:
        """Add a fault for each variable that is not set although the profile requires it."""
        for variable in VARIABLES:
            if profile in variable.required_by and variable.name not in self._found:
                self._faults.append(f"{variable.name} is missing; set it: {variable.meaning}")

    def check(self, field: str, value: str, check: Callable[[str], object]) -> None:
        """Add a fault if a value that could be parsed is wrong beside the other settings."""
        try:
            check(value)
        except ValueError as wrong:
            self.add(BY_FIELD[field], wrong)

    def add(self, variable: Variable, wrong: ValueError) -> None:
        """Add the fault of a variable."""
        shown = _shown(variable, self._found.get(variable.name) or "")
        self._faults.append(f"{variable.name}{shown} is wrong: {wrong}")


def _shown(variable: Variable, text: str) -> str:
    """Return the text as a fault repeats it: not at all if it is secret, a URL (it may hold a password) or long."""
    if variable.secret or variable.is_url or len(text) > _LONGEST_SHOWN:
        return ""
    return f" ({mask(ascii(text))})"


def _with_redis_password(settings: Settings, reader: _Reader) -> Settings:
    """Put the password for Redis into its URL: whoever connects needs only that."""
    url, password = settings.redis_url.reveal(), settings.redis_password.reveal()
    if not password:
        return settings
    try:
        return replace(settings, redis_url=Secret(redis_address.with_password(url, password)))
    except ValueError as wrong:
        reader.add(BY_FIELD["redis_password"], wrong)
        return settings


def _with_hosts(settings: Settings, reader: _Reader) -> Settings:
    """Fill in the base URLs that are not set, from region and profile, and check those that are set."""
    api_url, login_url, region = settings.api_url, settings.login_url, settings.region
    if not settings.allow_http:
        reader.check("api_url", api_url, urls.check_encrypted)
        reader.check("login_url", login_url, urls.check_encrypted)
    if not (api_url and login_url):
        reader.check("region", region, parsing.check_genesys_region)
    api_url = api_url or f"https://api.{region}"
    if not login_url:
        login_url = f"https://login.{region}" if settings.profile is Profile.PUBLIC else api_url
    return replace(settings, api_url=api_url, login_url=login_url)
