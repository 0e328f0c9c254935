"""From SQLite to PostgreSQL, and a backup of PostgreSQL on another server: nothing is lost, and the chain holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keeping.installation import Installation
from tests.keeping.sections import follow
from tests.services import Postgres, has_postgres

pytestmark = pytest.mark.skipif(not has_postgres(), reason="needs PostgreSQL")

# An entry with addresses that databases write in different ways, and a secret of single sign-on.
FILL = """
from accounts.audit import chain
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.sso.models import Connection
from accounts.two_factor.recovery_codes import flows
from tests.factories import EnvironmentFactory, OrganisationFactory
jan = User.objects.get(email="jan@voorbeeld.nl")
flows.make(jan, CONSOLE)
for address in ("192.0.2.7", "2001:db8::1", "2001:db8:0:0:1:0:0:1", "::ffff:192.0.2.7"):
    origin = Origin(address, "Mozilla/5.0 é")
    record(Event.SIGNED_IN, subject=jan, origin=origin, detail={"factor": "totp", "b": 1, "a": "x"})
record(Event.SIGNED_OUT, subject=jan, origin=Origin("198.51.100.1"))
organisation = OrganisationFactory(name="Gemeente")
EnvironmentFactory(organisation=organisation, people=[jan])
agreed = Connection(organisation=organisation, issuer="https://x.invalid", client_id="x")
agreed.set_secret("geheim")
agreed.save()
chain.seal(everything=True)
"""
ROWS = """
import hashlib, json
from accounts.continuity.move import models
def text(value):
    value = bytes(value) if isinstance(value, memoryview) else value
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else repr(value)
for model in sorted(models(), key=lambda one: one._meta.db_table):
    copies = ("organisation_key", "is_protected", "guest_of")  # kept by triggers on PostgreSQL only
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in copies]
    rows = sorted(" ".join(map(text, row)) for row in model._base_manager.values_list(*names))
    print(model._meta.db_table, len(rows), hashlib.sha256("".join(rows).encode()).hexdigest())
"""


PROTECTED = """
from accounts.models import User
print(*User.objects.filter(is_protected=True).values_list("email", flat=True))
"""


def test_everything_is_on_postgresql_as_it_was(tmp_path: Path, prepared: Path) -> None:
    place = Installation(tmp_path / "portal").set_up(prepared)
    (jan,) = place.people("email='jan@voorbeeld.nl'")
    place.python(FILL)
    with Postgres() as postgres:
        (moved,) = follow(place, "Moving to another database", instead={}, NEW_DATABASE_URL=postgres.url)
        assert "Everything is there. head: " in moved
        head = moved.split()[-1]
        there = Installation(place.folder, place.more | {"DATABASE_URL": postgres.url})
        # To the microsecond and the last byte.
        assert there.python(ROWS) == place.python(ROWS)
        assert "are in order" in there.manage("verify_audit_trail", "--head", head)
        assert "are people in that database" in place.manage("move_database", status=1, NEW_DATABASE_URL=postgres.url)
        assert there.python(PROTECTED).split() == ["jan@voorbeeld.nl"]
        # Sequences go on where they were: new rows, by the real server.
        with there.portal() as portal:
            jan.sign_in(portal)
            assert jan.is_in(portal)
            assert "Stop the portal first" in there.manage("move_database", status=1, NEW_DATABASE_URL="sqlite:////x/y")
            follow(there, "Backing up", instead={"/srv/backup": str(tmp_path)})
        with Postgres() as another:
            elsewhere = Installation(place.folder, place.more | {"DATABASE_URL": another.url})
            answers = follow(elsewhere, "Restoring", instead={"/srv/backup": str(tmp_path)})
            assert "are in order" in answers[-1]
            with elsewhere.portal() as portal:
                assert not jan.is_in(portal)
                jan.new_browser().sign_in(portal, steps=1)
            elsewhere.manage("verify_audit_trail")
