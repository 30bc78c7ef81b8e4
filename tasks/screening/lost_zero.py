"""A leading zero that a spreadsheet took, given back to numbers of which the producer says that they are national."""

import phonenumbers

from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.notation import read_notation
from tasks.screening.number import DialingRules
from tasks.screening.ranges import Ranges
from tasks.screening.readings import readings_at_home


def with_leading_zero(text: str, *, region: str, rules: DialingRules) -> str:
    """Give the digits of a national number with the zero that it has lost; the text itself if it has lost none.

    What makes no number with a zero stays as it is: the refusal that it meets is about what the producer wrote.
    Raises JobError `ambiguous_number` where nobody knows whether there was a zero, as with 3401234567 in Italy: a
    mobile, or a landline.
    """
    digits = _national_digits(text, region)
    if not digits:
        return text
    is_number = Ranges(rules.extra_ranges).is_number
    if not readings_at_home(f"0{digits}", region, is_number).at_home:
        return text
    if readings_at_home(digits, region, is_number).at_home:
        raise JobError(Code.AMBIGUOUS_NUMBER, f"It is a number of {region} both with and without a leading zero.")
    return f"0{digits}"


def _national_digits(text: str, region: str) -> str:
    """The digits of a text that may have lost a zero; empty for others, and for what is no number anyway."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return ""
    try:
        written = read_notation(text, region=region)
    except JobError:
        return ""
    return "" if written.word or written.digits.startswith(("+", "0")) else written.digits
