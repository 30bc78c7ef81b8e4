"""A client of the simulator that sends each request once, in either profile."""

from typing import Any

import requests

from sandbox.simulator.process import Simulator

SECRET = "sandbox-secret"
PLAIN = "+12126660100"
#: Long enough for a loaded machine, short against `hang_s`.
TIMEOUT_S = 10.0
CALLS = "/api/v2/conversations/calls"


class Client:
    """One OAuth client that sends each request once."""

    def __init__(self, simulator: Simulator, client_id: str = "dialer") -> None:
        self._simulator = simulator
        self._client_id = client_id
        self.session = requests.Session()
        self.session.trust_env = False
        self.authorize()

    def authorize(self) -> None:
        """Get a token, as the published clients do."""
        answer = requests.post(
            self._simulator.url + "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self._client_id, SECRET),
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = "Bearer " + answer.json()["access_token"]

    def call(self, to: str = PLAIN, **options: Any) -> requests.Response:
        """Place a call in the guide's shape."""
        body = {
            "to": {"phoneNumber": f"tel:{to}"},
            "from": {"phoneNumber": "tel:+12125559876"},
            "user": {"id": "user-1"},
            "wrapUpCode": {"id": "wrap-1"},
        }
        return self.ask("POST", CALLS, json=body, **options)

    def call_public(self, to: str = PLAIN, *, user: str = "user-1", **fields: Any) -> requests.Response:
        """Place a call in the published shape."""
        body = {"phoneNumber": to, "callerId": "+12125559876", **fields}
        return self.ask("POST", f"{CALLS}/user/{user}", json=body)

    def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of an answer that must be a 200."""
        answer = self.ask("GET", path, **options)
        assert answer.status_code == requests.codes.ok, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", TIMEOUT_S)
        return self.session.request(method, self._simulator.url + path, allow_redirects=False, **options)
