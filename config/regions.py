"""What people write for a country and that is not its ISO 3166 code, so that a refusal can name the right code."""

from typing import Final

# From the country's name, its language, a domain or sports; then ISO 3166 with three letters. None is a region.
_MEANT: Final = """
    UK:GB EN:GB ENG:GB SCO:GB WAL:GB EI:IE SP:ES EL:GR DA:DK DEN:DK CS:CZ JA:JP KO:KR RP:PH RC:TW SU:RU YU:RS TP:TL
    ZR:CD BU:MM SUI:CH NED:NL HOL:NL POR:PT UAE:AE KSA:SA RSA:ZA GER:DE
    USA:US CAN:CA MEX:MX GBR:GB IRL:IE DEU:DE AUT:AT CHE:CH FRA:FR BEL:BE NLD:NL LUX:LU ESP:ES PRT:PT ITA:IT DNK:DK
    SWE:SE NOR:NO FIN:FI POL:PL CZE:CZ SVK:SK HUN:HU ROU:RO BGR:BG GRC:GR TUR:TR UKR:UA RUS:RU ISR:IL ARE:AE SAU:SA
    IND:IN CHN:CN JPN:JP KOR:KR IDN:ID PHL:PH MYS:MY SGP:SG THA:TH VNM:VN AUS:AU NZL:NZ ZAF:ZA BRA:BR ARG:AR COL:CO
    CHL:CL PER:PE
"""
_CODES: Final = dict(pair.split(":") for pair in _MEANT.split())


def did_you_mean(code: str) -> str:
    """Say which code was meant, to be put behind a clause; empty where nothing is known."""
    meant = _CODES.get(code.strip().replace(".", "").upper())
    return f" (did you mean {meant}?)" if meant else ""
