"""Workbooks, each as .xlsx and as .ods."""

from __future__ import annotations

from tests.environments.people.shapes.parts import ELS, ELS_W, JAN, JAN_W, Shape, one
from tests.environments.people.workbooks import Day, Formula, Sheet, ods, xlsx

BOOK = [
    ["E-mailadres", "Voornaam", "Achternaam", "Omgevingen"],
    ["jan@voorbeeld.nl", "Jan", "de Vries", "Wegen\nRiolering"],
    ["els@voorbeeld.nl", "Els", "Bakker", "Wegen"],
]
SECOND = [
    Sheet("Uitleg", [["Vul het tweede blad in. Vragen? Mail beheer@voorbeeld.nl"]]),
    Sheet("Personeel", BOOK),
    Sheet("Oud", [["E-mail"], ["oud@voorbeeld.nl"]], hidden=True),
]
HIDDEN_ROW = Sheet("Blad1", [*BOOK, ["weg@voorbeeld.nl", "Weg", "Gefilterd", ""]], hidden_rows=[4])
LINKS = Sheet(
    "Blad1",
    [["E-mail", "Naam"], ["Stuur mail", "Jan de Vries"], ["mailto:els@voorbeeld.nl", "Bakker, Els"]],
    links={"A2": "mailto:jan@voorbeeld.nl?subject=Hallo"},
)
MERGED = Sheet(
    "Blad1",
    [
        ["E-mail", "Naam", "Omgeving"],
        ["jan@voorbeeld.nl", "Jan de Vries", "Wegen"],
        ["els@voorbeeld.nl", "Els Bakker", None],
    ],
    merged=["C2:C3"],
)
VALUES = Sheet(
    "Blad1",
    [
        ["Personeelsnummer", "In dienst", "Actief", "E-mail", "Voornaam", "Achternaam"],
        [1234, Day(45000), True, Formula('E2&"@voorbeeld.nl"', "jan@voorbeeld.nl"), "Jan", "de Vries"],
    ],
)
TITLE = Sheet("Blad1", [["Medewerkers 2026"], [], *BOOK])
INDENTED = Sheet("Blad1", [[], [], *([None, None, *row] for row in BOOK)])

WORKBOOKS = [
    shape
    for kind, make in (("xlsx", xlsx), ("ods", ods))
    for shape in (
        Shape(f"{kind}: a sheet, with Alt+Enter", make(Sheet("Blad1", BOOK)), [JAN_W, ELS_W]),
        Shape(f"{kind}: second sheet, a hidden third", make(*SECOND), [JAN_W, ELS_W], unused=["Uitleg", "Oud"]),
        Shape(f"{kind}: hidden row", make(HIDDEN_ROW), [JAN_W, ELS_W], wrong=1),
        Shape(f"{kind}: links", make(LINKS), [JAN, ELS]),
        Shape(f"{kind}: merged cells", make(MERGED), [one("jan", "Jan", "de Vries", "Wegen"), ELS_W]),
        Shape(f"{kind}: numbers, days and formulas", make(VALUES), [JAN], unused=["Personeelsnummer", "In dienst"]),
        Shape(f"{kind}: title above", make(TITLE), [JAN_W, ELS_W], unused=["1"]),
        Shape(f"{kind}: begins at C3", make(INDENTED), [JAN_W, ELS_W]),
    )
]
