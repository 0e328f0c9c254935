"""Makes the list of common passwords anew: `python -m accounts.passwords.make_blocklist`.

Run it after a change of this file, or of the list that Django brings along. Of Django's 20,000 common passwords only
46 are as long as ours have to be; so this adds what people make of the others: pairs, repetitions, keyboard walks,
runs of digits, Dutch commonplaces with years and seasons. Digits at the ends and signs between need no entries of
their own: `blocklist.is_common` looks past them.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

from django.contrib.auth import password_validation

from accounts import limits
from accounts.passwords.blocklist import FILE, SHORTEST_ENTRY, fold, squeeze

MIN = limits.PASSWORD_MIN_LENGTH
LONGEST_WALK = 20
PAIRED = 100  # of the commonest words
REPEATED = 2_000
YEARS = range(1940, 2041)

DUTCH = (  # noqa: SIM905 - a text reads better than a list of words
    "wachtwoord welkom geheim geheimpje inloggen toegang beheer beheerder gebruiker medewerker gemeente kantoor werk "
    "hallo hoihoi doei lieverd schatje liefde liefje mama papa moeder vader dochter zoon kinderen familie vriend "
    "zomer winter lente herfst voorjaar najaar vakantie kerstmis sinterklaas koningsdag carnaval verjaardag "
    "januari februari maart april juni juli augustus september oktober november december "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag vandaag morgen "
    "amsterdam rotterdam utrecht eindhoven groningen tilburg almere breda nijmegen arnhem haarlem denhaag maastricht "
    "nederland holland oranje voetbal feyenoord ajax schaatsen fietsen paard poes hond konijn bloem zonnebloem tulp "
    "computer laptop telefoon internet school vogel boom water zon regen auto fiets huis kaas bier koffie pannenkoek"
).split()

PHRASES = (  # noqa: SIM905
    "dit is mijn wachtwoord;dit is een wachtwoord;dit is een lang wachtwoord;mijn geheime wachtwoord;"
    "een heel lang wachtwoord;een veilig wachtwoord;mijn wachtwoord is geheim;wachtwoord vergeten;"
    "ik ben mijn wachtwoord vergeten;ik weet het niet meer;geen idee wat mijn wachtwoord is;laat me binnen;"
    "laat me erin;sesam open u;ik wil inloggen;ik hou van jou;ik hou van mijn kinderen;ik hou van mijn hond;"
    "ik hou van voetbal;ik hou van chocola;ik hou van koffie;wie dit leest is gek;wie niet weg is is gezien;"
    "hier komt mijn wachtwoord;welkom bij de gemeente;goedemorgen allemaal;prettig weekend allemaal;"
    "de kat krabt de krullen van de trap;altijd is kortjakje ziek;vader jacob vader jacob;in de maneschijn;"
    "lang zal ze leven;lang zal hij leven;hup holland hup;geen woorden maar daden;oranje boven oranje boven;"
    "this is my password;this is a password;this is a long password;my secret password;my password is password;"
    "my password is secret;let me in please;please let me in;i forgot my password;i love you so much;"
    "i love you forever;i love my family;i love my children;correct horse battery staple;"
    "the quick brown fox;the quick brown fox jumps over the lazy dog;to be or not to be;"
    "may the force be with you;open sesame please;password password password;change me please;"
    "do not use this password;nobody knows my password;trust no one at all;once upon a time;happy birthday to you"
).split(";")

ROWS = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "!@#$%^&*()"]
COLUMNS = ["1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p"]
DIGITS = [
    "1234567890",
    "0123456789",
    "0987654321",
    "9876543210",
    "123456789",
    "987654321",
    "12345",
    "112233445566778899",
]
FAMOUS_DIGITS = "3141592653589793238462643383279"


def bundled() -> list[str]:
    """Django's list, the commonest first."""
    path = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    return [line.strip() for line in gzip.decompress(path.read_bytes()).decode().split("\n")]


def pieces(text: str) -> Iterator[str]:
    """Every part of the text, and of the text backwards, that is as long as a password has to be."""
    for line in (text, text[::-1]):
        for start, length in product(range(len(line)), range(MIN, LONGEST_WALK + 1)):
            if start + length <= len(line):
                yield line[start : start + length]


def walks() -> Iterator[str]:
    """Over the keyboard: along rows, down columns, to and fro between two rows; and up and down the alphabet."""
    for first, second in product(ROWS, ROWS):
        yield from pieces(first + second)
        yield from pieces(first + second[::-1])
        yield from pieces("".join(a + b for a, b in zip(first, second, strict=False)))
    yield from pieces("".join(COLUMNS))
    yield from pieces("".join(column[::-1] for column in COLUMNS))
    yield from pieces("".join(ROWS[1:4]))
    yield from pieces("abcdefghijklmnopqrstuvwxyz" * 2)


def digits() -> Iterator[str]:
    for first, second in product(DIGITS, DIGITS):
        yield from pieces(first + second + first)
    yield from pieces(FAMOUS_DIGITS)
    for year in YEARS:
        yield from pieces("".join(str(year + step) for step in range(5)))
        yield from pieces("".join(str(year - step) for step in range(5)))


def words(common: list[str]) -> Iterator[str]:
    """Pairs of the commonest words, each word until it is long enough, and phrases."""
    commonest = islice((word for word in common if word.isalpha() and len(word) >= SHORTEST_ENTRY), PAIRED)
    for first, second in product([*DUTCH, *commonest], repeat=2):
        yield first + second
    for word in [*DUTCH, *common[:REPEATED]]:
        yield word * -(-MIN // len(word))
    yield from PHRASES


def build() -> list[str]:
    common = bundled()
    texts = [*common, *DUTCH, *walks(), *digits(), *words([word for word in common if word])]
    return sorted({entry for entry in (squeeze(fold(text)) for text in texts) if len(entry) >= SHORTEST_ENTRY})


def main() -> None:
    lines = build()
    FILE.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    long_enough = sum(len(line) >= MIN for line in lines)
    sys.stdout.write(f"{len(lines)} entries, {long_enough} of them of {MIN} characters or more.\n")


if __name__ == "__main__":
    main()
