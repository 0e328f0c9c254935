"""Accents and signs in every encoding that Dutch computers write."""

from __future__ import annotations

from tests.environments.people.shapes.parts import Shape, one

ACCENTS = [
    one("renee", "Renée", "Müller"),
    one("zoe", "Zoë", "Çelik"),
    one("andre", "André", "Coënen"),
    one("loic", "Loïc", "D’Hondt"),
]
LINES = "E-mailadres;Voornaam;Achternaam\r\n" + "".join(
    f"{address};{first};{last}\r\n" for address, first, last, _none in ACCENTS
)
# ISO-8859-1 and code page 850 have no ’.
STRAIGHT_LINES = LINES.replace("’", "'")
STRAIGHT = [(address, first, last.replace("’", "'"), none) for address, first, last, none in ACCENTS]
EURO = [one("kas", "Kasper", "Van Één", "Kosten € | Wegen")]
EURO_LINES = "E-mail;Voornaam;Achternaam;Omgevingen\nkas@voorbeeld.nl;Kasper;Van Één;Kosten €|Wegen\n"

ENCODINGS = [
    Shape("UTF-8", LINES.encode(), ACCENTS),
    Shape("UTF-8 with a mark", LINES.encode("utf-8-sig"), ACCENTS),
    Shape("UTF-16, little-endian, with a mark", LINES.encode("utf-16"), ACCENTS),
    Shape("UTF-16, big-endian, with a mark", b"\xfe\xff" + LINES.encode("utf-16-be"), ACCENTS),
    Shape("UTF-16, little-endian, without a mark", LINES.encode("utf-16-le"), ACCENTS),
    Shape("UTF-16, big-endian, without a mark", LINES.encode("utf-16-be"), ACCENTS),
    Shape("Windows-1252", LINES.encode("cp1252"), ACCENTS),
    Shape("Windows-1252 with a euro", EURO_LINES.encode("cp1252"), EURO),
    Shape("Mac Roman", LINES.encode("mac_roman"), ACCENTS),
    Shape("Mac Roman with a euro", EURO_LINES.encode("mac_roman"), EURO),
    Shape("ISO-8859-1", STRAIGHT_LINES.encode("latin-1"), STRAIGHT),
    Shape("ISO-8859-15 with a euro", EURO_LINES.encode("iso-8859-15"), EURO),
    Shape("CSV (MS-DOS) of Excel: code page 850", STRAIGHT_LINES.encode("cp850"), STRAIGHT),
    Shape("UTF-8 that was taken for Windows-1252 once", LINES.encode().decode("cp1252").encode(), ACCENTS),
    Shape(
        "letters and marks apart, as a Mac writes names",
        STRAIGHT_LINES.replace("é", "e\u0301").encode(),
        STRAIGHT,
    ),
]
