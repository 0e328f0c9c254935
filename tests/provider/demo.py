"""`make demo-sso`: the portal with demo data and two local identity providers, to try single sign-on by hand.

Everything lies in var/demo-sso/ and begins anew each time; stop it with Ctrl+C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys

from tests import provider, server
from tests.provider import LocalProvider, account

FOLDER = server.ROOT / "var" / "demo-sso"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    portal = f"http://127.0.0.1:{parser.parse_args().port}"
    try:
        provider.install()
    except provider.MissingError as missing:
        sys.exit(f"The identity providers of this demonstration need Node: {missing}.")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    town = LocalProvider(FOLDER, "gemeente-voorbeeld", portal, host="127.0.0.2", port=9101)
    town.accounts = [
        account("Zaken Account", "zakelijk@gemeente-voorbeeld.nl", groups=["kaart"]),
        account("Een Stap", "een-stap@gemeente-voorbeeld.nl", amr=["pwd"], acr="one-step"),
    ]
    housing = LocalProvider(FOLDER, "wonen-aan-de-dijk", portal, host="127.0.0.3", port=9102)
    housing.accounts = [account("Woon Consulent", "consulent@wonen-aan-de-dijk.nl", amr=["pwd"], acr="one-step")]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the providers end with us
    _settings(portal, [town, housing])
    _fill([town, housing])
    try:
        for one in (town, housing):
            one.start()
        _tell(portal, [town, housing])
        subprocess.run(server.command(portal, "--workers", "1", "--log-level", "warning"), cwd=server.ROOT, check=False)
    except KeyboardInterrupt:
        pass
    finally:
        for one in (town, housing):
            one.stop()


def _settings(portal: str, providers: list[LocalProvider]) -> None:
    facts = subprocess.run([sys.executable, "-m", "assetmaps.local_env"], capture_output=True, text=True, check=True)
    for line in facts.stdout.splitlines():
        name, _equals, value = line.partition("=")
        os.environ[name] = value.strip("'\"")
    os.environ |= {
        "PUBLIC_URL": portal,
        "DATABASE_URL": f"sqlite:///{FOLDER / 'db.sqlite3'}",
        "SSO_ALLOWED_PRIVATE_ADDRESSES": ",".join(one.address for one in providers),
        "DJANGO_SETTINGS_MODULE": "assetmaps.settings",
    }


def _fill(providers: list[LocalProvider]) -> None:
    """Demo data, and for each organisation a connection with a proved mail domain."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.organisations.models import Organisation
    from accounts.sso.models import Connection, MailDomain, MissingProof, Vouching

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo")
    for one in providers:
        organisation = Organisation.objects.get(slug=one.organisation)
        is_strict = one.organisation == "gemeente-voorbeeld"
        connection = Connection(
            organisation=organisation,
            issuer=one.issuer,
            client_id=provider.CLIENT_ID,
            enabled=True,
            vouching=Vouching.AMR if is_strict else Vouching.AGREEMENT,
            vouching_value="mfa" if is_strict else "",
            missing_proof=MissingProof.ASK_OURS,
            make_on_arrival=True,
        )
        connection.set_secret(one.secret)
        connection.save()
        domain = one.accounts[0]["email"].partition("@")[2]
        MailDomain.objects.create(organisation=organisation, domain=domain, token="demo", proved_at=timezone.now())


def _tell(portal: str, providers: list[LocalProvider]) -> None:
    print(f"\nMijn Assetmaps runs at {portal} - stop it with Ctrl+C. Try “Inloggen met zakelijk account” with:")
    for one in providers:
        for person in one.accounts:
            print(f"  {person['email']}  ({', '.join(person['amr'])} at {one.issuer})")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
