"""Text files out of spreadsheets, and the ways in which they hold names."""

from __future__ import annotations

from tests.environments.people.shapes.parts import ELS, ELS_W, JAN, JAN_W, KARIN, Shape, one, table

SPREADSHEETS = [
    Shape(
        "Excel nl: CSV with semicolons",
        "E-mailadres;Voornaam;Achternaam;Omgevingen\r\njan@voorbeeld.nl;Jan;de Vries;Wegen|Riolering\r\n".encode(
            "cp1252"
        ),
        [JAN_W],
    ),
    Shape(
        "Excel en: CSV with commas",
        b'Email,First name,Last name,Environments\r\njan@voorbeeld.nl,Jan,de Vries,"Wegen, Riolering"\r\n',
        [JAN_W],
    ),
    Shape("Excel: line sep=", b"sep=,\r\nEmail,First name,Last name\r\njan@voorbeeld.nl,Jan,de Vries\r\n", [JAN]),
    Shape(
        "Excel: cells with Alt+Enter",
        b"E-mail;Voornaam;Achternaam;Omgevingen\r\n"
        b'jan@voorbeeld.nl;Jan;de Vries;"Wegen\nRiolering"\r\nels@voorbeeld.nl;Els;Bakker;Wegen\r\n',
        [JAN_W, ELS_W],
    ),
    Shape(
        "Excel: Alt+Enter in the heading and in a note",
        b'"E-mail\nwerk";Naam;Opmerking\r\njan@voorbeeld.nl;Jan de Vries;"Begint\nmaandag; of later"\r\n'
        b"els@voorbeeld.nl;Bakker, Els;\r\n",
        [JAN, ELS],
        unused=["Opmerking"],
    ),
    Shape(
        "Excel en: Alt+Enter in the heading, commas",
        b'"E-mail\nwerk",Naam\r\njan@voorbeeld.nl,Jan de Vries\r\nels@voorbeeld.nl,"Bakker, Els"\r\n',
        [JAN, ELS],
    ),
    Shape(
        "title above the heading",
        b"Medewerkers Gemeente Voorbeeld;;\n;;\nE-mail;Voornaam;Achternaam\njan@voorbeeld.nl;Jan;de Vries\n",
        [JAN],
        unused=["1"],
    ),
    Shape(
        "Numbers: table with a title",
        b"Tabel 1,,\r\nVoornaam,Achternaam,E-mail\r\nJan,de Vries,jan@voorbeeld.nl\r\n",
        [JAN],
    ),
    Shape("LibreOffice: tabs", b"Voornaam\tAchternaam\tE-mail\nJan\tde Vries\tjan@voorbeeld.nl\n", [JAN]),
    Shape(
        "LibreOffice: upright lines",
        b"Voornaam|Achternaam|E-mail|Omgevingen\nEls|Bakker|els@voorbeeld.nl|Wegen\n",
        [ELS_W],
    ),
    Shape(
        "LibreOffice: every cell quoted",
        table(
            ["E-mail", "Voornaam", "Achternaam"], ["jan@voorbeeld.nl", "Jan", "de Vries"], separator=";", every=True
        ).encode(),
        [JAN],
    ),
    Shape(
        "old Mac: lines end with CR",
        b"E-mail;Voornaam;Achternaam\rjan@voorbeeld.nl;Jan;de Vries\rels@voorbeeld.nl;Els;Bakker\r",
        [JAN, ELS],
    ),
    Shape(
        "two lists behind each other",
        b"E-mail;Voornaam;Achternaam\njan@voorbeeld.nl;Jan;de Vries\n"
        b"E-mail;Voornaam;Achternaam\nels@voorbeeld.nl;Els;Bakker\n",
        [JAN, ELS],
        unused=["3"],
    ),
]

NAMES = [
    Shape(
        "first, last and whole name",
        b"Voornaam;Achternaam;Naam;E-mail\nJan;de Vries;Jan de Vries;jan@voorbeeld.nl\n",
        [JAN],
        unused=["Naam"],
    ),
    Shape(
        "first name and Naam",
        b"Voornaam;Naam;E-mail\nJan;de Vries;jan@voorbeeld.nl\nEls;Els Bakker;els@voorbeeld.nl\n",
        [JAN, ELS],
    ),
    Shape(
        "only Naam, in both orders",
        b'Naam;E-mail\nJan de Vries;jan@voorbeeld.nl\n"Pieters, Karin";karin@voorbeeld.nl\n',
        [JAN, KARIN],
    ),
    Shape(
        "HR: initials, particle, last name with its particle too",
        "Pers.nr.;Voorletters;Tussenvoegsel;Achternaam;E-mailadres werk;Privé e-mailadres\n"
        "7;J.;de;de Vries;jan@voorbeeld.nl;\n".encode(),
        [one("jan", "J.", "de Vries")],
        unused=["Pers.nr."],
    ),
    Shape(
        "headings with a remark, and the address of somebody else first",
        b'"Naam, achternaam eerst";E-mail (leidinggevende);E-mail, manager;E-mailadres (verplicht)\n'
        b"Vries, Jan de;baas@voorbeeld.nl;baas@voorbeeld.nl;jan@voorbeeld.nl\n",
        [JAN],
        unused=["E-mail (leidinggevende)", "E-mail, manager"],
    ),
    Shape(
        "HR: initials, particle and Naam",
        b"Voorletters;Voorvoegsel;Naam;E-mail\nJ.;de;Vries;jan@voorbeeld.nl\n",
        [one("jan", "J.", "de Vries")],
    ),
    Shape(
        "Visma: last name, particle behind a comma",
        b'Achternaam;Roepnaam;E-mail\n"Vries, de";Jan;jan@voorbeeld.nl\n',
        [JAN],
    ),
    Shape(
        "addresses in a column with names: the address column is empty",
        b"Voornaam;Achternaam;E-mail\njan@voorbeeld.nl;Jan;\nEls;Bakker;els@voorbeeld.nl\n",
        [ELS],
        wrong=1,
    ),
    Shape(
        "names before the addresses in their cells",
        b'Naam;E-mail;Omgeving\n;"Pieters, Karin <karin@voorbeeld.nl>";Wegen\n',
        [one("karin", "Karin", "Pieters", "Wegen")],
    ),
]
