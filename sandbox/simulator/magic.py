"""Magic numbers: destinations in +1 212 555 01xx, each with a known fault, like the test numbers of a provider.

Every number of the block is valid for libphonenumber and so passes Dialer's own checks. Calls to numbers of the block
that are not listed here, and to all other numbers, are answered and connect.
"""

from typing import NamedTuple

from sandbox.simulator.course import Result
from sandbox.simulator.faults import FAULTS


class Magic(NamedTuple):
    """`fault` is a key of FAULTS, "" for success. `once`: only the first call to the number meets the fault."""

    fault: str = ""
    once: bool = False
    result: Result = Result.USER_HANGS_UP

    @property
    def rings(self) -> bool:
        return not self.fault or FAULTS[self.fault].rings

    @property
    def sees(self) -> str:
        """What the client sees, as the table in the documentation says it."""
        if not self.fault:
            return f"success, and then {self.result.value}"
        then = ", then success" if self.once else ""
        return FAULTS[self.fault].sees + then


_BLOCK = "+12125550"

MAGIC: dict[str, Magic] = {
    _BLOCK + last: magic
    for last, magic in {
        # The result of a placed call.
        "100": Magic(),
        "101": Magic(result=Result.BUSY),
        "102": Magic(result=Result.NO_ANSWER),
        "103": Magic(result=Result.INVALID),
        "104": Magic(result=Result.SECOND_LEG_ANSWERS),
        "105": Magic(result=Result.DECLINED),
        "106": Magic(result=Result.USER_MISSES),
        "107": Magic(result=Result.CALLEE_HANGS_UP),
        "108": Magic(result=Result.NO_ROUTE),
        # Refused permanently.
        "110": Magic("malformed_participant_address"),
        "111": Magic("invalid_from_address"),
        "112": Magic("insufficient_permissions"),
        "113": Magic("not_found"),
        "114": Magic("conflict"),
        "115": Magic("too_large"),
        "116": Magic("no_user_station"),
        "117": Magic("not_a_user"),
        "118": Magic("no_active_edge"),
        "119": Magic("no_station_for_edge"),
        # Refused temporarily.
        "120": Magic("rate_limited", once=True),
        "121": Magic("rate_limited"),
        "122": Magic("rate_limited_without_header", once=True),
        "123": Magic("rate_limited_for_long", once=True),
        "124": Magic("unavailable_for_a_while", once=True),
        "125": Magic("unavailable_for_a_while"),
        "126": Magic("token_expired", once=True),
        "127": Magic("token_refused", once=True),
        "128": Magic("token_refused"),
        "129": Magic("ip_not_authorized"),
        # A server error; the phone may have rung.
        "130": Magic("server_error"),
        "131": Magic("server_error_rings"),
        "132": Magic("bad_gateway"),
        "133": Magic("bad_gateway_rings"),
        "134": Magic("service_unavailable"),
        "135": Magic("gateway_timeout"),
        "136": Magic("gateway_timeout_rings"),
        "137": Magic("request_timeout"),
        "138": Magic("request_timeout_rings"),
        "139": Magic("server_error", once=True),
        # No response.
        "140": Magic("hang"),
        "141": Magic("hang_rings"),
        "142": Magic("reset"),
        "143": Magic("reset_rings"),
        "144": Magic("close"),
        "145": Magic("close_rings"),
        "146": Magic("hang", once=True),
        "147": Magic("reset", once=True),
        # A success that the client cannot use, or only with difficulty.
        "150": Magic("without_id"),
        "151": Magic("truncated"),
        "152": Magic("half_json"),
        "153": Magic("empty"),
        "154": Magic("html_success"),
        "155": Magic("drip_headers"),
        "156": Magic("drip_body"),
        "157": Magic("huge"),
        "158": Magic("redirect"),
        # Not the platform's word.
        "159": Magic("forbidden_by_proxy"),
    }.items()
}
