"""Wrong values: each stops the start with one line that names the variable and tells no value."""

from __future__ import annotations

import pytest

from tests.assetmaps.configuration.loading import GOOD, KEY, LEFT, RIGHT, load, refusal

# Values are separated by spaces; those with a space or a line end in them stand below.
WRONG = {
    "DEBUG": "maybe 2 waar false,true $DEBUG",
    "SECRET_KEY": f"kort $SECRET ${'x' * 20}",
    "SECRET_KEY_FALLBACKS": f"kort {'x' * 50},kort $OLD",
    "ENCRYPTION_KEYS": f"kort {KEY[:-1]} {KEY[:-4]} {KEY}{KEY} {KEY},x {KEY[:-1]}é *{KEY[1:]} $KEY",
    "ALLOWED_HOSTS": f"""
        https://mijn.assetmaps.nl mijn.assetmaps.nl:443 [::1]:8000 [::1 mijn.assetmaps.nl/pad mijn.assetmaps.nl?
        *.assetmaps.nl mijn.assetmaps.nl;ander.nl user@mijn.assetmaps.nl mijn_assetmaps.nl mijn..nl -x.nl . $HOSTS
        {"x" * 64}.nl fe80::1%eth0
    """,
    "PUBLIC_URL": f"""
        mijn.assetmaps.nl //mijn.assetmaps.nl https:mijn.nl https:// ftp://mijn.assetmaps.nl https://[::1 $URL
        https://mijn.assetmaps.nl/pad https://mijn.assetmaps.nl?x=1 https://mijn.assetmaps.nl#x https://x.nl/@x
        https://mijn.assetmaps.nl:99999 https://mijn.assetmaps.nl:x https://mijn.assetmaps.nl: https://*.nl
        https://{LEFT}:{RIGHT}@mijn.assetmaps.nl https://a.nl,https://b.nl https://a.nl,b.nl https://mijn.nl\\pad
    """,
    "PASSKEY_ORIGINS": f"voorbeeld.nl https:// ftp://x.nl https://{LEFT}@x.nl https://x.nl/pad https://x.nl,y $WEB",
    "TRUSTED_PROXIES": """
        proxy 10.0.0.1,proxy 10.0.0.0/33 10.0.0.5/8 2001:db8::1/32 ::ffff:10.0.0.5/104 10.0.0 010.0.0.1 fe80::1%eth0
        * 0.0.0.0/0 ::/0 0.0.0.0/1 2000::/3 ::/1 ::ffff:0:0/96 ::ffff:0:0/64
        10.0.0.1:8000 http://10.0.0.1 10.0.0.1-10.0.0.9 $PROXY
    """,
    "DATABASE_URL": """
        $POSTGRES db.sqlite3 postgress://u:p@db/x mysql://u:p@db/x postgres:/x postgres://u:p@db postgres://u:p@db/
        postgres://u:p@db:port/x postgres://u:p@db:0/x postgres://u:p@db:70000/x postgres://u:p@db:/x
        postgres://u:p@a:1,b:x/y postgres://u:p@d*b/x postgres://u:p@[::1/x postgres://u:p@db/x/y
        postgres://u:p@db/x?sslmod=require postgres://u:p@db/x?sslmode postgres://u:p@db/x?conn_max_age=60
        sqlite://db.sqlite3 sqlite:db.sqlite3 sqlite:/db.sqlite3 sqlite:/// sqlite:///x?timeout=5 sqlite:///x#y
    """,
    "NEW_DATABASE_URL": "$NEW db.sqlite3 postgress://u:p@db/x postgres://u:p@db sqlite:///x#y",
    "CACHE_URL": """
        $REDIS cache:6379 redis:cache redis:// redis:///0 redis:///run/redis.sock unix:// unix://run/redis.sock
        dummycache:// memcache://cache filecache:///tmp/x locmemcache://?timeout=5 redis://geheim@cache
        redis://cache/x redis://cache/0/1 redis://cache/-1 redis://cache:x redis://a:6379,b:6379/0
        redis://cache?ssl=true redis://cache?ssl_cert_reqs=none redis://cache?db
    """,
    "EMAIL_URL": """
        $MAIL mail.voorbeeld.nl smtp:mail smtp:// smtp://u:p@ smtp+starttls://mail imap://mail smtp://a,b
        smtp://u@mail smtp://u:@mail smtp://:p@mail smtp://mail:x smtp://mail:99999 smtp://mail/pad
        smtp://mail?ssl=true smtp://mail/?EMAIL_USE_TLS=True
    """,
    "ALARM_EMAIL": "iemand a@voorbeeld.nl,b@voorbeeld.nl <a@voorbeeld.nl> a@ $ALARM",
    "WORKER": "Embedded seperate both 1 true $WORKER",
    "SUPPORT_PHONE": "bel 12 +31+20 +31(0)20x tel:+31201234567 020/1234567 +31201234567,+31201234568 $PHONE",
    "BREACHED_PASSWORDS_URL": f"""
        voorbeeld.nl/range ftp://voorbeeld.nl https:// https://[::1/range https://voorbeeld.nl:x/range $URL
        https://{LEFT}:{RIGHT}@voorbeeld.nl/range https://voorbeeld.nl/range?x=1 https://a.nl,b.nl/
    """,
    "SSO_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.1 https://127.0.0.1:8001 127.0.0.1:x ::1:80 :80 a:0 $SSO",
    "DNS_RESOLVERS": "dns.voorbeeld.nl 127.0.0.1:x 127.0.0.1: [::1]x [::1 192.0.2.1/24 $DNS",
    "INTERNAL_NETWORKS": "intern 10.0.0.0/33 10.0.0.5/8 * 0.0.0.0/0 10.0.0.1:8000 127.0.0.1,x $NETWORKS",
    "METRICS_ADDRESS": "9464 :9464 127.0.0.1 127.0.0.1:x 127.0.0.1:0 http://127.0.0.1:9464 ::1:9464 a:1,b:2 $METRICS",
    "WORKER_METRICS_ADDRESS": "9465 127.0.0.1:x $METRICS",
    "CLOCK_URL": f"voorbeeld.nl ftp://x.nl https:// https://{LEFT}:{RIGHT}@voorbeeld.nl https://x.nl?a=1 $CLOCK",
    "SENTRY_DSN": f"""
        sentry.nl/1 https://sentry.nl/1 https://{LEFT}@sentry.nl https://{LEFT}@sentry.nl/x ftp://{LEFT}@sentry.nl/1
        https://{LEFT}@sentry.nl/1?x=1 https://{LEFT}@a.nl,b.nl/1 https://@sentry.nl/1 $SENTRY
    """,
    "AUDIT_HEAD_FILE": "var/head head /srv/ $HEAD ../head",
}
WITH_SPACES = [
    *[(name, f"{LEFT * 9}{unseen}{RIGHT * 9}") for name in WRONG for unseen in ("\n", "\r", "\0", "\udcff", "\u200b")],
    ("ALLOWED_HOSTS", "mijn.assetmaps.nl ander.nl"),
    ("PUBLIC_URL", "https://mijn .nl"),
    ("TRUSTED_PROXIES", "10.0.0.1 10.0.0.2"),
    ("DATABASE_URL", "postgres://u:p@db/x y"),
    ("ALARM_EMAIL", "Alarm <a@voorbeeld.nl>"),
    ("SSO_ALLOWED_PRIVATE_ADDRESSES", "a b:1"),
    ("DNS_RESOLVERS", "192.0.2.1 192.0.2.2"),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, value) for name, values in WRONG.items() for value in values.split()), *WITH_SPACES],
    ids=lambda text: ascii(text)[:40],
)
def test_wrong_value_stops_the_start_and_names_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = refusal(monkeypatch, **{name: value})
    assert text.startswith(f"The environment variable {name} ")
    assert LEFT not in text
    assert RIGHT not in text
    assert ("begins with $" in text) is value.startswith("$")


def test_every_variable_has_wrong_values_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(WRONG) == load(monkeypatch)["env"].names


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "ENCRYPTION_KEYS"])
def test_development_value_is_refused_beside_others_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = load(monkeypatch)["DEVELOPMENT_ONLY"]
    for value in known["SECRET_KEY"], known["ENCRYPTION_KEYS"]:
        assert "holds the development value" in refusal(monkeypatch, **{name: f"{GOOD['SECRET_KEY']},{value}"})
