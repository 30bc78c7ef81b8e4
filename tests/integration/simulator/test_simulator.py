"""The simulator as its users meet it: a child process, real sockets, plain `requests`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox.simulator.delivery import HUGE_BYTES
from sandbox.simulator.faults import FAULTS
from sandbox.simulator.magic import MAGIC
from sandbox.simulator.process import Simulator, SimulatorDidNotStart
from tests.support.simulator_client import PLAIN, SECRET, TIMEOUT_S, Client

ROOT = Path(__file__).parents[3]
#: How long a test waits for an answer that must not come.
SILENCE_S = 0.5


def test_a_call_in_the_guides_profile(simulator: Simulator, client: Client) -> None:
    before = time.time()
    answer = client.call()
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "state"}
    assert answer.headers["ININ-Correlation-Id"]
    (call,) = simulator.calls()
    assert before <= call["time"] <= time.time()
    assert call.pop("ended_at") > call.pop("time")
    assert call == {
        "n": 1,
        "to": PLAIN,
        "from": "+12125559876",
        "user_id": "user-1",
        "conversation_id": answer.json()["id"],
        "job_id": None,
        "client": "dialer",
        "answered": 201,
        "result": "user_hangs_up",
        "held_at": None,
    }


def test_a_call_in_the_public_profile(simulator: Simulator, client: Client) -> None:
    answer = client.call_public(attributes={"dialerJobId": "order-42"})
    assert answer.status_code == 202
    conversation_id = answer.json()["id"]
    assert answer.json()["selfUri"] == f"/api/v2/conversations/calls/{conversation_id}"
    (call,) = simulator.calls()
    assert (call["job_id"], call["conversation_id"], call["answered"]) == ("order-42", conversation_id, 202)


@pytest.mark.parametrize(
    ("profile", "guide", "public"),
    [("both", 201, 202), ("guide", 201, 404), ("public", 400, 202)],
)
def test_a_profile_closes_the_other_ones_endpoint(
    simulator: Simulator, client: Client, profile: str, guide: int, public: int
) -> None:
    simulator.behave(profile=profile)
    answer = client.call()
    assert answer.status_code == guide
    if guide == 400:
        assert answer.json()["code"] == "not.a.user"
    assert client.call_public().status_code == public


def test_credentials_in_the_form_get_a_token(simulator: Simulator) -> None:
    answer = requests.post(
        simulator.url + "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "dialer", "client_secret": SECRET},
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 200


def test_errors_have_the_published_body(simulator: Simulator, client: Client) -> None:
    answer = client.ask("POST", "/api/v2/conversations/calls", data=b"no json")
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (400, 400, "bad.request")
    assert {"message", "contextId", "details", "errors", "messageWithParams", "messageParams"} <= set(body)
    assert body["contextId"] == answer.headers["ININ-Correlation-Id"]
    assert simulator.calls() == []


def test_an_unknown_path_is_a_404_only_for_a_client_with_a_token(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=1)
    answer = client.ask("GET", "/api/v2/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not.found")
    assert client.ask("GET", "/api/v2/nothing").status_code == 429
    client.session.headers.pop("Authorization")
    answer = client.ask("GET", "/api/v2/nothing")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication.required")


def test_a_body_too_large_is_a_413(client: Client) -> None:
    answer = client.ask("POST", "/api/v2/conversations/calls", data=b" " * (2 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "request.entity.too.large")


def test_tokens_expire_and_are_revoked_for_everybody(simulator: Simulator, client: Client) -> None:
    def refusal() -> tuple[int, str]:
        answer = client.call()
        return answer.status_code, answer.json()["code"]

    assert client.ask("DELETE", "/api/v2/tokens/me").status_code == 200
    assert refusal() == (401, "bad.credentials")
    client.authorize()
    assert simulator.revoke_tokens() == 1
    assert refusal() == (401, "bad.credentials")
    simulator.behave(token_life_s=0.01)
    client.authorize()
    time.sleep(0.02)
    assert refusal() == (401, "credentials.expired")
    client.session.headers.pop("Authorization")
    assert refusal() == (401, "authentication.required")
    assert simulator.calls() == []


def test_the_token_endpoint_can_be_down(simulator: Simulator, client: Client) -> None:
    simulator.behave(token_outage="service_unavailable")
    with pytest.raises(requests.HTTPError, match="503"):
        client.authorize()
    simulator.behave(token_outage="reset")
    with pytest.raises(requests.ConnectionError):
        client.authorize()


def test_the_rate_window_counts_all_endpoints_and_says_so(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=3, rate_window_s=60)
    conversation_id = client.call().json()["id"]
    client.ask("GET", f"/api/v2/conversations/calls/{conversation_id}")
    third = client.call()
    assert third.status_code == 201
    assert third.headers["inin-ratelimit-count"] == "3"
    assert third.headers["inin-ratelimit-allowed"] == "3"
    assert 58 <= int(third.headers["inin-ratelimit-reset"]) <= 60
    refused = client.call()
    assert refused.status_code == 429
    wait = refused.headers["Retry-After"]
    body = refused.json()
    assert body["message"] == f"Rate limit exceeded the maximum. Retry the request in [{wait}] seconds"
    assert (body["code"], body["status"]) == ("too.many.requests.retry.after", 429)
    assert wait == refused.headers["inin-ratelimit-reset"]
    assert len(simulator.calls()) == 2
    statuses = [(request["client"], request["status"]) for request in simulator.requests()][1:]
    assert statuses == [("dialer", 201), ("dialer", 200), ("dialer", 201), ("dialer", 429)]


def test_a_stranger_spends_from_the_same_budget(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=10)
    simulator.spend("dialer", 8)
    assert client.call().headers["inin-ratelimit-count"] == "9"
    assert [client.call().status_code for _ in range(2)] == [201, 429]
    other = Client(simulator, "another")
    with other.session:
        assert other.call().headers["inin-ratelimit-count"] == "1"


def test_each_token_of_a_client_has_a_budget_of_its_own(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=2)
    assert [client.call().status_code for _ in range(3)] == [201, 201, 429]
    second = Client(simulator)
    with second.session:
        assert [second.call().status_code for _ in range(3)] == [201, 201, 429]
    assert simulator.stats()["windows"] == {"dialer": 4}


def test_caller_ids_and_permission(simulator: Simulator, client: Client) -> None:
    simulator.behave(verified_caller_ids=["+12125550199"])
    for answer in (client.call(), client.call_public()):
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid from address")
    assert client.call_public(callerId="+12125550199").status_code == 202
    simulator.behave(verified_caller_ids=None, permissions=[])
    assert (client.call().status_code, client.call().json()["message"]) == (403, "Insufficient permissions")
    simulator.behave(permissions=["conversations:call:start"])
    assert client.call().status_code == 201
    assert len(simulator.calls()) == 2


#: What the client is told by each fault that is a whole answer: status, and `code` or None for no JSON.
TOLD = {
    "malformed_participant_address": (400, "bad.request"),
    "invalid_from_address": (400, "bad.request"),
    "no_user_station": (400, "conversation.error.no.user.station"),
    "not_a_user": (400, "not.a.user"),
    "insufficient_permissions": (403, "missing.permissions"),
    "not_found": (404, "not.found"),
    "conflict": (409, "general.conflict"),
    "too_large": (413, "request.entity.too.large"),
    "ip_not_authorized": (401, "ip.not.authorized"),
    "forbidden_by_proxy": (403, None),
    "rate_limited": (429, "too.many.requests.retry.after"),
    "rate_limited_for_long": (429, "too.many.requests.retry.after"),
    "rate_limited_without_header": (429, "too.many.requests.retry.after"),
    "token_expired": (401, "credentials.expired"),
    "token_refused": (401, "bad.credentials"),
    "unavailable_for_a_while": (503, "service.unavailable"),
    "service_unavailable": (503, "service.unavailable"),
    "request_timeout": (408, "client.timeout"),
    "request_timeout_rings": (408, "client.timeout"),
    "server_error": (500, "internal.server.error"),
    "server_error_rings": (500, "internal.server.error"),
    "no_active_edge": (500, "providerapi.error.station.no.active.edge"),
    "no_station_for_edge": (500, "providerapi.error.no.station.for.edge"),
    "bad_gateway": (502, None),
    "bad_gateway_rings": (502, None),
    "gateway_timeout": (504, "request.timeout"),
    "gateway_timeout_rings": (504, "request.timeout"),
    "html_success": (200, None),
    "half_json": (201, None),
    "empty": (201, None),
    "redirect": (307, None),
}
#: What `requests` raises at the others.
RAISED: dict[str, type[requests.RequestException]] = {
    "hang": requests.ReadTimeout,
    "hang_rings": requests.ReadTimeout,
    "reset": requests.ConnectionError,
    "reset_rings": requests.ConnectionError,
    "close": requests.ConnectionError,
    "close_rings": requests.ConnectionError,
    "truncated": requests.exceptions.ChunkedEncodingError,
}
#: Those whose answer can be used.
USABLE = {"drip_headers", "drip_body", "huge", "without_id"}


def test_every_fault_is_covered_below() -> None:
    assert set(TOLD) | set(RAISED) | USABLE == set(FAULTS)


@pytest.mark.parametrize("number", [number for number, magic in MAGIC.items() if magic.fault in TOLD])
def test_a_fault_that_is_told(simulator: Simulator, client: Client, number: str) -> None:
    magic = MAGIC[number]
    status, code = TOLD[magic.fault]
    answer = client.call(number)
    assert answer.status_code == status
    if code is not None:
        assert answer.json()["code"] == code
        assert answer.headers["ININ-Correlation-Id"] == answer.json()["contextId"]
    else:
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
    assert [call["answered"] for call in simulator.calls()] == ([status] if magic.rings else [])
    if magic.fault == "token_expired":
        client.authorize()
    assert client.call(number).status_code == (201 if magic.once else status)


@pytest.mark.parametrize("number", [number for number, magic in MAGIC.items() if magic.fault in RAISED])
def test_a_fault_that_is_no_answer(simulator: Simulator, client: Client, number: str) -> None:
    magic = MAGIC[number]
    timeout_s = SILENCE_S if magic.fault.startswith("hang") else TIMEOUT_S
    with pytest.raises(RAISED[magic.fault]):
        client.call(number, timeout=timeout_s)
    told = 201 if magic.fault == "truncated" else None
    assert [call["answered"] for call in simulator.calls()] == ([told] if magic.rings else [])
    if magic.once:
        assert client.call(number).status_code == 201


@pytest.mark.parametrize(
    ("number", "retry_after"),
    [
        ("+12125550120", "1"),
        ("+12125550122", None),
        ("+12125550123", "240"),
        ("+12125550124", "1"),
        ("+12125550134", None),
    ],
)
def test_retry_after_is_sent_where_the_table_says_so(client: Client, number: str, retry_after: str | None) -> None:
    assert client.call(number).headers.get("Retry-After") == retry_after


def test_an_expired_token_is_gone_for_everybody(simulator: Simulator, client: Client) -> None:
    assert client.call("+12125550126").status_code == 401
    assert client.call(PLAIN).status_code == 401


def test_what_a_proxy_says_has_no_headers_of_the_api(simulator: Simulator, client: Client) -> None:
    simulator.behave(rate_limit=100)
    answer = client.call("+12125550133")
    assert answer.headers["Content-Type"] == "text/html"
    assert not {"ININ-Correlation-Id", "inin-ratelimit-count"} & set(answer.headers)


@pytest.mark.parametrize("number", ["+12125550155", "+12125550156"])
def test_a_dripping_answer_is_sound_in_the_end(simulator: Simulator, client: Client, number: str) -> None:
    answer = client.call(number)
    assert answer.status_code == 201
    assert answer.json()["id"] == simulator.calls()[0]["conversation_id"]


def test_a_dripping_answer_outlives_a_time_out_for_each_read(simulator: Simulator, client: Client) -> None:
    simulator.behave(drip_interval_s=0.003)
    started = time.monotonic()
    assert client.call("+12125550155", timeout=0.3).status_code == 201
    assert time.monotonic() - started > 0.5


def test_a_success_without_an_id(simulator: Simulator, client: Client) -> None:
    answer = client.call("+12125550150")
    assert answer.status_code == 201
    assert "id" not in answer.json()
    assert len(simulator.calls()) == 1


def test_a_huge_answer_has_its_id_in_front(simulator: Simulator, client: Client) -> None:
    with client.call("+12125550157", stream=True) as answer:
        chunks = answer.iter_content(1 << 16)
        assert simulator.calls()[0]["conversation_id"].encode() in next(chunks)[:200]
        assert sum(len(chunk) for chunk in chunks) > HUGE_BYTES - (1 << 16)


def test_who_follows_the_redirect_makes_a_call(simulator: Simulator, client: Client) -> None:
    answer = client.call("+12125550158")
    assert simulator.calls() == []
    client.call("+12125550158")
    path = "/api/v2/conversations/calls" + answer.headers["Location"]
    assert client.ask("POST", path, data=answer.request.body).status_code == 201
    assert len(simulator.calls()) == 1


def test_a_reset_is_a_tcp_reset_and_a_close_is_none(simulator: Simulator, client: Client) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")

    def first_bytes(to: str) -> bytes:
        body = json.dumps({"phoneNumber": to}).encode()
        authorization = str(client.session.headers["Authorization"])
        head = (
            f"POST /api/v2/conversations/calls/user/u HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), TIMEOUT_S) as connection:
            connection.sendall(head.encode() + body)
            return connection.recv(1000)

    with pytest.raises(ConnectionResetError):
        first_bytes("+12125550142")
    assert first_bytes("+12125550144") == b""
    assert first_bytes(PLAIN).startswith(b"HTTP/1.1 202 ")


def test_an_outage_meets_every_request_and_ends(simulator: Simulator, client: Client) -> None:
    conversation_id = client.call().json()["id"]
    simulator.behave(outage="server_error_rings")
    assert client.call().status_code == 500
    assert client.ask("GET", f"/api/v2/conversations/calls/{conversation_id}").status_code == 500
    simulator.behave(outage="hang")
    with pytest.raises(requests.ReadTimeout):
        client.call(timeout=SILENCE_S)
    simulator.behave(outage="")
    assert client.call().status_code == 201
    assert [call["answered"] for call in simulator.calls()] == [201, 500, 201]


def test_chance_faults_leave_a_true_call_log(simulator: Simulator, client: Client) -> None:
    simulator.behave(faults={"server_error": 0.3, "server_error_rings": 0.3})
    statuses = [client.call(f"+12126661{last:03d}").status_code for last in range(60)]
    assert {201, 500} == set(statuses)
    answered = [call["answered"] for call in simulator.calls()]
    assert answered.count(201) == statuses.count(201)
    assert 0 < answered.count(500) < statuses.count(500)


def test_the_phone_rings_before_the_latency_and_a_client_that_left_was_told_nothing(
    simulator: Simulator, client: Client
) -> None:
    simulator.behave(latency_s=5)
    with pytest.raises(requests.ReadTimeout):
        client.call(timeout=SILENCE_S)
    simulator.behave(latency_s=0)
    assert [call["answered"] for call in simulator.calls()] == [None]
    assert simulator.stats()["max_in_flight"] == 1


def test_a_hanging_request_ends_with_its_client(simulator: Simulator, client: Client) -> None:
    with pytest.raises(requests.ReadTimeout):
        client.call("+12125550140", timeout=SILENCE_S)
    client.session.close()
    deadline = time.monotonic() + TIMEOUT_S
    while simulator.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert simulator.stats()["in_flight"] == 0


def test_stats_count_duplicates_and_answers(simulator: Simulator, client: Client) -> None:
    for to in (PLAIN, "+12126660101", PLAIN):
        client.call(to)
    stats = simulator.stats()
    assert (stats["calls"], stats["numbers"], stats["numbers_called_twice"]) == (3, 2, 1)
    assert stats["answers"]["POST /api/v2/conversations/calls"] == {"201": 3}
    assert (stats["requests"], stats["tokens_issued"], stats["windows"]) == (4, 1, {"dialer": 3})
    assert [call["n"] for call in simulator.calls(after=1)] == [2, 3]
    assert [request["n"] for request in simulator.requests(after=2)] == [3, 4]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PATCH", "/sandbox/behavior", {"typo": 1}),
        ("PATCH", "/sandbox/behavior", []),
        ("POST", "/sandbox/stranger", {}),
        ("POST", "/sandbox/stranger", {"client_id": "dialer", "requests": -1}),
        ("POST", "/sandbox/stranger", []),
        ("POST", "/sandbox/stranger", {"client_id": "nobody", "requests": 1}),
        ("GET", "/sandbox/calls?after=x", None),
    ],
)
def test_the_admin_api_refuses_what_it_cannot_read(
    simulator: Simulator, method: str, path: str, content: object
) -> None:
    answer = requests.request(method, simulator.url + path, json=content, timeout=TIMEOUT_S)
    assert answer.status_code == 400


def test_the_admin_api_lists_the_magic_numbers(simulator: Simulator) -> None:
    rows = requests.get(simulator.url + "/sandbox/magic", timeout=TIMEOUT_S).json()
    assert set(rows) == set(MAGIC)


def test_behave_with_a_bad_field_raises(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="no such field"):
        simulator.behave(typo=1)


def test_two_simulators_do_not_meet(simulator: Simulator, client: Client) -> None:
    with Simulator(client_secret="another") as other:
        assert other.url != simulator.url
        client.call()
        assert other.calls() == []


def test_a_bad_behavior_at_the_start_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SimulatorDidNotStart):
        Simulator(typo=1)
    assert "typo: no such field" in capfd.readouterr().err


def test_it_stops_at_once_even_with_a_request_hanging(simulator: Simulator) -> None:
    with Simulator(rate_limit=0) as other:
        client = Client(other)
        with client.session, pytest.raises(requests.ReadTimeout):
            client.call("+12125550140", timeout=SILENCE_S, stream=True)
        started = time.monotonic()
        other.stop()
        assert time.monotonic() - started < 3


@contextmanager
def start_by_hand(*options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.simulator", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_by_hand_one_line_says_when_it_is_ready_and_ctrl_c_ends_it_with_0() -> None:
    with start_by_hand("--port", "0") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "GENESYS_CLOUD_API_URL=http://127.0.0.1:" in line
        assert "GENESYS_CLOUD_LOGIN_URL=http://127.0.0.1:" in line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_one_line_and_exit_1(simulator: Simulator) -> None:
    port = simulator.url.rsplit(":", 1)[1]
    with start_by_hand("--port", port) as process:
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out) == (1, "")
    assert err == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_secret_that_was_set_is_not_printed() -> None:
    with start_by_hand("--port", "0", "--set", "client_secret=hush") as process:
        assert process.stdout is not None
        assert "hush" not in process.stdout.readline()


@pytest.mark.parametrize("option", ["typo=1", "rate_limit", "rate_limit=-1"])
def test_a_bad_option_is_a_usage_error(option: str) -> None:
    with start_by_hand("--set", option) as process:
        _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2
    assert option.partition("=")[0] in err


def test_it_ends_when_its_parent_is_killed() -> None:
    program = (
        "import time\nfrom sandbox.simulator.process import Simulator\n"
        "simulator = Simulator()\nprint(simulator.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    deadline = time.monotonic() + TIMEOUT_S
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    ended = not alive(pid)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    assert ended


def alive(pid: int) -> bool:
    """Whether the process runs; an orphan that nobody has reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
