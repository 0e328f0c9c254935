"""Lists of people as spreadsheets, mail programs and hands make them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.people import validation
from environments.people.list_reader import environment_names, read, read_file
from environments.people.models import NoteText, Why
from environments.people.reading import addresses, delimited, names
from environments.people.reading.characters import straight
from environments.people.reading.decoding import ONE_BYTE, decode
from environments.people.reading.types import Flaw, Listing, NoteKind, Row, Unreadable

JAN = Row(2, "jan@voorbeeld.nl", "Jan", "van den Berg", "Wegen|Riolering")
PIECES = st.sampled_from(
    [
        *(
            "jan@x.nl",
            "els@x.nl",
            "<jan@x.nl>",
            "mailto:els@x.nl",
            "＠",
            "@",
            "a@",
            "@b",
            "#EXT#@",
            "Jan",
            "de",
            "Vries",
        ),
        *("Jan de Vries", '"Bakker, Els"', ",", ";", "\n", "\r\n", "\t", "|", '"', "“", "”", "'", " ", "(", ")", "<"),
        *(">", "E-mail", "Naam", "Voornaam", "Omgeving", " ::: ", "1. ", "- ", "Aan: ", "\u200b", "é", "\ufffd"),
    ]
)
HEADINGS = ["", "E-mail\n", "E-mail;Naam;Omgeving\n", "Voornaam,Achternaam,E-mail\n", "Naam\tE-mail\n"]


def test_columns_for_role_and_language_are_read_and_other_roles_are_not_used() -> None:
    (row,) = read("E-mail;Rol;Taal\na@x.nl;lezer;nl")
    assert (row.role, row.language) == ("lezer", "nl")
    found = read("E-mail;Role;Language\na@x.nl;Owner;\nb@x.nl;Member;")  # as Teams exports a team
    assert [(one.role, one.flaw) for one in found] == [("", None), ("", None)]
    assert [note.names for note in found.notes] == [("Role",)]


@pytest.mark.parametrize(
    "text",
    [
        "E-mailadres;Voornaam;Achternaam;Omgevingen\njan@voorbeeld.nl;Jan;van den Berg;Wegen|Riolering",
        "email\tfirst name\tlast name\tenvironments\r\njan@voorbeeld.nl\tJan\tvan den Berg\tWegen|Riolering\r\n",
        'First name,Last name,E-mail,Environment\nJan,van den Berg,jan@voorbeeld.nl,"Wegen|Riolering"',
        'Omgeving;X;Adres;VOORNAAM;tussenvoegsel;achternaam\n"Wegen|Riolering";B;jan@voorbeeld.nl;Jan;van;den Berg',
        "\n jan@voorbeeld.nl ; Jan;van den Berg;Wegen|Riolering;\n;;;\n",
        "sep=;\njan@voorbeeld.nl;Jan;van den Berg;Wegen|Riolering",
        "\ufeffemail;voornaam;achternaam;toegang\r“jan@voorbeeld.nl”;Jan;van den Berg;Wegen|Riolering",
        "\nJan <jan@voorbeeld.nl>;Jan;van den Berg;Wegen|Riolering",
    ],
)
def test_same_person_is_read_from_every_kind_of_list(text: str) -> None:
    assert list(read(text)) == [JAN]


def test_address_alone_is_enough() -> None:
    assert list(read("a@x.nl\nb@x.nl")) == [Row(1, "a@x.nl"), Row(2, "b@x.nl")]


def test_one_name_before_the_address_is_the_first_name() -> None:
    assert list(read("Kees kees.bos@x.nl\nAnne-Marie am@x.nl")) == [
        Row(1, "kees.bos@x.nl", "Kees"),
        Row(2, "am@x.nl", "Anne-Marie"),
    ]


def test_address_may_stand_in_any_column_of_a_list_without_heading() -> None:
    assert list(read("Jan;Jansen;jan@x.nl;Wegen")) == [Row(1, "jan@x.nl", "Jan", "Jansen", "Wegen")]


def test_commas_between_environments_do_not_make_columns() -> None:
    assert next(iter(read("a@x.nl;A;B;Een, Twee, Drie, Vier"))).environments == "Een, Twee, Drie, Vier"
    assert next(iter(read('a@x.nl,A,B,"Een, Twee"'))).environments == "Een, Twee"
    assert environment_names("Een, Twee|Drie | Een,,;Vier\nVijf") == ["Een", "Twee", "Drie", "Vier", "Vijf"]


def test_stray_quotation_mark_spoils_its_own_line_only() -> None:
    rows = list(read('a@x.nl;"A;B\nb@x.nl;C;D\nc@x.nl;E;F'))
    assert [row.address for row in rows] == ['a@x.nl;"A;B', "b@x.nl", "c@x.nl"]
    assert [row.flaw for row in rows] == [Flaw.QUOTES, None, None]
    assert rows[1] == Row(2, "b@x.nl", "C", "D")


def test_lines_keep_their_numbers_so_that_people_find_them_back() -> None:
    assert [row.number for row in read("email\n\na@x.nl\n\n\nb@x.nl")] == [3, 6]


def test_line_without_an_address_stays_a_line() -> None:
    assert next(iter(read("email;voornaam\n;Jan"))) == Row(2, "", "Jan")


def test_our_own_list_of_wrong_lines_can_come_back() -> None:
    assert list(read("email;voornaam;waarom niet\njan@x.nl;'=Jan;x")) == [Row(2, "jan@x.nl", "=Jan")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_accents_survive_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    assert decode("a@x.nl;Renée;Çelik €".encode(encoding)) == "a@x.nl;Renée;Çelik €"


@given(st.binary(max_size=300))
def test_no_rubbish_raises(content: bytes) -> None:
    found = read_file(content)
    for row in found if isinstance(found, Listing) else ():
        assert "\x00" not in "".join((row.address, row.first_name, row.last_name, row.environments))
        environment_names(row.environments)


def is_accounted_for(token: str, rows: list[Row]) -> bool:
    """A row of its own, or in a line that is wrong; a cell of environments is judged by their names."""
    address = addresses.clean(token).lower()
    return any(
        row.flaw or not validation.is_address(row.address) or row.address.lower() == address or "@" in row.environments
        for row in rows
    )


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(HEADINGS), st.lists(PIECES, max_size=14).map("".join))
def test_no_at_sign_gets_into_a_name_or_lost(heading: str, body: str) -> None:
    text = heading + body
    listing = read(text)
    if isinstance(listing, Unreadable):
        return
    assert not [row for row in listing if "@" in row.first_name + row.last_name]
    if any(note.kind is NoteKind.COLUMNS for note in listing.notes):
        return  # the page names what stands in these
    lines = delimited.lines(text)
    assert not isinstance(lines, Unreadable)
    for line in lines:
        mine = [row for row in listing if row.number == line.number]
        tokens = re.split(r"[\s<>()\[\]\",;|]+", straight(line.text))
        assert all(is_accounted_for(token, mine) for token in tokens if "@" in token)


@given(st.text(alphabet="a@;,\"|\t\n\r\x00<>='’“é:.()", max_size=60))
def test_no_punctuation_raises(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Jan <jan@voorbeeld.nl>", "jan@voorbeeld.nl"),
        ("<Jan> <jan@voorbeeld.nl>", "jan@voorbeeld.nl"),
        ("mailto:jan@voorbeeld.nl", "jan@voorbeeld.nl"),
        ("jan@voorbeeld.nl>", "jan@voorbeeld.nl"),
        ("SMTP:jan@voorbeeld.nl", "jan@voorbeeld.nl"),
        ("mailto:jan@voorbeeld.nl?subject=Hallo", "jan@voorbeeld.nl"),
        ("'jan@voorbeeld.nl'", "jan@voorbeeld.nl"),
        ("(jan@voorbeeld.nl).", "jan@voorbeeld.nl"),
        ("jan@voorbeeld.nl,", "jan@voorbeeld.nl"),
        ("jan@vооrbeeld.nl", "jan@vооrbeeld.nl"),  # a Cyrillic о: no address, and certainly not that of this domain
        ("<>", "<>"),
        (">", ">"),
    ],
)
def test_name_and_brackets_around_an_address_are_taken_off(typed: str, address: str) -> None:
    assert [row.address for row in read(f"e-mail\n{typed}")] == [address]


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("jan@x.nl;Jan;jan@thuis.nl", Flaw.SEVERAL),
        ("E-mail;Naam\njan@x.nl els@x.nl;Jan", Flaw.SEVERAL),
        ("Kun je jan@x.nl toegang geven?", Flaw.NOT_ALONE),
        ("Beste jan@x.nl", Flaw.NOT_ALONE),
        ("E-mail;Naam\njan@x.nl / 06-12345678;Jan", Flaw.NOT_ALONE),
        ("E-mail;Naam\njan@x.nl;els@x.nl", Flaw.IN_A_NAME),
        ("jan@x.nl;Jan;Vries;Wegen;Riolering", Flaw.TOO_MANY),
        ("E-mail;Naam\njan@x.nl;Jan;Wegen", Flaw.TOO_MANY),
        ("E-mail;Naam;Omgeving\njan@x.nl;Jan\nde Vries;Wegen", Flaw.BROKEN),
        ('jan@x.nl;"Jan;Vries', Flaw.QUOTES),
        (f"E-mail;Naam;Omgeving\njan@x.nl;Jan;{'x' * 2001}", Flaw.TOO_LONG),
        ("jan@x.nl;Ren\ufffde;Vries", Flaw.LOST_SIGN),
    ],
)
def test_what_cannot_be_told_apart_is_wrong_with_a_reason(text: str, flaw: Flaw) -> None:
    with translation.override("nl"):
        assert str(Why(flaw).label) % {"about": "x"} != str(Why(flaw).label) or "%" not in str(Why(flaw).label)
    assert {row.flaw for row in read(text)} == {flaw}


def test_every_flaw_and_every_note_has_a_sentence() -> None:
    assert {flaw.value for flaw in Flaw} <= set(Why.values)
    assert {kind.value for kind in NoteKind} == set(NoteText.values)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jan", ("Jan", "")),
        ("Jan de Vries", ("Jan", "de Vries")),
        ("Anne Marie van den Berg", ("Anne Marie", "van den Berg")),
        ("Anne Marie Bakker", ("Anne Marie", "Bakker")),
        ("Vries, Jan de", ("Jan", "de Vries")),
        ("de Vries, Jan", ("Jan", "de Vries")),
        ("Berg, A.M. van den (Anne)", ("Anne", "van den Berg")),
        ("Bakker-de Vries, Els", ("Els", "Bakker-de Vries")),
        ("Veld, Jan in 't", ("Jan", "in 't Veld")),
        ("Jan de Vries (Extern)", ("Jan", "de Vries")),
        ("Vries, van der", ("", "van der Vries")),
        ("Ben de Wit", ("Ben", "de Wit")),
        ("", ("", "")),
        (",", ("", "")),
        ("(", ("(", "")),
    ],
)
def test_name_is_taken_apart(name: str, parts: tuple[str, str]) -> None:
    assert names.split(name) == parts


# Hard for different reasons: a capital with an accent, two vowels with one, the accents of neighbours.
ACCENTED = [
    *("Renée", "Zoë", "Loïc", "Müller", "Coënen", "François", "Hélène", "Çelik", "Émile", "Íris", "Ólafsson"),
    *("Özgür", "Göran", "Ångström", "Sørensen", "Weiß", "Muñoz", "João", "Gonçalves", "Anaïs", "Één", "Danaë"),
]
# As the only accent of a list these are as likely another letter of another encoding.
UNDECIDED = {("João", "mac_roman"), ("Íris", "cp850"), ("Weiß", "cp850")}
ALONE = [(name, code) for name in ACCENTED for code in (*ONE_BYTE, "utf-16-le", "utf-16-be")]


@pytest.mark.parametrize(("name", "encoding"), [pair for pair in ALONE if pair not in UNDECIDED])
def test_one_accented_name_is_enough_to_know_the_encoding(name: str, encoding: str) -> None:
    text = f"E-mail;Voornaam;Achternaam\njan@voorbeeld.nl;Jan;{name}\n"
    assert decode(text.encode(encoding)) == text


def test_utf8_with_a_byte_that_is_none_keeps_its_other_accents() -> None:
    rows = list(read_file("e-mail;naam\na@x.nl;Renée Müller\nb@x.nl;Zoë Bär\nc@x.nl;L".encode() + b"\xe9o Bos\n"))
    assert [(row.first_name, row.flaw) for row in rows] == [("Renée", None), ("Zoë", None), ("", Flaw.LOST_SIGN)]


def counted(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> Callable[[], int]:
    """How many characters a function was given in all its calls."""
    original, sizes = getattr(module, name), []
    monkeypatch.setattr(module, name, lambda text, *more: sizes.append(len(text)) or original(text, *more))
    return lambda: sum(sizes)


@pytest.mark.parametrize(
    "sign", ["<", ">", '"', ";", ",", "@", "a;", "<>", "“", "'", "=", "a\n", '"\n', ';"a\n', "a@b.c,", "(", "a "]
)
def test_work_grows_with_the_length_only(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: twice the text is at most about twice the characters for every part that looks at it."""
    parts = [
        (delimited, "_cells"),
        (delimited, "plain"),
        (addresses, "mailbox"),
        (addresses, "tidy"),
        (addresses, "_apart"),
    ]
    seen = [counted(monkeypatch, *part) for part in parts]
    read(f"x{sign * 2_000}")
    once = [each() for each in seen]
    read(f"x{sign * 4_000}")
    twice = [each() - before for each, before in zip(seen, once, strict=True)]
    assert all(after <= 2.5 * before + 8_000 for before, after in zip(once, twice, strict=True)), (once, twice)


def test_list_is_looked_at_no_further_than_it_may_go() -> None:
    """One line, many lines, and lines under a heading: the number that is told is that of all."""
    for text in ("a@x.nl," * 6000, "a@x.nl\n" * 6000, "e-mail;naam\n" + "a@x.nl;x\n" * 6000):
        listing = read(text)
        assert isinstance(listing, Listing)
        assert len(listing.rows) + listing.left == 6000
        assert len(listing.rows) < 5002
    assert read("a\n" * 20_001) is Unreadable.TOO_LONG
