"""Settings that are complete, and the errors of those that are not."""

from pathlib import Path

import pytest

from config.settings import Settings, SettingsError, load

SECRET = "s3cret-Zq8!x"
COMPLETE = {
    "GENESYS_CLOUD_CLIENT_ID": "client-1",
    "GENESYS_CLOUD_CLIENT_SECRET": SECRET,
    "GENESYS_CLOUD_USER_ID": "user-1",
    "GENESYS_CLOUD_WRAP_UP_CODE_ID": "code-1",
    "DIALER_CALLER_ID": "+12125550100",
}


def loaded(**changes: str) -> Settings:
    return load(COMPLETE | changes, dotenv=None)


def faults(environ: dict[str, str], *, dotenv: Path | None = None, credentials: bool = True) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ, dotenv=dotenv, credentials=credentials)
    assert str(caught.value).splitlines() == caught.value.faults
    return caught.value.faults
