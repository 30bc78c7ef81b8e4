"""The simulator as a child process of the demo, a bench or a test, with its admin API as methods."""

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

_START_TIMEOUT_S = 30.0
_STOP_GRACE_S = 5.0
_ADMIN_TIMEOUT_S = 30.0
_ROOT = Path(__file__).resolve().parents[2]


class SimulatorDidNotStart(Exception):
    """The child ended, or did not report its address in time; its stderr says why."""


class Simulator:
    """A running simulator on a free loopback port; keyword arguments are fields of `Behavior`.

    The child has its own session, so that Ctrl-C in a terminal does not end it while it is still in use. It ends with
    `stop()`, at the end of the `with` block, or soon after its parent died.
    """

    def __init__(self, **behavior: object) -> None:
        settings = [f"--set={name}={json.dumps(value)}" for name, value in behavior.items()]
        command = [sys.executable, "-m", "sandbox.simulator", "--port=0", f"--parent-pid={os.getpid()}"]
        self._process = subprocess.Popen(
            [*command, *settings],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._admin = requests.Session()
        self._admin.trust_env = False  # no proxy from the environment for loopback
        try:
            self.url = self._address()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def calls(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the call log after its `after`-th entry."""
        return list(self._ask("GET", f"/sandbox/calls?after={after}")["calls"])

    def requests(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the API requests after the `after`-th, with arrival times in epoch seconds."""
        return list(self._ask("GET", f"/sandbox/requests?after={after}")["requests"])

    def stats(self) -> dict[str, Any]:
        return self._ask("GET", "/sandbox/stats")

    def behave(self, **changes: object) -> None:
        """Change fields of `Behavior` from now on."""
        self._ask("PATCH", "/sandbox/behavior", changes)

    def reset(self) -> None:
        """Return to the state and the behavior at the start."""
        self._ask("POST", "/sandbox/reset")

    def revoke_tokens(self) -> int:
        return int(self._ask("POST", "/sandbox/tokens/revoke")["revoked"])

    def close_sockets(self) -> int:
        """Close the WebSockets of all notification channels, and return how many there were."""
        return int(self._ask("POST", "/sandbox/sockets/close")["closed"])

    def spend(self, client_id: str, count: int) -> None:
        """Act as another program that spends `count` requests of the client's newest token."""
        self._ask("POST", "/sandbox/stranger", {"client_id": client_id, "requests": count})

    def stop(self) -> None:
        """Stop the child with SIGTERM, and with SIGKILL if it does not end in time. May be called twice."""
        self._admin.close()
        self._process.terminate()
        try:
            self._process.wait(_STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        response = self._admin.request(method, self.url + path, json=content, timeout=_ADMIN_TIMEOUT_S)
        if response.status_code == requests.codes.bad_request:
            raise ValueError(response.text)
        response.raise_for_status()
        told: dict[str, Any] = response.json()
        return told

    def _address(self) -> str:
        """Read the address from the first line of the child's output."""
        stdout = self._process.stdout
        deadline = time.monotonic() + _START_TIMEOUT_S
        line = b""
        while stdout is not None and not line.endswith(b"\n"):
            ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            received = os.read(stdout.fileno(), 4096) if ready else b""
            if not received:
                break
            line += received
        match = re.search(rb"http://\S+", line)
        if match is None:
            raise SimulatorDidNotStart("the simulator did not start")
        return match[0].decode()
