"""Every example of the mail preview: both languages, as text and as HTML."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from assetmaps.mail_preview.examples import EXAMPLES, SIGNED, messages_of

ROOT = Path(settings.BASE_DIR)
FOLDERS = sorted(folder.name for folder in (ROOT / "templates" / "mail").iterdir() if folder.is_dir())
# Only in these the button undoes something: that it was somebody else is what they are about.
ALARMS = {"wrong_codes", "sign_ins_crowd", "emergency_sign_in"}
UNDOES = ("dit-was-ik-niet", "intrekken")
EVERY = [
    pytest.param(template, language, number, id=f"{template}-{language}-{number}")
    for template in sorted(EXAMPLES)
    for language in ("nl", "en")
    for number in range(len(EXAMPLES[template]))
]
every_mail = pytest.mark.parametrize(("template", "language", "number"), EVERY)


class Page(HTMLParser):
    """The HTML as a mail program reads it: the words in <body>, the links, and every element with its attributes."""

    def __init__(self, message: EmailMultiAlternatives) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[tuple[str, str, str]] = []  # address, words, style
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._in_body = False
        self.html = str(message.alternatives[0].content)
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        self._in_body = self._in_body or tag == "body"
        if tag in ("br", "p"):
            self.words.append(" ")
        if tag == "a":
            self.links.append((found["href"], "", found.get("style", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.words.append("\0")  # the end of a link

    def handle_data(self, data: str) -> None:
        if self._in_body:
            if self.links and self._is_in_link() and not self.links[-1][1]:
                self.links[-1] = (self.links[-1][0], data, self.links[-1][2])
            self.words.append(data)

    def _is_in_link(self) -> bool:
        started = sum(tag == "a" for tag, _ in self.elements)
        return started > self.words.count("\0")

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).replace("\0", "").split())

    @property
    def buttons(self) -> list[tuple[str, str, str]]:
        return [link for link in self.links if "background" in link[2]]


def example(template: str, language: str, number: int) -> tuple[EmailMultiAlternatives, Page]:
    message = messages_of(template, language)[number]
    return message, Page(message)


def test_every_folder_of_templates_has_an_example() -> None:
    assert sorted(EXAMPLES) == FOLDERS


@every_mail
def test_text_and_html_say_the_same_words(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    text = message.body
    for address, words, _style in page.links:
        if not address.startswith("mailto:") and words != address:
            assert text.count(f"\n{address}\n") == 1, address
            text = text.replace(f"\n{address}\n", f"\n{words}\n")
    assert page.text == " ".join(text.split())
    assert len(page.text) > 80


@every_mail
def test_subject_tells_it_on_one_short_line(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    assert 15 <= len(message.subject) <= 70
    assert "\n" not in message.subject
    assert f"<title>{message.subject}</title>" in page.html


@every_mail
def test_there_is_one_button_at_most_and_every_link_is_ours(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    assert len(page.buttons) <= 1
    for address, words, _style in [*page.links, *page.buttons]:
        assert words.strip()
        assert address == "mailto:support@assetmaps.nl" or re.match(r"https://mijn\.assetmaps\.nl(/|$)", address)
        assert address.removeprefix("mailto:") in message.body
    # And no address of ours in the text that the HTML cannot follow.
    assert set(re.findall(r"https?://\S+?(?=[.,]?\s)", message.body)) <= {address for address, _, _ in page.links}


@every_mail
def test_button_undoes_what_happened_only_in_an_alarm(template: str, language: str, number: int) -> None:
    _message, page = example(template, language, number)
    undoing = {address for address, _words, _style in page.links if any(word in address for word in UNDOES)}
    pressed = {address for address, _words, _style in page.buttons}
    assert bool(undoing & pressed) is (template in ALARMS and bool(undoing))


@every_mail
def test_mail_begins_with_the_brand_in_colour(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    assert message.body.startswith("Mijn Assetmaps\n\n")
    assert re.search(r'<p style="[^"]*color: #\w{6}[^"]*">Mijn Assetmaps</p>', page.html)


@every_mail
def test_nothing_is_fetched_hidden_or_unresolved(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    assert {tag for tag, _ in page.elements} <= {"html", "head", "meta", "title", "body", "div", "p", "a", "br"}
    styles = [attributes["style"] for _, attributes in page.elements if "style" in attributes]
    assert not re.search(r"url\(|display: none|visibility|opacity|font-size: [0-9]px|text-indent", " ".join(styles))
    used = {name for _, attributes in page.elements for name in attributes}
    assert used <= {"lang", "dir", "charset", "name", "content", "style", "href"}
    for piece in ("{{", "{%", "%(", ")s", "None", "<Event", "  ", "\n\n\n"):
        assert piece not in message.body.replace("\n    ", "\n") + message.subject, piece
    assert ("html", {"lang": language, "dir": "ltr"}) in page.elements


@every_mail
def test_token_is_only_in_its_links(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    secrets = [word for word in message.body.split() if SIGNED in word]
    assert page.html.count(SIGNED) == len(secrets)
    assert len(secrets) == len(set(secrets)) <= 2
    assert SIGNED not in message.subject + page.text.replace(SIGNED, "", 0 if secrets else -1)


# Words that are spelled alike in both languages are left out.
DUTCH = re.compile(r"\b(je|jij|het|een|van|met|niet|wachtwoord|uur|dit|naar|wordt|hallo)\b", re.IGNORECASE)
ENGLISH = re.compile(r"\b(you|your|the|and|with|not|password|this|to|hello|at|from)\b", re.IGNORECASE)


@every_mail
def test_no_word_is_in_the_other_language(template: str, language: str, number: int) -> None:
    message, page = example(template, language, number)
    # The reason is what somebody typed, so it is left out.
    words = re.sub(r"(The reason that was given|De opgegeven reden): .*|\S+[@/]\S+", "", message.body)
    words += message.subject + " ".join(label for address, label, _ in page.links if label not in address)
    own, other = (DUTCH, ENGLISH) if language == "nl" else (ENGLISH, DUTCH)
    assert own.search(words)
    assert not other.search(words), other.search(words)


@every_mail
def test_the_action_is_in_the_language_of_the_mail(template: str, language: str, number: int) -> None:
    other = messages_of(template, "en" if language == "nl" else "nl")[number]
    mine, others = (
        [label for address, label, _style in page.links if label not in address]
        for page in (example(template, language, number)[1], Page(other))
    )
    assert not set(mine) & set(others)


def test_times_are_those_of_amsterdam_in_the_form_of_the_language() -> None:
    assert "Op 3 maart 2027 om 14:05 uur" in messages_of("password_changed", "nl")[0].body
    assert "On 3 March 2027 at 14:05" in messages_of("password_changed", "en")[0].body


@pytest.mark.parametrize(("language", "greeting"), [("nl", "Hallo,"), ("en", "Hello,")])
def test_person_without_a_name_is_not_greeted_by_the_address(language: str, greeting: str) -> None:
    message, _first = messages_of("password_changed", language, first_name="")
    assert message.body.splitlines()[2] == greeting


def test_words_to_read_out_are_large_and_no_link() -> None:
    for template, words in (("caller_check_sent", "appel rivier"), ("help_asked", "H4T7K2QM")):
        (message,) = messages_of(template, "nl")
        page = Page(message)
        assert re.search(rf'<p style="[^"]*font-size: 26px[^"]*">{words}</p>', page.html)
        assert f"\n    {words}\n" in message.body


def test_headers_prevent_automatic_answers_and_reveal_no_host_name() -> None:
    message, _first = messages_of("password_changed", "nl")
    built = message.message()
    assert built.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in built.get_payload()] == ["text/plain", "text/html"]
    assert built["Auto-Submitted"] == "auto-generated"
    assert built["Content-Language"] == "nl"
    assert re.fullmatch(r"<[^<>@\s]+@mijn\.assetmaps\.nl>", built["Message-ID"])
    assert built["From"] == "Assetmaps <support@assetmaps.nl>"  # so that an answer reaches support
    assert built["List-Unsubscribe"] is None


# The preview ------------------------------------------------------------------------------------------------------

VISIT = r"""
import re, django; django.setup()
from django.test import Client
from assetmaps.mail_preview.examples import EXAMPLES
def get(address):
    return Client().get(address, headers={"host": "localhost"}, secure=SECURE)
