"""Measures one side in a process of its own: `python -m benchmarks.one_side SIDE COUNT` (ours,
ours-with-code-page or bare), or `memory ours|django`.

Prints one JSON object. `benchmarks.sign_in` runs both sides in turn and compares.
"""

from __future__ import annotations

import functools
import json
import os
import re
import resource
import statistics
import sys
import threading
import time

import django

PASSWORD = "een lange zin als wachtwoord"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def set_up(side: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.baseline_settings" if side == "bare" else "tests.settings"
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["benchmarks.hashers.NoHash"]
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def token_on(client: object, page: str) -> str:
    return TOKEN.search(client.get(page).content.decode())[1]


def submit(client: object, page: str, token: str, **answer: str) -> str:
    """Send a form, and say where the answer leads."""
    response = client.post(page, answer | {"csrfmiddlewaretoken": token})
    assert response.status_code == 302, response.content
    return response.url


@functools.cache
def server() -> object:
    """One for all visitors: a server loads its middleware once, and so does this."""
    from django.test import Client

    headers = {"referer": "https://testserver/", "user-agent": "Bench"}
    return Client(enforce_csrf_checks=True, headers=headers, **{"wsgi.url_scheme": "https"})


def browser() -> object:
    """A visitor without any cookie."""
    client = server()
    client.cookies.clear()
    return client


class Bare:
    def __init__(self) -> None:
        from django.contrib.auth.models import User

        User.objects.create_user("persoon", password=PASSWORD)

    def before(self) -> None: ...

    def once(self) -> None:
        client = browser()
        token = token_on(client, "/inloggen/")
        assert submit(client, "/inloggen/", token, username="persoon", password=PASSWORD) == "/"


class Ours:
    def __init__(self, with_code_page: bool) -> None:
        """``with_code_page``: also get the page on which the code is typed, as a browser does after the redirect."""
        from tests.factories import UserFactory

        self.with_code_page = with_code_page
        self.person = UserFactory(email="persoon@voorbeeld.nl", with_totp=True)
        self.person.set_password(PASSWORD)
        self.person.save()

    def before(self) -> None:
        """Sign-ins follow each other faster than codes do: make the used code good again, and end the session."""
        from accounts.active_sessions.models import Session
        from accounts.two_factor.models import Authenticator
        from tests.codes import code_of

        Session.objects.all().delete()
        Authenticator.objects.update(last_step=-1)
        self.code = code_of(self.person)

    def once(self) -> None:
        client = browser()
        token = token_on(client, "/inloggen/")
        page = submit(client, "/inloggen/", token, username="persoon@voorbeeld.nl", password=PASSWORD)
        if self.with_code_page:
            token = token_on(client, page)
        assert submit(client, page, token, code=self.code) == "/"


def processor(side: str, count: int) -> dict:
    """Median processor milliseconds of a sign-in from a fresh browser, and its statements."""
    set_up(side)
    visitor = Bare() if side == "bare" else Ours(with_code_page=side == "ours-with-code-page")
    times = []
    for _ in range(count + 10):
        visitor.before()
        start = time.process_time()
        visitor.once()
        times.append((time.process_time() - start) * 1000)
    return {"ms": statistics.median(times[10:])} | statements(visitor)


def statements(visitor: Bare | Ours) -> dict:
    """The statements of one sign-in, without BEGIN, COMMIT and savepoints, which touch no table."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    visitor.before()
    with CaptureQueriesContext(connection) as captured:
        visitor.once()
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    texts = [query["sql"] for query in captured if not query["sql"].startswith(control)]
    writes = [text for text in texts if text.startswith(("INSERT", "UPDATE", "DELETE"))]
    return {"sql": len(texts), "writes": len(writes), "texts": texts}


def memory(hasher: str, people: int = 8) -> dict:
    """Peak memory in MiB of a process in which eight people sign in at once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from accounts.passwords.hashers import Argon2idHasher

    chosen = Argon2idHasher() if hasher == "ours" else Argon2PasswordHasher()
    encoded = chosen.encode(PASSWORD, "zoutzoutzoutzout")
    threads = [threading.Thread(target=chosen.verify, args=(PASSWORD, encoded)) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    what = memory(sys.argv[2]) if sys.argv[1] == "memory" else processor(sys.argv[1], int(sys.argv[2]))
    print(json.dumps(what))
