"""Bytes of a text file to text, for what Dutch computers write.

Own code: charset-normalizer judges by the frequencies of running text, and a list of people holds a handful of accents
between addresses. Of 200 short lists of names each, offered these four alone, it read 116 in Mac Roman and 124 in code
page 850; this reads all of both.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 4_000  # bytes, to see whether every second one is zero
# In order: of two that are as likely, the first. Excel's "CSV (MS-DOS)" writes code page 850.
ONE_BYTE = ("cp1252", "iso-8859-15", "mac_roman", "cp850")
# How often a letter is in the names of people here; one that is not listed counts against an encoding.
WEIGHTS = {
    **dict.fromkeys("éë", 9),
    **dict.fromkeys("ïöüÉ", 7),
    **dict.fromkeys("èç", 5),
    **dict.fromkeys("ÇÖÜÅØÓÁÍóäñøôê", 4),
    **dict.fromkeys("áàíúåæßîâûšžœãõýÿğışùòìÈŠŽ", 3),
    **dict.fromkeys("ÄËÏÊÑÀÂÚÔÎÛÙÒÌÃÕÝÆŒŸĞİŞ", 1),
}
SIGNS = "€’‘“”–—…•\u00a0"
_NEIGHBOURS = re.compile(r"([^\W\d_]?)([^\x00-\x7f])(?=([^\W\d_]?))")
_MOJIBAKE = re.compile("[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


def decode(content: bytes) -> str:
    """Never raises; what no encoding explains becomes U+FFFD."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _once(content.decode(encoding, errors="replace"))
    if encoding := _two_bytes(content[:SAMPLE]):
        return content.decode(encoding, errors="replace")
    try:
        return _once(content.decode())
    except UnicodeDecodeError:
        mended = content.decode(errors="replace")
        if _is_nearly_utf8(mended):
            return mended
        return max((content.decode(name, errors="replace") for name in ONE_BYTE), key=_likelihood)


def _two_bytes(sample: bytes) -> str:
    """UTF-16 without a mark: of Latin text every second byte is zero. "" when it is not."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if max(even, odd) * 10 < half * 7 or min(even, odd) * 10 > half:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_nearly_utf8(mended: str) -> bool:
    """A list that was cut off, or has a byte of another encoding in it: what was read weighs more than what was not."""
    lost = mended.count("\ufffd")
    return sum(1 for _found in re.finditer("[\u0080-\ufffc]", mended)) > 2 * lost


def _likelihood(text: str) -> int:
    return sum(_score(*found) for found in _judged(text))


def _judged(text: str) -> Iterable[tuple[str, str, str]]:
    for found in _NEIGHBOURS.finditer(text, 0, 200_000):
        yield found[1], found[2], found[3]


def _score(before: str, sign: str, after: str) -> int:
    """A capital behind a small letter, a small one that begins a name, and a sign between letters are what a wrong
    encoding makes of an accent."""
    if sign == "’":
        return 4 if before and after else 1
    if sign in SIGNS:
        return -4 if after else 2
    weight = WEIGHTS.get(sign, -8)
    if weight < 0 or (sign.isupper() and before.islower()):
        return -8
    return weight - (6 if sign.islower() and not before and after else 0)


def _once(text: str) -> str:
    """Undo UTF-8 that was taken for Windows-1252 and stored as UTF-8 again: "RenÃ©e". Only when that explains all."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode()
    except UnicodeError:
        return text
