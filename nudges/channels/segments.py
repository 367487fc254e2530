"""How many segments an SMS takes, which is what it costs (3GPP TS 23.038 and 23.040).

All in the GSM alphabet: 160 characters, or 153 a segment when there are several; a sign of its extension table takes
two places. One sign beyond makes the whole message UCS-2: 70, or 67 a segment, counted in UTF-16 units.
"""

from __future__ import annotations

from dataclasses import dataclass

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")
# Typed by word processors, readable without: each as a sign that is in the alphabet.
PLAINER = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2013": "-",
    "\u2014": "-", "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2022": "-",
})  # fmt: skip
SINGLE, JOINED = {"GSM-7": 160, "UCS-2": 70}, {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True)
class Segments:
    """`units` of the encoding used, in how many segments, and the signs because of which it is UCS-2."""

    encoding: str
    units: int
    count: int
    foreign: str


def plainer(text: str) -> str:
    """The text with plain quotes, dashes and spaces: one typographic sign would halve what a segment holds."""
    return text.translate(PLAINER)


def count_segments(text: str) -> Segments:
    """What a text takes. No sign is ever cut in two by the end of a segment."""
    foreign = "".join(dict.fromkeys(sign for sign in text if sign not in GSM and sign not in EXTENSION))
    encoding = "UCS-2" if foreign else "GSM-7"
    sizes = [_size(sign, encoding) for sign in text]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return Segments(encoding, units, 1 if text else 0, foreign)
    return Segments(encoding, units, _packed(sizes, JOINED[encoding]), foreign)


def _size(sign: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if sign in EXTENSION else 1
    return 2 if ord(sign) > 0xFFFF else 1


def _packed(sizes: list[int], room: int) -> int:
    segments, left = 1, room
    for size in sizes:
        if size > left:
            segments, left = segments + 1, room
        left -= size
    return segments
