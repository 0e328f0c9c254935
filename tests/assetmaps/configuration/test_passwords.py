"""Passwords in addresses: what must be encoded is refused without being told, and what is encoded arrives as it is."""

from __future__ import annotations

import pytest

from tests.assetmaps.configuration.loading import LEFT, RIGHT, joined, load, refusal
from tests.assetmaps.configuration.test_services import connection_of

SIGNS = ["#", "/", "?", "%", "[", "]", " ", "\n", "\t", "\x01", "\udcff", "\u2100", "\u200b", "%0A", "%E9", "%00"]
FORMS = {
    "DATABASE_URL": ["postgres://portal:{}@db:5432/portal", "postgresql://{}:x@db/portal?sslmode=require"],
    "CACHE_URL": ["redis://:{}@cache", "rediss://portal:{}@cache:6379/1", "unix://:{}@/run/redis.sock"],
    "EMAIL_URL": ["smtp+tls://portal@voorbeeld.nl:{}@mail.voorbeeld.nl", "smtps://portal:{}@mail:465"],
}


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
@pytest.mark.parametrize(("name", "form"), [(name, form) for name, forms in FORMS.items() for form in forms])
def test_sign_that_must_be_encoded_is_refused_and_the_password_stays_secret(
    name: str, form: str, sign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = refusal(monkeypatch, **{name: form.format(joined(sign))})
    assert text.startswith(f"The environment variable {name} ")
    assert LEFT not in text
    assert RIGHT not in text


# Everything that can be typed, encoded as the README says.
AWKWARD = "p#a/s?s@w%o[r]d :;,&=+$\\\"'é€"
ENCODED = "p%23a%2Fs%3Fs%40w%25o%5Br%5Dd%20%3A%3B%2C%26%3D%2B%24%5C%22%27%C3%A9%E2%82%AC"


def test_encoded_password_arrives_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(
        monkeypatch,
        DATABASE_URL=f"postgres://{ENCODED}:{ENCODED}@db:5433/por+tal?sslmode=require&connect_timeout=3",
        CACHE_URL=f"redis://:{ENCODED}@cache:6380/2",
        EMAIL_URL=f"smtp+tls://portal@voorbeeld.nl:{ENCODED}@mail.voorbeeld.nl",
    )
    database = found["DATABASES"]["default"]
    assert (database["USER"], database["PASSWORD"]) == (AWKWARD, AWKWARD)
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", 5433, "por+tal")
    assert (database["OPTIONS"]["sslmode"], database["OPTIONS"]["connect_timeout"]) == ("require", 3)
    assert connection_of(found) == {"host": "cache", "port": 6380, "db": 2, "password": AWKWARD}
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("portal@voorbeeld.nl", AWKWARD)


@pytest.mark.parametrize("sign", [":", "@", ",", "&", "=", "+", "$", ";", "!", "é", "'", '"', "\\"])
def test_sign_that_can_mean_one_thing_only_needs_no_code(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    password = joined(sign)
    found = load(
        monkeypatch,
        DATABASE_URL=f"postgres://portal:{password}@db/portal",
        CACHE_URL=f"redis://:{password}@cache",
        EMAIL_URL=f"smtps://portal:{password}@mail",
    )
    assert found["DATABASES"]["default"]["PASSWORD"] == password
    assert connection_of(found)["password"] == password
    assert found["EMAIL_HOST_PASSWORD"] == password
