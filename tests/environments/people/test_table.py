"""Lists of people as spreadsheets, mail programs and hands make them."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.people.table import Row, decode, environment_names, read

JAN = Row(2, "jan@voorbeeld.nl", "Jan", "van den Berg", "Wegen|Riolering")


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


def test_address_may_stand_in_any_column_of_a_list_without_heading() -> None:
    assert list(read("Jan;Jansen;jan@x.nl;Wegen")) == [Row(1, "jan@x.nl", "Jan", "Jansen", "Wegen")]


def test_commas_between_environments_do_not_make_columns() -> None:
    assert next(read("a@x.nl;A;B;Een, Twee, Drie, Vier")).environments == "Een, Twee, Drie, Vier"
    assert next(read('a@x.nl,A,B,"Een, Twee"')).environments == "Een, Twee"
    assert environment_names("Een, Twee|Drie | Een,,") == ["Een", "Twee", "Drie"]


def test_stray_quotation_mark_spoils_its_own_line_only() -> None:
    rows = list(read('a@x.nl;"A;B\nb@x.nl;C;D\nc@x.nl;E;F'))
    assert [row.address for row in rows] == ["a@x.nl", "b@x.nl", "c@x.nl"]
    assert rows[1] == Row(2, "b@x.nl", "C", "D")


def test_lines_keep_their_numbers_so_that_people_find_them_back() -> None:
    assert [row.number for row in read("email\n\na@x.nl\n\n\nb@x.nl")] == [3, 6]


def test_line_without_an_address_stays_a_line() -> None:
    assert next(read("email;voornaam\n;Jan")) == Row(2, "", "Jan")


def test_our_own_list_of_wrong_lines_can_come_back() -> None:
    assert list(read("email;voornaam;waarom niet\njan@x.nl;'=Jan;x")) == [Row(2, "jan@x.nl", "=Jan")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_accents_survive_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    assert decode("a@x.nl;Renée;Çelik €".encode(encoding)) == "a@x.nl;Renée;Çelik €"


@given(st.binary(max_size=300))
def test_no_rubbish_raises(content: bytes) -> None:
    for row in read(decode(content)):
        assert "\x00" not in "".join((row.address, row.first_name, row.last_name, row.environments))
        environment_names(row.environments)


@given(st.text(alphabet="a@;,\"|\t\n\r\x00<>='’“é", max_size=60))
def test_no_punctuation_raises(text: str) -> None:
    list(read(text))


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Jan <jan@voorbeeld.nl>", "jan@voorbeeld.nl"),
        ("<Jan> <jan@voorbeeld.nl>", "jan@voorbeeld.nl"),
        ("mailto:jan@voorbeeld.nl", "jan@voorbeeld.nl"),
        ("jan@voorbeeld.nl>", "jan@voorbeeld.nl>"),
        ("<>", "<>"),
        (">", ">"),
    ],
)
def test_name_and_brackets_around_an_address_are_taken_off(typed: str, address: str) -> None:
    assert [row.address for row in read(f"e-mail\n{typed}")] == [address]


@pytest.mark.parametrize("sign", ["<", ">", '"', ";", ",", "@", "a;", "<>", "“", "'", "=", "a\n"])
def test_line_of_one_sign_keeps_nobody_waiting(sign: str) -> None:
    began = process_time()
    list(read(f"x{sign * 60_000}"))
    assert process_time() - began < 5
