"""Messages as Celery puts them on the queue, with whatever is to be wrong with them."""

import base64
import json
from typing import Any

JOB = {"to": "+12125551234"}


def message(payload: Any = JOB, *, raw_body: str | None = None, **changes: Any) -> bytes:
    """A protocol 2 message; `headers_…` changes one header, other names the envelope."""
    headers = {"task": "dial", "id": "order-42"}
    headers |= {k.removeprefix("headers_"): v for k, v in changes.items() if k.startswith("headers_")}
    body = raw_body if raw_body is not None else json.dumps([[payload], {}, {}])
    envelope = {
        "body": base64.b64encode(body.encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": {"body_encoding": "base64"},
    } | {k: v for k, v in changes.items() if not k.startswith("headers_")}
    return json.dumps(envelope).encode()
