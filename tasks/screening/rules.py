"""What the operator's settings say about any job: what may be called, and what holds where a job says nothing."""

from dataclasses import dataclass, field

from config.settings import Settings
from tasks.screening.number import DialingRules


@dataclass(frozen=True, kw_only=True)
class Rules(DialingRules):
    """What may be called, and the defaults of a job. repr shows no phone number."""

    #: The number that calls come from, as the operator wrote it; empty where none is set.
    caller_id: str = field(repr=False)
    #: The region (ISO 3166) in which a national number is read.
    region: str
    user_ids: tuple[str, ...]
    wrap_up_code_id: str


def rules_of(settings: Settings) -> Rules:
    """The rules of whoever runs with these settings: a worker, or a command."""
    return Rules(
        allowed_regions=settings.allowed_regions,
        allow_premium=settings.allow_premium,
        extra_ranges=settings.extra_ranges,
        caller_id=settings.caller_id,
        region=settings.default_region,
        user_ids=settings.user_ids,
        wrap_up_code_id=settings.wrap_up_code_id,
    )
