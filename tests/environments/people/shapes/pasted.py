"""What people paste: out of Outlook, a mail, a page or a spreadsheet."""

from __future__ import annotations

from tests.environments.people.shapes.parts import ELS, ELS_W, JAN, JAN_W, KARIN, Shape, one

ONE_LINE = 'Jan de Vries <jan@voorbeeld.nl>; Pieters, Karin <karin@voorbeeld.nl>; "Bakker, Els" <els@voorbeeld.nl>'

PASTED = [
    Shape("Outlook: one line of people", ONE_LINE, [JAN, KARIN, ELS]),
    Shape(
        "Outlook: commas and semicolons mixed",
        "a@voorbeeld.nl, b@voorbeeld.nl;c@voorbeeld.nl",
        [one("a"), one("b"), one("c")],
    ),
    Shape("Outlook: semicolon at the end, on two lines", ONE_LINE.replace("; P", ";\nP") + ";", [JAN, KARIN, ELS]),
    Shape(
        "mail program: commas between people with a comma in a name",
        'Jan de Vries <jan@voorbeeld.nl>, "Bakker, Els" <els@voorbeeld.nl>, Pieters, Karin <karin@voorbeeld.nl>',
        [JAN, ELS, KARIN],
    ),
    Shape(
        "header of a mail",
        "Aan: Jan de Vries <jan@voorbeeld.nl>; Els Bakker <els@voorbeeld.nl>\nCc: Pieters, Karin <karin@voorbeeld.nl>",
        [JAN, ELS, KARIN],
    ),
    Shape(
        "one a line, name turned round",
        "Pieters, Karin <karin@voorbeeld.nl>\nVries, Jan de <jan@voorbeeld.nl>\nde Vries, Piet <piet@voorbeeld.nl>",
        [KARIN, JAN, one("piet", "Piet", "de Vries")],
    ),
    Shape(
        "quotes that a word processor made",
        "“Bakker, Els” <els@voorbeeld.nl>; ‘Jan de Vries’ <jan@voorbeeld.nl>",
        [ELS, JAN],
    ),
    Shape(
        "address twice: as its own name",
        "jan@voorbeeld.nl <jan@voorbeeld.nl>; 'els@voorbeeld.nl' <els@voorbeeld.nl>",
        [one("jan"), one("els")],
    ),
    Shape(
        "links out of a page",
        "jan@voorbeeld.nl<mailto:jan@voorbeeld.nl>\nEls Bakker [mailto:els@voorbeeld.nl]",
        [one("jan"), ELS],
    ),
    Shape(
        "brackets, dots and marks around",
        "<jan@voorbeeld.nl>,\nels@voorbeeld.nl.\n• karin@voorbeeld.nl;\n1. a@voorbeeld.nl",
        [one("jan"), one("els"), one("karin"), one("a")],
    ),
    Shape(
        "group without an address between people",
        "Afdeling Wegen; Jan de Vries <jan@voorbeeld.nl>; Els Bakker <els@voorbeeld.nl>",
        [JAN, ELS],
        wrong=1,
    ),
    Shape(
        "members of a group, copied",
        "Jan de Vries\tjan@voorbeeld.nl\nPieters, Karin\tkarin@voorbeeld.nl",
        [JAN, KARIN],
    ),
    Shape(
        "name behind or before the address, without brackets",
        "jan@voorbeeld.nl (Jan de Vries)\nEls Bakker els@voorbeeld.nl",
        [JAN, ELS],
    ),
    Shape(
        "initials with the name that somebody goes by",
        "Vries, J. de (Jan) <jan@voorbeeld.nl>; Bakker, Els (Extern) <els@voorbeeld.nl>",
        [JAN, ELS],
    ),
    Shape(
        "invisible marks and wide signs",
        "jan\u200b@voorbeeld.nl\n\u202aels@voorbeeld.nl\u202c\n\ufeffkarin@voorbeeld.nl\u00a0\n"
        "a＠voorbeeld.nl\nb\u00ad@voorbeeld.nl",
        [one("jan"), one("els"), one("karin"), one("a"), one("b")],
    ),
    Shape(
        "domain with its own letters",
        "jan@gemeente-voorbéeld.nl;Jan;de Vries",
        [("jan@xn--gemeente-voorbeld-otb.nl", "Jan", "de Vries", "")],
    ),
    Shape(
        "capitals",
        "JAN@VOORBEELD.NL;Jan;de Vries\nEls@Voorbeeld.NL;Els;Bakker",
        [JAN, ("Els@voorbeeld.nl", "Els", "Bakker", "")],
    ),
    Shape("same person twice", "jan@voorbeeld.nl;Jan;de Vries\nJAN@voorbeeld.nl;Piet;Ander", [JAN], wrong=1),
    Shape(
        "signature around it",
        "Hoi Els,\n\nGraag toegang voor:\n\nJan de Vries <jan@voorbeeld.nl>\nkarin@voorbeeld.nl\n\nGroeten,\nPiet\n"
        "T 010 1234567",
        [JAN, one("karin")],
        wrong=5,
    ),
    Shape(
        "address inside a sentence",
        "Kun je jan@voorbeeld.nl en els@voorbeeld.nl toegang geven?\nEn karin@voorbeeld.nl ook?\n"
        "Graag voor a@voorbeeld.nl",
        [],
        wrong=3,
    ),
    Shape(
        "two addresses with one name",
        "jan@voorbeeld.nl;Jan;de Vries;jan@thuis.example\nels@voorbeeld.nl;Els;Bakker\n"
        "Karin,Pieters,karin@voorbeeld.nl,karin@thuis.example",
        [ELS],
        wrong=2,
    ),
    Shape(
        "Excel: cells with Alt+Enter, copied",
        'E-mail\tVoornaam\tAchternaam\tOmgevingen\njan@voorbeeld.nl\tJan\tde Vries\t"Wegen\nRiolering"\n'
        "els@voorbeeld.nl\tEls\tBakker\tWegen",
        [JAN_W, ELS_W],
    ),
    Shape(
        "row that is broken over two lines without quotes",
        "E-mail;Voornaam;Achternaam;Omgevingen;Opmerking\njan@voorbeeld.nl;Jan;de Vries;Wegen\nRiolering;x\n"
        "els@voorbeeld.nl;Els;Bakker;Wegen;",
        [ELS_W],
        wrong=2,
    ),
    Shape(
        "more cells than headings",
        "email,voornaam,achternaam,omgeving\njan@voorbeeld.nl,Jan,de Vries,Wegen,Riolering",
        [],
        wrong=1,
    ),
    Shape(
        "whole name and environment, without headings",
        "Jan de Vries;jan@voorbeeld.nl;Wegen | Riolering\nels@voorbeeld.nl;Els;Bakker;Wegen",
        [JAN_W, ELS_W],
    ),
    Shape("telephone number behind it", "Els Bakker, els@voorbeeld.nl, 06-12345678", [], wrong=1),
    Shape(
        "links as a chat and a wiki copy them",
        "- [Jan de Vries](mailto:jan@voorbeeld.nl)\nEls Bakker: els@voorbeeld.nl",
        [JAN, ELS],
    ),
    Shape(
        "source of a mail",
        "To: =?utf-8?Q?Ren=C3=A9e_M=C3=BCller?= <renee@voorbeeld.nl>",
        [one("renee", "Renée", "Müller")],
    ),
]
