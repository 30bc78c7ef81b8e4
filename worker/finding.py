"""One result of `dialer check`: what was checked, and with which verdict."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`message` describes what was found; for a problem, it also says how to fix it."""

    check: str
    verdict: Verdict = Verdict.OK
    message: str

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "verdict": self.verdict, "message": self.message}
