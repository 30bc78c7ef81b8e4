"""What every request to the API passes first: its token, its rate window, its permissions, and an outage.

token (401) ─▶ rate window (429) ─▶ permission (403) ─▶ the endpoint ─▶ outage?
"""

from sandbox.simulator.fault_replies import FaultContext
from sandbox.simulator.faults import FAULTS
from sandbox.simulator.replies import ApiError, Reply, error_reply, missing_permissions, rate_limited
from sandbox.simulator.serving import Decide, Incoming

#: The one path that the guide and the published platform share, for different bodies.
GUIDE_PATH = "/api/v2/conversations/calls"


def guarded(decide: Decide, *permissions: str) -> Decide:
    """Return an endpoint that only a client with one of the permissions reaches, if there are any."""

    def guard(incoming: Incoming) -> Reply:
        authorize(incoming)
        require(incoming, *permissions)
        try:
            reply = decide(incoming)
        except ApiError as e:
            if not incoming.organization.behavior.outage:
                raise
            reply = error_reply(e, incoming.correlation_id)
        outage = incoming.organization.behavior.outage
        return spoiled(incoming, outage, reply) if outage else reply

    return guard


def authorize(incoming: Incoming) -> None:
    """Find the client by its token and count the request in the token's rate window. Raises ApiError (401, 429)."""
    organization, behavior = incoming.organization, incoming.organization.behavior
    authorization = incoming.request.headers.get("Authorization", "")
    incoming.record.client, incoming.token = organization.tokens.client_of(authorization)
    status = organization.windows.spend(
        (incoming.record.client, incoming.token), allowed=behavior.rate_limit, window_s=behavior.rate_window_s
    )
    incoming.headers.update(status.headers())
    if not status.admitted:
        raise rate_limited(status.reset_s)


def require(incoming: Incoming, *permissions: str) -> None:
    """Check that the client has one of the permissions, if there are any. Raises ApiError (403)."""
    if permissions and all(map(incoming.organization.behavior.lacks, permissions)):
        raise missing_permissions(*permissions)


def spoiled(incoming: Incoming, fault_name: str, success: Reply) -> Reply:
    """Return what the fault makes of a reply."""
    fault = FAULTS[fault_name]
    if fault.revokes_token:
        incoming.organization.tokens.revoke(incoming.token)
    retry_after_s = incoming.organization.behavior.retry_after_s
    published = incoming.request.path != GUIDE_PATH
    return fault.reply(FaultContext(success, incoming.correlation_id, retry_after_s, published))