for name in ["", *(f"{template}/" for template in EXAMPLES), "bestaat-niet/", "invitation/nl/9/dark/"]:
    answer = get(f"/ontwikkeling/mails/{name}")
    pages = [get(link) for link in re.findall(r'href="(/\S+/(?:light|dark)/)"', answer.content.decode())]
    right = [page for page in pages if page.status_code == 200 and b"</html>" in page.content]
    print(name, answer.status_code, len(right))
"""


def visit(**environment: str) -> list[list[str]]:
    """The answers of a separate process, with a database that cannot be opened."""
    run = subprocess.run(
        [sys.executable, "-c", VISIT.replace("SECURE", str("DEBUG" not in environment))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
            "DATABASE_URL": "sqlite:////bestaat/niet.sqlite3",
            "EMAIL_URL": "smtp://192.0.2.1:25",
            **environment,
        },
    )
    return [line.rsplit(" ", 2) for line in run.stdout.splitlines()]


def test_preview_shows_every_mail_without_a_database() -> None:
    answers = {name.strip("/"): (status, int(pages)) for name, status, pages in visit(DEBUG="1")}
    assert answers.pop("") == ("200", 0)
    assert answers.pop("bestaat-niet") == answers.pop("invitation/nl/9/dark") == ("404", 0)
    # Each variant in two languages, light and dark.
    assert answers == {template: ("200", 4 * len(contexts)) for template, contexts in EXAMPLES.items()}


def test_preview_does_not_exist_while_debug_is_off() -> None:
    answers = visit(
        SECRET_KEY="k7" * 40 + "another-part-of-a-long-key",
        ENCRYPTION_KEYS="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        ALLOWED_HOSTS="localhost",
    )
    assert len(answers) == len(EXAMPLES) + 3
    assert {status for _, status, _ in answers} == {"404"}
