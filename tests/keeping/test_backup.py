"""A backup that is restored on an empty server, and what must not live again there: real commands, a real server."""

from __future__ import annotations

import shutil
from pathlib import Path

import requests

from tests import server
from tests.keeping.installation import KEYS, Installation
from tests.keeping.sections import ASKING, ELSEWHERE, OF_THE_SYSTEM, PROGRAM, SECTION, commands, follow, in_running_text
from tests.test_documents import document

# What happens after the backup: piet is deactivated, anna chooses another password, emma gets another phone.
SINCE = """
from accounts.audit.origin import CONSOLE
from accounts.audit import chain
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.permissions import flows as permissions
from accounts.audit.recording import record
from accounts.audit.events import Event
piet, anna, emma = (User.objects.get(email=f"{name}@voorbeeld.nl") for name in ("piet", "anna", "emma"))
piet.is_active = False
piet.save()
permissions.deactivated(piet, actor=None, origin=CONSOLE)
passwords.set_on_server(anna, "een heel ander wachtwoord", CONSOLE)
record(Event.AUTHENTICATOR_REPLACED, subject=emma, origin=CONSOLE)
record(Event.DEMAND_CHANGED, subject=None, origin=CONSOLE)
chain.seal(everything=True)
"""
HANDED_OUT = """
from accounts.models import User
from accounts.passwords import links
from accounts.two_factor.recovery_codes import flows
from accounts.audit.origin import CONSOLE
jan = User.objects.get(email="jan@voorbeeld.nl")
flows.make(jan, CONSOLE)
print(links.make(jan, links.Purpose.RESET))
"""
NAMES = (
    "baas@voorbeeld.nl', superuser='",
    "jan@voorbeeld.nl",
    "piet@voorbeeld.nl",
    "anna@voorbeeld.nl",
    "emma@voorbeeld.nl",
)


def is_link_valid(portal: str, link: str) -> bool:
    """Does it lead to the form for a new password?"""
    browser = requests.Session()
    browser.trust_env = False
    return 'name="new_password1"' in browser.get(f"{portal}/wachtwoord-instellen/{link}/", timeout=60).text


def test_restored_portal_lets_in_whom_it_should_and_nobody_else(tmp_path: Path, prepared: Path) -> None:
    place = Installation(tmp_path / "portal").set_up(prepared)
    boss, jan, piet, anna, emma = place.people(*(f"email='{name}'" for name in NAMES))
    link = place.python(HANDED_OUT).splitlines()[-1]
    examples = {"/srv/backup": str(tmp_path)}
    with place.portal() as portal:
        jan.sign_in(portal)
        follow(place, "Backing up", instead=examples, only="manage.py backup")  # while it runs
        here = {"http://127.0.0.1:8000": portal}
        if shutil.which("curl"):
            assert follow(place, "At three in the morning", instead=here, only="healthz") == ["ok\n 200\n"]
            (ready,) = follow(place, "At three in the morning", instead=here, only="readyz")
            assert '"status": "ok"' in ready
        assert is_link_valid(portal, link)
    assert (tmp_path / "portal.dump").stat().st_mode & 0o77 == 0
    place.python(SINCE)
    (tmp_path / "audit.jsonl").unlink(missing_ok=True)
    follow(place, "Backing up", instead=examples, only="export_audit_trail")
    assert "people in this database" in place.manage("restore", str(tmp_path / "portal.dump"), status=1)

    # The disk is gone; the file of the head is another one's, and was not lost.
    (place.folder / "db.sqlite3").unlink()
    for name in ("db.sqlite3-wal", "db.sqlite3-shm"):
        (place.folder / name).unlink(missing_ok=True)
    assert "lacks key" in place.manage("restore", str(tmp_path / "portal.dump"), status=1, ENCRYPTION_KEYS=KEYS[1])
    shutil.copy(tmp_path / "portal.dump.json", tmp_path / "broken.json")
    (tmp_path / "broken").write_bytes((tmp_path / "portal.dump").read_bytes()[:-1])
    assert "not as it was" in place.manage("restore", str(tmp_path / "broken"), status=1)

    restored, _migrated, told, verified = follow(place, "Restoring", instead=examples)
    assert "after_restore" in restored
    assert "are in order" in verified
    assert "Its noted head" in told
    assert "since the backup, deactivated: piet@voorbeeld.nl" in told
    assert "deactivated again: piet@voorbeeld.nl" in told
    assert "since the backup, password: anna@voorbeeld.nl" in told
    assert "since the backup, second step: emma@voorbeeld.nl" in told
    assert "since the backup, look at the settings: demand_changed of the portal" in told
    for name, count in (("sessions", 1), ("recovery_codes", 10)):
        assert f"{name} {count}" in told
    with place.portal() as portal:
        assert not jan.is_in(portal)  # the cookie of before the backup
        assert not is_link_valid(portal, link)
        jan.new_browser().sign_in(portal, steps=1)  # with the authenticator app of before
        assert piet.give_password(portal) == "/inloggen/"
        assert anna.give_password(portal) == "/inloggen/"
        assert emma.give_password(portal) not in ("/", "/inloggen/verificatie/")  # her earlier phone opens nothing
        boss.sign_in(portal)
    follow(place, "Every day, every hour", instead={})  # status 1 if the chain were not continued
    place.manage("verify_audit_trail")


