"""`dialer check` compares DIALER_RATE_LIMIT with the organization's limit, and never fails because it cannot."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config.settings import Profile
from sandbox.simulator.faults import FAULTS
from sandbox.simulator.process import Simulator
from tasks.genesys.client import Genesys
from tasks.genesys.limits import LimitUnknownError
from tests.support.calls import (
    SECRET,
    SHORT_S,
    TOKEN,
    bare_environment,  # noqa: F401 - pytest finds the fixture here
    settings,
)
from tests.support.fleet import environment
from tests.support.scripted_server import ScriptedServer, answers, api
from worker.cli.main import cli

pytestmark = pytest.mark.usefixtures("bare_environment")

#: How many requests of the API `dialer check` sends beside the one for a token: for the limit, a call, events,
#: and a search.
ASKED = {Profile.GUIDE: 0, Profile.PUBLIC: 5}
MISSING = "Unable to perform the requested action. You are missing the following permission(s): [limits:view]"


@pytest.fixture
def check(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def check(url: str, profile: Profile = Profile.PUBLIC, rate_limit: str = "300/60s") -> tuple[int, str]:
        """Return the exit code and the line about the rate limit."""
        login = {"GENESYS_CLOUD_PROFILE": profile, "GENESYS_CLOUD_LOGIN_URL": url}
        env = environment(redis_url, url, DIALER_RATE_LIMIT=rate_limit, **login)
        result = CliRunner().invoke(cli, ["check"], env=env, prog_name="dialer")
        (line,) = re.findall(r"^.*  rate limit: .*$", result.stdout, re.MULTILINE)
        return result.exit_code, line

    return check


@pytest.mark.parametrize(
    ("rate_limit", "verdict"),
    [
        ("300/60s", "ok"),
        ("5/s", "ok"),
        ("18000/1h", "ok"),
        ("301/60s", "warn"),
        ("6/s", "warn"),
        ("18001/1h", "warn"),
    ],
)
def test_the_setting_is_compared_by_the_minute(
    check: Any, simulator: Simulator, rate_limit: str, verdict: str
) -> None:
    simulator.behave(rate_limit=300, rate_window_s=60)
    exit_code, line = check(simulator.url, rate_limit=rate_limit)
    assert exit_code == 0
    assert line.startswith(f"{verdict:<4}  rate limit: DIALER_RATE_LIMIT is ")
    assert "Genesys Cloud allows a token 300 in 60 s" in line
    assert line.endswith(": set DIALER_RATE_LIMIT=300/60s") == (verdict == "warn")


@pytest.mark.parametrize("profile", Profile)
def test_one_token_and_one_request_more(check: Any, simulator: Simulator, profile: Profile) -> None:
    simulator.behave(rate_limit=300, rate_window_s=60)
    _, line = check(simulator.url, profile)
    stats = simulator.stats()
    assert stats["tokens_issued"] == 1
    assert sum(stats["windows"].values()) == ASKED[profile]
    assert line.endswith("only GENESYS_CLOUD_PROFILE=public has a request for it") == (profile is Profile.GUIDE)


def test_a_missing_permission_is_named(check: Any) -> None:
    token = api(200, {"access_token": TOKEN, "expires_in": 86400})
    with ScriptedServer(answers(token, api(403, {"code": "missing.permissions", "message": MISSING}))) as server:
        exit_code, line = check(server.url)
    assert (exit_code, line.partition(": ")[0]) == (0, "ok    rate limit")
    assert line.endswith(f"Genesys Cloud's limit could not be read: Genesys Cloud answered 403: {MISSING}")


def test_an_organization_that_names_no_limit(check: Any, simulator: Simulator) -> None:
    exit_code, line = check(simulator.url)
    assert (exit_code, line[:4].strip()) == (0, "ok")
    assert "the answer does not name client.credentials.token.rate.per.minute" in line


@pytest.mark.parametrize("fault", FAULTS)
def test_no_answer_is_a_defect(simulator: Simulator, fault: str) -> None:
    simulator.behave(client_secret=SECRET)
    api = Genesys(settings(simulator.url, Profile.PUBLIC, timeout_s=SHORT_S))
    token = api.request_token().access_token
    simulator.behave(outage=fault)
    with pytest.raises(LimitUnknownError) as caught:
        api.request_limit(token)
    assert str(caught.value).isprintable()
    assert token not in str(caught.value)
