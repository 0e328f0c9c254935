"""Faults and attacks of a provider, or in transit, one at a time. Nobody is signed in, every visitor gets a Dutch page,
and one line in the log says why."""

from __future__ import annotations

import hashlib
import html
import logging
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.sso.models import Connection
from accounts.sso.provider import tokens
from accounts.sso.refusal_reasons import RefusedError
from tests.accounts.sso.browsing import come_back, connect, employee, entry, leave, sign_in_there
from tests.accounts.sso.provider import LOGOUT, Handler, Provider, b64, public_jwk, public_pem, query, signed
from tests.conftest import browser, sign_in
from tests.pages import is_signed_in, text

pytestmark = pytest.mark.django_db
NOW = time.time


def check_refused(client: Client, answer: Any, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    assert answer.status_code == 400
    page = text(answer)
    assert '<html lang="nl">' in page
    assert "Inloggen is niet gelukt" in page or "Begin opnieuw" in page
    assert not is_signed_in(client)
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("accounts.sso")]
    assert len(lines) == 1, lines
    assert lines[0].endswith(f": {reason}"), lines
    entries = list(AuditEntry.objects.filter(event="sso_refused"))
    assert [one.detail["cause"] for one in entries] in ([], [reason])
    assert not AuditEntry.objects.filter(event="signed_in").exists()


# The token. ---------------------------------------------------------------------------------------------------------

Twist = Callable[[Provider, dict[str, Any], dict[str, Any]], str | None]


