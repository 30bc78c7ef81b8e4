"""A call to place, and the ways to place it through a scripted server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.settings import Profile, Settings, load
from tasks.codes import Code
from tasks.errors import DialError
from tasks.genesys.client import CallRequest, Genesys
from tests.support.scripted_server import ScriptedServer, api

TOKEN = "token-of-the-fleet"
SECRET = "secret-of-the-client"
TO = "+12125551234"
PLACED = api(201, {"id": "c-1", "state": "alerting"}, ININ_Correlation_Id="k-1")


#: For servers that keep silent on purpose; the others get time, however busy the machine is.
SHORT_S = 0.3


def settings(url: str, profile: Profile = Profile.GUIDE, *, timeout_s: float = 3) -> Settings:
    environ = {
        "GENESYS_CLOUD_PROFILE": profile,
        "GENESYS_CLOUD_API_URL": url,
        "GENESYS_CLOUD_LOGIN_URL": url,
        "GENESYS_CLOUD_ALLOW_HTTP": "1",
        "GENESYS_CLOUD_CLIENT_ID": "client",
        "GENESYS_CLOUD_CLIENT_SECRET": SECRET,
        "GENESYS_CLOUD_USER_ID": "user-1",
        "GENESYS_CLOUD_WRAP_UP_CODE_ID": "wrap-1",
        "DIALER_CALLER_ID": "+12125559876",
        "DIALER_CONNECT_TIMEOUT_S": str(timeout_s),
        "DIALER_READ_TIMEOUT_S": str(timeout_s),
    }
    return load(environ, dotenv=None)


REQUEST = CallRequest(
    job_id="order-42",
    attempt=7,
    to=TO,
    caller_id="+12125559876",
    user_id="user-1",
    wrap_up_code_id="wrap-1",
    attributes={"order": "42"},
)


def place(server: ScriptedServer, *, timeout_s: float = 3) -> str:
    call = Genesys(settings(server.url, timeout_s=timeout_s)).place_call(REQUEST, token=TOKEN)
    return call.conversation_id


@contextmanager
def fails(error: type[DialError], code: Code) -> Iterator[pytest.ExceptionInfo[DialError]]:
    with pytest.raises(DialError) as caught:
        yield caught
    assert (type(caught.value), caught.value.code) == (error, code), caught.value.message


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies, certificates and .netrc of the machine that runs the tests are not part of them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever error it ends with."""
    began = time.monotonic()
    try:
        yield
    finally:
        assert time.monotonic() - began < seconds
