"""The other rival: the guide's complete working example, in a loop over the numbers in a file.

As in the guide, it fetches a token for each call, opens a connection for each request, has no time-out, and prints a
refusal without a retry. Only the host differs, because the simulator uses plain http on its own port.
"""

import os
import sys
from pathlib import Path

import requests

from bench.processes import leave_with_parent

API = os.environ.get("GENESYS_CLOUD_API_URL", "")


def get_access_token() -> str:
    response = requests.post(  # noqa: S113 - the guide sets no time-out
        f"{API}/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["GENESYS_CLOUD_CLIENT_ID"],
            "client_secret": os.environ["GENESYS_CLOUD_CLIENT_SECRET"],
        },
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    response.raise_for_status()
    return str(response.json()["access_token"])


def initiate_call(to: str) -> None:
    try:
        token = get_access_token()
    except requests.exceptions.RequestException as error:
        print(f"Failed to obtain token: {error}")
        sys.exit(1)
    payload = {
        "to": {"phoneNumber": f"tel:{to}"},
        "from": {"phoneNumber": f"tel:{os.environ['DIALER_CALLER_ID']}"},
        "user": {"id": os.environ["GENESYS_CLOUD_USER_ID"]},
        "wrapUpCode": {"id": os.environ["GENESYS_CLOUD_WRAP_UP_CODE_ID"]},
    }
    try:
        response = requests.post(  # noqa: S113 - the guide sets no time-out
            f"{API}/api/v2/conversations/calls",
            json=payload,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        if response.status_code == requests.codes.bad_request:
            print(f"400 Bad Request: {response.json().get('message')}")
            return
        response.raise_for_status()
        print(f"Success! Conversation ID: {response.json()['id']}")
    except requests.exceptions.RequestException as error:
        print(f"Error: {error}")


if __name__ == "__main__":
    leave_with_parent()
    for number in Path(sys.argv[1]).read_text().split():
        initiate_call(number)
