"""How people write the extension behind a number, in their languages.

A call without it would ring the wrong desk, so whatever looks like one refuses the number.
"""

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException

_PAUSE = re.compile(r"(?<=[0-9]) ?[pw]+ ?(?=[0-9])", re.IGNORECASE)
_LONGEST_EXTENSION = 6  # more digits than these behind a number are a second number

#: Without accents, in lower case. What the library knows too (ext, int, anexo, x, #) is here for its longer forms.
_WORDS = """
    ext extn extens extension exten x local loc lcl opt option
    durchwahl durchw dw nebenstelle nst apparat app klappe kl hausapparat
    poste p post interne interieur
    ramal rm extensao interno int extension anexo anx conmutador
    toestel tst lokaal doorkiesnummer intern interntel anknytning ankn lokal lok lokalnummer alanumero alanro
    wewnetrzny wewn wew klapka linka kl mellek m dahili dah interior
    доб добавочный вн внутр внутренний д вътр вътрешен лок локал
    εσωτ εσωτερικο שלוחה شلوحة تحويلة داخلي فرعي
    內線 内線 内线 分機 分机 转 轉 转接 轉接 转分机 轉分機 내선 구내 교환
    ต่อ may_le may_nhanh sambungan samb pesawat pes
"""


def _folded(text: str) -> str:
    """Without accents and case: the words of a list are typed in many ways."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


_WORD = "|".join(
    sorted({re.escape(_folded(word)).replace("_", " ?") for word in _WORDS.split()}, key=len, reverse=True)
)
_EXTENSION = re.compile(
    rf"[+(]?[0-9][0-9 .()/+-]*[ ,;:/(-]*(?:{_WORD})(?:[ .]*(?:nr|no|number|番号|号))?[ .:=#-]*"
    rf"[0-9](?:[ .-]?[0-9]){{0,{_LONGEST_EXTENSION - 1}}} ?[#).]?"
)


def has_extension(text: str, *, region: str) -> bool:
    """Tell whether a legible text is a number with an extension behind it. The library does not know all words."""
    if _EXTENSION.fullmatch(_folded(text)):
        return True
    try:
        extension = phonenumbers.parse(_PAUSE.sub(",", text), region).extension
    except NumberParseException:
        return False
    return extension is not None and 0 < len(extension) <= _LONGEST_EXTENSION
