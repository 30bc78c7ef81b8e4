"""Numbers of every region in every writing: how many are read as another one, and how many are refused.

No phone, no Redis: what is measured is screening, beside the library that it stands on, used as its README shows.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException

from bench.figures import PRODUCT, Bar, BenchReport, Figure, Task
from bench.written import OF_FOREIGN, OF_OWN, REGIONS, Writing, Written, e164, is_written_at_home, numbers_of, written
from tasks.errors import JobError
from tasks.screening.number import DialingRules, parse_address

_LIBRARY: Final = "phonenumbers"
_OWN: Final = 40
_REGIONS_ABROAD: Final = 40
_SHOWN: Final = 10
_RULES: Final = DialingRules(allow_premium=True)
_UNSURE: Final = (Writing.PLUSLESS, Writing.TRUNKLESS)

#: Reads a text as dialed in a region: the number in E.164, or None.
_Read = Callable[[str, str], str | None]


def run(task: Task) -> BenchReport:
    own = task.count(_OWN)
    counts: dict[str, Counter[tuple[str, Writing, bool, str]]] = {PRODUCT: Counter(), _LIBRARY: Counter()}
    for done, home in enumerate(REGIONS):
        if done % 35 == 0:
            task.print_progress(f"{done} of {len(REGIONS)} regions")
        for each in _texts(home, own):
            for name, read in ((PRODUCT, _screened), (_LIBRARY, _parsed)):
                counts[name][home, each.writing, each.own, _verdict(each, read)] += 1
    return BenchReport(
        title="numbers of every region, in every writing",
        conditions=f"{len(REGIONS)} regions as home; up to {own} numbers of each, and one of each of {_REGIONS_ABROAD} "
        f"others: {sum(counts[PRODUCT].values()):,} texts",
        figures=[*_shares(counts), *_regions(counts[PRODUCT])],
        notes=[
            "Wrong: dialed, and not what was meant. A foreign number without its '+' that is exactly what home writes "
            "or dials is a number of home, and counts apart.",
            f"The regions are the {_SHOWN} with the highest share of their own fixed and mobile numbers refused, "
            "written without '+' or without trunk prefix.",
        ],
    )


def _texts(home: str, own: int) -> Iterator[Written]:
    dice = random.Random(home)
    for number in numbers_of(home, own, dice):
        yield from written(number, home, own=True)
    for region in dice.sample(REGIONS, _REGIONS_ABROAD):
        for number in numbers_of(region, 1, dice):
            if number.country_code != phonenumbers.country_code_for_region(home):
                yield from written(number, home, own=False)


def _screened(text: str, region: str) -> str | None:
    try:
        return parse_address(text, region=region, rules=_RULES).e164
    except JobError:
        return None


def _parsed(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return e164(number) if phonenumbers.is_valid_number(number) else None


def _verdict(each: Written, read: _Read) -> str:
    got = read(each.text, each.home)
    if got is None:
        return "refused"
    if got == each.meant:
        return "right"
    is_foreign_plusless = not each.own and each.writing is Writing.PLUSLESS
    return "home" if is_foreign_plusless and is_written_at_home(each.text, each.home, got) else "wrong"


def _shares(counts: dict[str, Counter[tuple[str, Writing, bool, str]]]) -> Iterator[Figure]:
    yield Figure(
        name="wrong numbers",
        values={name: sum(n for key, n in found.items() if key[3] == "wrong") for name, found in counts.items()},
        bar=Bar(most=0),
    )
    for own, writings in ((True, OF_OWN), (False, OF_FOREIGN)):
        whose = "own" if own else "foreign"
        for writing in writings:
            for verdict in ("refused", "home") if (own, writing) == (False, Writing.PLUSLESS) else ("refused",):
                told = "read as a number of home" if verdict == "home" else verdict
                yield Figure(
                    name=f"{whose}, {writing}: {told}",
                    unit="%",
                    values={name: _share(found, own, writing, verdict) for name, found in counts.items()},
                )


def _share(found: Counter[tuple[str, Writing, bool, str]], own: bool, writing: Writing, verdict: str) -> float:  # noqa: FBT001
    of = {key: n for key, n in found.items() if key[1] is writing and key[2] is own}
    return 100 * sum(n for key, n in of.items() if key[3] == verdict) / max(1, sum(of.values()))


def _regions(found: Counter[tuple[str, Writing, bool, str]]) -> list[Figure]:
    asked: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for (home, writing, own, verdict), n in found.items():
        if own and writing in _UNSURE:
            asked[home] += n
            refused[home] += n * (verdict == "refused")
    shares = sorted(((100 * refused[home] / asked[home], home) for home in asked), reverse=True)
    return [
        Figure(name=f"own numbers refused in {home}", unit="%", values={PRODUCT: x}) for x, home in shares[:_SHOWN]
    ]
