"""The official SDK is the judge: its types fit every answer and event that the simulator sends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.simulator.process import Simulator

ROOT = Path(__file__).parents[3]
#: The SDK takes seconds to import, more on a busy machine.
TIMEOUT_S = 120.0


#: The name of a call, and the states of the user's leg that the events tell.
ANSWERED = ["contacting", "dialing", "connected", "disconnected"]
UNANSWERED = ["contacting", "dialing", "disconnected"]
EVENTS = {
    "user hangs up": ANSWERED,
    "busy": UNANSWERED,
    "no answer": UNANSWERED,
    "invalid": UNANSWERED,
    "second leg": ANSWERED,
    "declined": UNANSWERED,
    "user misses": ["contacting", "terminated"],
    "callee hangs up": ANSWERED,
    "no route": UNANSWERED,
}
CALLS, CHANNELS = "/api/v2/conversations/calls", "/api/v2/notifications/channels"
ROUTES = {
    "POST /oauth/token",
    f"POST {CALLS}/user/{{user_id}}",
    f"GET {CALLS}/{{conversation_id}}",
    "GET /api/v2/conversations/{conversation_id}",
    "GET /api/v2/analytics/conversations/details",
    "GET /api/v2/analytics/conversations/{conversation_id}/details",
    "POST /api/v2/analytics/conversations/details/query",
    "POST /api/v2/conversations/participants/attributes/search",
    f"POST {CHANNELS}",
    f"GET {CHANNELS}",
    f"PUT {CHANNELS}/{{channel_id}}/subscriptions",
    f"POST {CHANNELS}/{{channel_id}}/subscriptions",
    f"GET {CHANNELS}/{{channel_id}}/subscriptions",
    f"DELETE {CHANNELS}/{{channel_id}}/subscriptions",
    "GET /api/v2/users",
    "GET /api/v2/organizations/limits/namespaces/{namespace_name}",
}


def judged(simulator: Simulator, home: Path) -> dict[str, Any]:
    # The SDK reads, and watches, a file in the home directory.
    process = subprocess.run(
        [sys.executable, "-m", "tests.support.sdk_judge", simulator.url],
        cwd=ROOT,
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    told: dict[str, Any] = json.loads(process.stdout)
    return told


def test_the_sdks_types_fit_every_answer_and_event(tmp_path: Path) -> None:
    """One test, because a second process would import the SDK once more."""
    quick = {"contacting_s": 0.2, "dialing_s": 0.2, "talking_s": 0.3, "contacting_timeout_s": 0.5}
    with Simulator(profile="public", search_lag_s=0, analytics_lag_s=0, **quick) as simulator:
        told = judged(simulator, tmp_path)
        asked = simulator.requests()
    assert {name: wrong for name, wrong in told["wrong"].items() if wrong} == {}
    assert {request["route"] for request in asked} == ROUTES
    seen = told["seen"]
    assert seen["full"]["busy"][1] == ["external", "disconnected", "endpoint", [["sip", 486], ["q850", 17]]]
    missed = [["user", "terminated", "error", [], "error.ininedgecontrol.connection.timeout"]]
    assert seen["full"]["user misses"] == missed
    assert seen["flat"]["no answer"][1] == ["external", "disconnected", "other"]
    assert seen["analytics"]["no answer"][1] == ["external", "timeout", [487], [19], None]
    assert seen["events"] == EVENTS
    assert seen["flat"].keys() == seen["full"].keys() == seen["analytics"].keys() == EVENTS.keys()
    assert seen["users"] == [[f"user-{n}", "Available", "OFF_QUEUE"] for n in (100, 101)]
    assert seen["limits"]["client.credentials.token.rate.per.minute"] == 300
    assert seen["search"] == [f"job-{n}" for n in range(100, 109)]
    assert seen["query"] == ["tel:+12125550101"]
    assert seen["error"] == [404, "conversation.error.conversation.not.found"]