def test_upgrade_and_a_persons_data(tmp_path: Path, prepared: Path) -> None:
    place = Installation(tmp_path / "portal").set_up(prepared)
    names = {"PUBLIC_URL": "https://mijn.voorbeeld.nl", "ALLOWED_HOSTS": "mijn.voorbeeld.nl"}
    names |= {"EMAIL_URL": "smtp://mail.voorbeeld.nl", "CACHE_URL": "redis://127.0.0.1:1/0"}
    follow(place, "Upgrading", instead={"/srv/backup": str(tmp_path)}, **names)
    place.people("email='jan@voorbeeld.nl', is_active=False")
    follow(place, "A person's data", instead={"/srv/requests": str(tmp_path)})
    assert "voorbeeld.nl" in (tmp_path / "jan.json").read_text()
    place.manage("verify_audit_trail")


def test_every_command_of_the_operations_document_is_run_by_a_test() -> None:
    here = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    told = {title: commands(title) for title in SECTION.findall(document("operations.md"))}
    lines = [line for several in told.values() for line in several]
    assert [line for line in lines if not line.startswith((PROGRAM, ASKING, OF_THE_SYSTEM))] == []
    assert {title for title, several in told.items() if several and f'"{title}"' not in here} == set()
    run = {f"manage.py {line.removeprefix(PROGRAM).split()[0]}" for line in lines if line.startswith(PROGRAM)}
    assert len(run) > 10
    assert in_running_text() - run == set(ELSEWHERE)
    for command, file in ELSEWHERE.items():
        assert not file or command.split()[-1] in (server.ROOT / file).read_text()


def test_lost_key_is_named_and_people_set_up_a_phone_again(tmp_path: Path, prepared: Path) -> None:
    place = Installation(tmp_path / "portal").set_up(prepared)
    (jan,) = place.people("email='jan@voorbeeld.nl'")
    place.more = {**place.more, "ENCRYPTION_KEYS": KEYS[1]}
    assert "1 secrets  NOT CONFIGURED" in place.manage("keys", status=1)
    listed, reset, _rotated = follow(place, "A lost key", instead={})
    assert "authenticator app or passkey of jan@voorbeeld.nl" in listed
    assert "The second step of 1 people is reset." in reset
    place.manage("keys")
    assert "jan@voorbeeld.nl" in place.mail()
    with place.portal() as portal:
        # The password alone opens nothing: the mailed link is needed too.
        assert jan.give_password(portal) not in ("/", "/inloggen/verificatie/", "/inloggen/")
        assert not jan.is_in(portal)