def claim(**changes: Any) -> Twist:
    """``None`` leaves the claim out."""

    def twist(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims |= {name: value() if callable(value) else value for name, value in changes.items()}

    return twist


def head(**changes: Any) -> Twist:
    def twist(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
        return signed(header | changes, claims, provider.signs_with)

    return twist


def other_key(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(header, claims, "stranger")


def key_in_the_header(name: str) -> Twist:
    def twist(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
        own = {
            "jwk": public_jwk("stranger") | {"kid": "stranger"},
            "jku": f"{provider.issuer}/other-keys",
            "x5u": f"{provider.issuer}/certificate",
            "x5c": [b64(public_pem("stranger"))],
        }
        return signed(header | {name: own[name]}, claims, "stranger")

    return twist


def changed_afterwards(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    first, _claims, signature = signed(header, claims, provider.signs_with).split(".")
    return f"{first}.{signed({}, claims | {'sub': 'iemand-anders'}, 'first').split('.')[1]}.{signature}"


def without_signature(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join([*signed(header, claims, provider.signs_with).split(".")[:2], ""])


def text_of(forged: str) -> Twist:
    return lambda provider, header, claims: forged


def lengthened(token: str) -> str:
    return token.ljust(limits.SSO_LONGEST_TOKEN, "A")


def half(value: str) -> str:
    return b64(hashlib.sha256(value.encode()).digest()[:16])


TOKENS: dict[str, tuple[Twist, str]] = {
    # ASVS 10.5.1
    "no nonce": (claim(nonce=None), "nonce"),
    "other nonce": (claim(nonce="iets-anders-van-dezelfde-lengte-0123456789"), "nonce"),
    "short nonce": (claim(nonce="a"), "nonce"),
    "empty nonce": (claim(nonce=""), "nonce"),
    "nonce that is no text": (claim(nonce=["x"]), "nonce"),
    "nonce with other letters": (claim(nonce="é" * 43), "nonce"),
    # ASVS 10.2.2
    "other issuer": (claim(iss="https://kwaad.nl"), "issuer"),
    "issuer with a slash": (lambda p, h, c: c.update(iss=p.issuer + "/"), "issuer"),
    "no issuer": (claim(iss=None), "issuer"),
    # ASVS 9.2.3, 10.5.4
    "other audience": (claim(aud="een-ander"), "audience"),
    "no audience": (claim(aud=None), "audience"),
    "empty audience": (claim(aud=[]), "audience"),
    "part of the audience": (claim(aud="portaal2"), "audience"),
    "several audiences without azp": (claim(aud=["portaal", "een-ander"]), "authorised_party"),
    "several audiences, other azp": (claim(aud=["portaal", "een-ander"], azp="een-ander"), "authorised_party"),
    "other azp": (claim(azp="een-ander"), "authorised_party"),
    # OpenID Connect Core section 3.1.3.8
    "at_hash of another token": (claim(at_hash=half("een-ander-bewijs")), "token_hash"),
    "whole at_hash": (claim(at_hash=b64(hashlib.sha256(b"een-toegangsbewijs").digest())), "token_hash"),
    "empty at_hash": (claim(at_hash=""), "token_hash"),
    "at_hash that is no text": (claim(at_hash=[half("een-toegangsbewijs")]), "token_hash"),
    "c_hash of another code": (claim(c_hash=half("een-andere-code")), "token_hash"),
    # ASVS 6.8.2, 9.1.2
    "alg none": (head(alg="none"), "algorithm"),
    "alg None in capitals": (head(alg="NONE"), "algorithm"),
    "HS256 with the public key": (head(alg="HS256"), "algorithm"),
    "no alg": (head(alg=None), "algorithm"),
    "alg that is no text": (head(alg=["RS256"]), "algorithm"),
    "algorithm not announced": (head(alg="RS512"), "algorithm"),
    "algorithm of another kind of key": (head(alg="ES256"), "unknown_key"),
    "other key": (other_key, "signature"),
    "unknown kid": (head(kid="onbekend"), "unknown_key"),
    "kid that is no text": (head(kid={"a": 1}), "malformed"),
    # ASVS 9.1.3
    "own key in jwk": (key_in_the_header("jwk"), "signature"),
    "own key behind jku": (key_in_the_header("jku"), "signature"),
    "own key behind x5u": (key_in_the_header("x5u"), "signature"),
    "own key in x5c": (key_in_the_header("x5c"), "signature"),
    "critical extension": (head(crit=["exp"], exp=1), "malformed"),
    "unencoded payload": (head(b64=False), "malformed"),
    "claims changed afterwards": (changed_afterwards, "signature"),
    "without signature": (without_signature, "signature"),
    # ASVS 9.2.1
    "expired": (claim(exp=lambda: NOW() - 61), "expired"),
    "no exp": (claim(exp=None), "expired"),
    "exp that is text": (claim(exp="4102444800"), "expired"),
    "exp that is true": (claim(exp=True), "expired"),
    "exp without end": (claim(exp=float("inf")), "expired"),
    "issued tomorrow": (claim(iat=lambda: NOW() + 86400), "too_early"),
    "no iat": (claim(iat=None), "too_early"),
    "not before tomorrow": (claim(nbf=lambda: NOW() + 86400), "too_early"),
    "issued an hour ago": (claim(iat=lambda: NOW() - 3600), "too_old"),
    "auth_time that is text": (claim(auth_time="nu"), "authentication_time"),
    "auth_time of tomorrow": (claim(auth_time=lambda: NOW() + 86400), "authentication_time"),
    # ASVS 10.5.2
    "empty sub": (claim(sub=""), "subject"),
    "sub of spaces": (claim(sub="   "), "subject"),
    "no sub": (claim(sub=None), "subject"),
    "sub that is a number": (claim(sub=1), "subject"),
    "sub too long": (claim(sub="a" * 256), "subject"),
    "sub with a zero byte": (claim(sub="a\x00b"), "subject"),
    "sub with a new line": (claim(sub="a\nb"), "subject"),
    # ASVS 9.2.2
    "access token": (head(typ="at+jwt"), "token_type"),
    "logout token": (head(typ="logout+jwt"), "token_type"),
    "logout token without its type": (claim(events={LOGOUT: {}}), "token_type"),
    "typ that is no text": (head(typ=1), "token_type"),
    # Rubbish.
    "no token at all": (text_of("rommel"), "malformed"),
    "two parts": (text_of("a.b"), "malformed"),
    "five parts, encrypted": (text_of("a.b.c.d.e"), "malformed"),
    "header that is no JSON": (text_of("rommel.e30.e30"), "malformed"),
    "header that is a list": (text_of(f"{b64(b'[]')}.e30.e30"), "malformed"),
    "header that nests deeply": (text_of(f"{b64(b'[' * 20_000)}.e30.e30"), "malformed"),
    "not plain letters": (text_of("é.é.é"), "malformed"),
    "huge": (text_of("a" * (limits.SSO_LONGEST_TOKEN + 1) + ".b.c"), "malformed"),
    "as long as a token may be": (lambda p, h, c: lengthened(signed(h, c, p.signs_with)), "signature"),
    "claims that are a list": (lambda p, h, c: signed(h, ["portaal"], p.signs_with), "signature"),
}


# ASVS 6.8.2, 9.1.1, 9.1.2, 9.1.3, 9.2.1, 9.2.2, 9.2.3, 10.5.1, 10.5.4, 11.6.1
@pytest.mark.parametrize("fault", TOKENS)
def test_wrong_token_lets_nobody_in(
    fault: str, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    twist, reason = TOKENS[fault]
    provider.twist = lambda header, claims: twist(provider, header, claims)
    answer = sign_in_there(client, provider, connection)
    check_refused(client, answer, reason, caplog)
    assert provider.paths.count("/other-keys") == 0
    assert Connection.objects.get().failure == reason


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_right_at_hash_is_fine(client: Client, provider: Provider, algorithm: str) -> None:
    connection = connect(provider)
    employee(connection)
    provider.keys, provider.header = [public_jwk("first", algorithm)], {"alg": algorithm}
    sign_in_there(client, provider, connection, at_hash=half("een-toegangsbewijs"))
    assert is_signed_in(client)


def test_at_hash_without_the_token_that_it_is_of_is_refused(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    provider.claims["at_hash"] = half("")

    def answer(handler: Handler) -> None:
        status, content = provider.exchange(provider.asked[-1])
        handler.send({name: value for name, value in content.items() if name != "access_token"}, status)

    provider.answers["/token"] = answer
    sign_in_there(client, provider, connection)
    assert not is_signed_in(client)
    assert Connection.objects.get().failure == "token_hash"


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
@pytest.mark.parametrize("first", [True, False])
def test_parameter_that_comes_twice_lets_nobody_in(client: Client, provider: Provider, name: str, first: bool) -> None:
    """RFC 6749 section 3.1: a proxy may have checked the other value."""
    connection = connect(provider)
    employee(connection)
    right = query(provider.sign_in(leave(client, connection)))
    other = f"{name}=iets-anders"
    twice = f"{other}&{right}" if first else f"{right}&{other}"
    address = f"{entry(connection)}callback/?"
    client.get(address + (f"{twice}&{other}" if name == "error" else twice))
    assert not is_signed_in(client)
    client.get(address + right)  # and it is not used up by that
    assert is_signed_in(client)


# ASVS 11.6.1
def test_key_that_is_too_short_is_not_used(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    provider.keys, provider.signs_with = [public_jwk("short")], "short"
    check_refused(client, sign_in_there(client, provider, connection), "keys_unusable", caplog)


# ASVS 9.1.3
@pytest.mark.parametrize(
    "keys",
    [
        [],
        None,
        "rommel",
        [{"kty": "oct", "k": "AAAA", "kid": "first"}],
        [{"kty": "RSA", "kid": "first"}],
        [{"kty": "RSA", "kid": "first", "n": "!!", "e": "AQAB"}],
        [public_jwk("first") | {"use": "enc"}],
        [public_jwk("first") | {"d": "AQAB"}],
        [1, None],
    ],
)
def test_key_set_that_cannot_be_used_lets_nobody_in(
    keys: object, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    provider.keys = keys
    check_refused(client, sign_in_there(client, provider, connection), "keys_unusable", caplog)


# The answer of the browser. -----------------------------------------------------------------------------------------


# ASVS 10.2.2
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": ""}, "no_transaction"),
        ({"state": "verzonnen"}, "no_transaction"),
        ({"state": "é\x00"}, "no_transaction"),
        ({"iss": "https://kwaad.nl"}, "answer_issuer"),
        ({"iss": ""}, "answer_issuer"),
        ({"code": ""}, "no_code"),
        ({"code": "verzonnen"}, "code_refused"),
        ({"code": "x" * 7000}, "code_refused"),
        ({"error": "access_denied", "error_description": "<script>alert(1)</script>"}, "denied"),
        ({"error": "server_error", "error_description": "<b>Bel 0900-kwaad</b>"}, "provider_error"),
        ({"error": "\r\nNep: regel"}, "provider_error"),
    ],
)
def test_wrong_answer_lets_nobody_in(
    changes: dict[str, str], reason: str, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    answer = come_back(client, connection, provider.sign_in(leave(client, connection)) | changes)
    check_refused(client, answer, reason, caplog)
    page = html.unescape(answer.content.decode())
    assert "alert(1)" not in page
    assert "0900" not in page


# ASVS 10.2.2
def test_answer_without_the_issuer_that_was_announced_is_refused(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    del answer["iss"]
    check_refused(client, come_back(client, connection, answer), "answer_issuer", caplog)


def test_answer_without_issuer_is_fine_where_none_was_announced(client: Client, provider: Provider) -> None:
    provider.description = {"authorization_response_iss_parameter_supported": False}
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    del answer["iss"]
    assert come_back(client, connection, answer).url == "/"


# ASVS 7.6.2, 10.1.2
def test_answer_of_another_browser_is_refused(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody sends a victim the answer of an own sign-in, to have the victim work in the wrong account."""
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    victim = browser()
    check_refused(victim, come_back(victim, connection, answer), "no_transaction", caplog)
    leave(victim, connection)
    assert come_back(victim, connection, answer).status_code == 400
    assert not is_signed_in(victim)


# ASVS 10.1.2, 10.2.2
def test_answer_at_the_address_of_another_organisation_is_refused(
    client: Client, provider: Provider, second_provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = connect(provider), connect(second_provider)
    employee(mine)
    employee(other)
    answer = provider.sign_in(leave(client, mine))
    check_refused(client, come_back(client, other, answer), "no_transaction", caplog)
    assert second_provider.paths.count("/token") == 0  # the code went to nobody else


def test_issuer_that_changed_meanwhile_ends_the_sign_in(
    client: Client, provider: Provider, second_provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    Connection.objects.update(issuer=second_provider.issuer)
    check_refused(client, come_back(client, connection, answer), "no_transaction", caplog)


def test_connection_switched_off_meanwhile_ends_the_sign_in(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    Connection.objects.update(enabled=False)
    check_refused(client, come_back(client, connection, answer), "no_transaction", caplog)


def test_answer_counts_once(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    assert come_back(client, connection, answer).url == "/"
    again = come_back(client, connection, answer)
    assert again.status_code == 400
    assert "Begin opnieuw" in text(again)
    assert is_signed_in(client)  # the earlier session continues
    assert provider.paths.count("/token") == 1


# ASVS 10.2.1
def test_code_of_another_sign_in_is_refused_by_its_verifier(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """A code that was seen on the way is of no use in another browser (PKCE)."""
    connection = connect(provider)
    employee(connection)
    seen = provider.sign_in(leave(client, connection))
    thief = browser()
    own = provider.sign_in(leave(thief, connection))
    check_refused(thief, come_back(thief, connection, own | {"code": seen["code"]}), "code_refused", caplog)


def test_same_parameter_twice_is_no_way_round(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    path = f"{entry(connection)}callback/?state={answer['state']}&state=x&code={answer['code']}&iss={answer['iss']}"
    assert client.get(path).status_code == 400
    assert not is_signed_in(client)


@pytest.mark.parametrize("method", ["post", "put", "delete", "head", "options"])
def test_callback_takes_nothing_but_a_get(method: str, client: Client, provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))
    address = f"{entry(connection)}callback/"
    assert getattr(client, method)(address, answer).status_code == 405
    assert provider.paths.count("/token") == 0


def test_unknown_organisation_is_not_found(client: Client) -> None:
    for address in ("", "callback/"):
        assert client.get(f"/inloggen/sso/bestaat-niet/{address}").status_code == 404
    assert client.post("/inloggen/sso/bestaat-niet/backchannel-logout/").status_code == 404


# The provider's server. ---------------------------------------------------------------------------------------------


def mute(handler: Handler) -> None:
    time.sleep(6)


def drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(80):
            handler.wfile.write(b" ")
            time.sleep(0.1)
    except OSError:
        return


def drip_headers(handler: Handler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for place in range(80):
            handler.wfile.write(b"X: y\r\n" if place % 2 else b"Z: y\r\n")
            time.sleep(0.1)
    except OSError:
        return


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"a" * 65536)
    except OSError:
        return


def hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


SERVERS: dict[str, tuple[Callable[[Handler], None], str]] = {
    "HTML": (lambda handler: handler.send(b"<html>Onderhoud</html>"), "not_json"),
    "a list": (lambda handler: handler.send([]), "not_json"),
    "deep nesting": (lambda handler: handler.send(b"[" * 100_000), "not_json"),
    "not UTF-8": (lambda handler: handler.send(b'{"a": "\xff"}'), "not_json"),
    "error 503": (lambda handler: handler.send({"error": "x"}, 503), "http_status"),
    "redirect": (lambda handler: handler.send({}, 302, Location="/elsewhere"), "redirected"),
    "redirect that keeps the method": (lambda handler: handler.send({}, 307, Location="/elsewhere"), "redirected"),
    "redirect without target": (lambda handler: handler.send({}, 304), "redirected"),
    "huge": (lambda handler: handler.send(b" " * (limits.SSO_LONGEST_ANSWER + 1)), "too_large"),
    "endless": (endless, "too_large"),
    "packed": (lambda handler: handler.send(b"x", Content_Encoding="gzip"), "too_large"),
    "mute": (mute, "too_slow"),
    "dripping": (drip, "too_slow"),
    "dripping headers": (drip_headers, "too_slow"),
    "hangs up": (hang_up, "unreachable"),
    "not HTTP": (lambda handler: handler.wfile.write(b"\x00\x01\x02 rommel\r\n\r\n"), "unreachable"),
}
PLACES = ["/.well-known/openid-configuration", "/keys", "/token"]


# ASVS 13.2.4, 16.3.4, 16.5.2
@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("fault", SERVERS)
def test_server_that_is_out_of_order_gives_a_page_in_time(
    fault: str,
    path: str,
    client: Client,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=1))  # the tests below keep to the real one
    connection = connect(provider)
    employee(connection)
    answers, reason = SERVERS[fault]
    provider.answers[path] = answers
    began = time.monotonic()
    if path.startswith("/.well-known"):
        answer = client.post(entry(connection))
    else:
        answer = sign_in_there(client, provider, connection)
    assert time.monotonic() - began < 2
    check_refused(client, answer, reason, caplog)
    assert "/elsewhere" not in provider.paths
    stored = Connection.objects.get()
    assert stored.failure == reason
    assert stored.failed_at


def test_visitor_waits_five_seconds_at_most_for_all_that_is_asked_together(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    answer = provider.sign_in(leave(client, connection))

    def slow_exchange(handler: Handler) -> None:
        time.sleep(3)
        handler.send(provider.exchange(provider.asked[-1])[1])

    provider.answers |= {"/token": slow_exchange, "/keys": mute}
    began = time.monotonic()
    check_refused(client, come_back(client, connection, answer), "too_slow", caplog)
    assert 4.9 < time.monotonic() - began < 5.6


def test_token_endpoint_that_says_no(client: Client, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    connection = connect(provider)
    employee(connection)
    provider.answers["/token"] = lambda handler: handler.send({"error": "invalid_client"}, 401)
    check_refused(client, sign_in_there(client, provider, connection), "our_secret", caplog)


def test_clock_of_the_provider_may_differ_exactly_as_much_as_the_limit_says() -> None:
    now = 1_800_000_000
    ahead = now + limits.SSO_SKEW.total_seconds()
    with time_machine.travel(now, tick=False):
        tokens._check_times({"exp": now + 300, "iat": ahead, "nbf": ahead})
        for late in ({"iat": ahead + 1}, {"nbf": ahead + 1}, {"exp": now - limits.SSO_SKEW.total_seconds()}):
            with pytest.raises(RefusedError):
                tokens._check_times({"exp": now + 300, "iat": now} | late)


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        ({"error": "invalid_client"}, 499, "our_secret"),
        ({"error": "temporarily_unavailable"}, 400, "exchange_refused"),
        ({"error": ["x"]}, 400, "exchange_refused"),
        ({}, 400, "exchange_refused"),
        ({}, 200, "no_id_token"),
        ({"id_token": None}, 200, "no_id_token"),
        ({"id_token": ["a.b.c"]}, 200, "no_id_token"),
        ({"access_token": "x"}, 200, "no_id_token"),
        ({"error": "x", "id_token": "a.b.c"}, 200, "exchange_refused"),
    ],
)
def test_odd_answers_of_the_token_endpoint(
    content: object, status: int, reason: str, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    provider.answers["/token"] = lambda handler: handler.send(content, status)
    check_refused(client, sign_in_there(client, provider, connection), reason, caplog)


DESCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "other issuer": ({"issuer": "https://kwaad.nl"}, "discovery_issuer"),  # ASVS 10.5.3
    "issuer as a list": ({"issuer": ["x"]}, "discovery_issuer"),
    "token endpoint without encryption": ({"token_endpoint": "http://provider.nl/token"}, "not_encrypted"),
    "keys without encryption": ({"jwks_uri": "http://provider.nl/keys"}, "not_encrypted"),
    "authorisation without encryption": ({"authorization_endpoint": "http://provider.nl/a"}, "not_encrypted"),
    "sign-out without encryption": ({"end_session_endpoint": "http://provider.nl/a"}, "not_encrypted"),
    "file": ({"jwks_uri": "file:///etc/passwd"}, "not_encrypted"),
    "script": ({"authorization_endpoint": "javascript:alert(1)"}, "not_encrypted"),
    "name in the address": ({"token_endpoint": "https://a:b@provider.nl/"}, "not_encrypted"),
    "no token endpoint": ({"token_endpoint": None}, "discovery_incomplete"),
    "token endpoint that is a number": ({"token_endpoint": 1}, "discovery_incomplete"),
    "broken address": ({"token_endpoint": "https://[::1"}, "not_encrypted"),
}


# ASVS 10.5.3
@pytest.mark.parametrize("fault", DESCRIPTIONS)
def test_wrong_description_stops_before_anybody_is_sent_there(
    fault: str, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    provider.description, reason = DESCRIPTIONS[fault]
    check_refused(client, client.post(entry(connection)), reason, caplog)


# ASVS 16.5.2
def test_provider_that_is_gone_leaves_the_password_way_untouched(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    person = employee(connection)
    Connection.objects.update(issuer="http://127.0.0.1:9")
    caplog.set_level(logging.INFO)
    answer = client.post(entry(connection))
    assert answer.status_code == 400
    assert sign_in(client, person).url == "/"
    assert is_signed_in(client)


def test_secret_that_cannot_be_read_is_our_fault_and_lets_nobody_in(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    Connection.objects.update(sealed_secret=b"\x01rommel")
    answer = sign_in_there(client, provider, connection)
    check_refused(client, answer, "unreadable", caplog)
    assert [one.levelname for one in caplog.records if one.name.startswith("accounts.sso")] == ["ERROR"]
    page = text(answer)
    assert "Dat ligt aan ons." in page
    assert f"Nummer voor support: {answer['X-Request-ID']}." in page
    assert provider.paths.count("/token") == 0
