"""Every page of the portal, in every state that a visitor can meet: for the accessibility tests and the screenshots.

A stop is a generator: it leads the browser to a page, yields the page's name, and goes on to the next. The visitor may
change the width and the colours at every name, and must not leave the page. The words are Dutch; the screen may be
English, see `tests.browser.words`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult
from PIL import Image, ImageDraw
from playwright.sync_api import Route, expect

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.background import queues as background
from accounts.background import schedule
from accounts.mail.models import OutgoingMail, State
from accounts.mfa_policy.models import Snapshot
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sso import views as sso
from accounts.sso.callback import CallbackResult
from accounts.sso.models import Connection, Identity
from accounts.sso.refusal_reasons import Reason
from accounts.support.models import Report
from accounts.throttling.flows import subject_of
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, Passkey, RecoveryCode, RecoveryCodeSet
from accounts.two_factor.recovery_codes import flows as recovery_codes
from assetmaps import errors as pages
from assetmaps import logs
from environments.administration import flows as upkeep
from environments.administration.logo import flows as logos
from environments.models import Access, Environment
from tests.background import run_tasks
from tests.browser import out_of_band
from tests.browser.screen import CHALLENGE, SET_UP, Phone, Screen
from tests.browser.virtual_authenticator import Device
from tests.codes import code_of, wrong_code_of
from tests.factories import PASSWORD, AuthenticatorFactory, EnvironmentFactory, PasskeyFactory, UserFactory

EMPLOYEE = "medewerker@voorbeeld.nl"
NEWCOMER = "nieuw@voorbeeld.nl"
VERIFIED = "veilig@voorbeeld.nl"
CALLER = "beller@voorbeeld.nl"
DESK = "support@voorbeeld.nl"
ADMINISTRATOR = "beheer@voorbeeld.nl"
LONG_NAME = "Wachtwoordmanager-van-gemeente-Voorbeeld"  # as long as a name can be, and nowhere to break it

Tour = Callable[[Screen], Iterator[str]]


def people() -> None:
    """The demonstration's people and environments, all with the tests' password, and somebody without environments."""
    call_command("demo", stdout=io.StringIO())
    User.objects.update(password=make_password(PASSWORD))
    UserFactory(email=NEWCOMER)


def _sign_in(screen: Screen, address: str) -> None:
    """As a new visitor, whatever this browser was before."""
    _forget(screen)
    person = User.objects.get(email=address)
    out_of_band.let_codes_be_new(person)
    has_factor = Authenticator.objects.filter(user=person, confirmed=True).exists()
    screen.open_signed_in(address, code_of(person) if has_factor else None)


def _forget(screen: Screen) -> None:
    screen.forget_visitor()
    User.objects.update(language=screen.language)
    AttemptCounter.objects.all().delete()
    cache.clear()


def signed_out(screen: Screen) -> Iterator[str]:
    _forget(screen)
    screen.open("/inloggen/")
    yield "inloggen"
    screen.give_password(EMPLOYEE, "een fout wachtwoord")
    yield "inloggen-geweigerd"
    screen.give_password("", "")
    yield "inloggen-leeg"
    screen.open("/wachtwoord-vergeten/")
    yield "wachtwoord-vergeten"
    screen.open("/wachtwoord-vergeten/verstuurd/")
    yield "wachtwoord-link-verstuurd"
    screen.open("/wachtwoord-instellen/onbekend/")
    yield "wachtwoord-link-verlopen"
    invited = UserFactory(email="uitgenodigd@voorbeeld.nl", password="!")
    screen.open(f"/wachtwoord-instellen/{links.make(invited, Purpose.INVITATION)}/")
    User.objects.filter(pk=invited.pk).update(invitations_issued=1)
    screen.open("/wachtwoord-instellen/")
    yield "uitnodiging-verlopen"
    invited.delete()
    screen.open(f"/wachtwoord-instellen/{links.make(User.objects.get(email=EMPLOYEE), Purpose.RESET)}/")
    yield "wachtwoord-instellen"
    screen.press("Wachtwoord opslaan")
    yield "wachtwoord-instellen-geweigerd"
    screen.open("/hulp/twee-staps-authenticatie/")
    yield "hulp"


def signed_in(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    yield "mijn-omgevingen"
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens"
    screen.press("Opslaan")
    yield "persoonlijke-gegevens-opgeslagen"
    screen.open("/persoonlijke-gegevens/wachtwoord/")
    yield "wachtwoord-wijzigen"
    screen.press("Wachtwoord wijzigen")
    yield "wachtwoord-wijzigen-geweigerd"
    out_of_band.sign_in_elsewhere(User.objects.get(email=EMPLOYEE))
    screen.open("/persoonlijke-gegevens/sessies/")
    yield "sessies"
    screen.press("Beëindig")
    yield "sessies-beeindigd"
    screen.sign_out()
    yield "uitgelogd"
    _sign_in(screen, NEWCOMER)
    yield "mijn-omgevingen-leeg"


def daily_use(screen: Screen) -> Iterator[str]:
    _sign_in(screen, VERIFIED)
    # With more than a few it has a search, headings and keys.
    EnvironmentFactory(name="Speelplekken", people=[User.objects.get(email=VERIFIED)], place="Dorp aan Zee")
    mine = Access.objects.filter(user__email=VERIFIED)
    of = mine.order_by("environment__slug")
    of.filter(pk__in=[access.pk for access in of[:2]]).update(opened_at=timezone.now())
    mine.filter(pk=of[3].pk).update(is_favourite=True, role="manager")
    with_picture, closed = Environment.objects.get(slug="woningen"), Environment.objects.filter(slug="riolering")
    upkeep.set_picture(with_picture.pk, _drawing(), actor=User.objects.first(), origin=Origin())
    closed.update(is_closed=True, closed_text="Tot 14 uur: we zetten nieuwe leidingen op de kaart.")
    asked_at = timezone.now() - timedelta(hours=4)
    moving = Environment.objects.filter(slug="woningen")
    moving.update(next_address="https://woningen.elders.nl/", next_address_at=asked_at)
    logos.set_logo(with_picture.organisation_id, _drawing(), actor=User.objects.first(), origin=Origin(), shown=0)
    screen.open("/")
    screen.page.locator("img.tile__picture").evaluate("picture => picture.decode()")
    yield "mijn-omgevingen-in-gebruik"
    screen.text("Sneller met het toetsenbord").click()
    yield "mijn-omgevingen-toetsen"
    screen.field("Zoek een omgeving").fill("wegen")
    screen.says("omgeving gevonden")
    yield "mijn-omgevingen-gevonden"
    screen.field("Zoek een omgeving").fill("bestaat niet")
    screen.says("Niets gevonden")
    yield "mijn-omgevingen-niets-gevonden"
    screen.open("/omgevingen/riolering/")
    yield "omgeving-dicht"
    screen.open("/omgevingen/woningen/")
    yield "omgeving-elders"
    Environment.objects.update(is_closed=True)
    screen.open("/")
    yield "mijn-omgevingen-alle-dicht"
    Environment.objects.update(is_closed=False, closed_text="")
    for number in range(70):
        EnvironmentFactory(name=f"Wijk {number}", people=[User.objects.get(email=VERIFIED)], place="Dorp aan Zee")
    screen.open("/?pagina=2")
    yield "mijn-omgevingen-pagina-2"
    Environment.objects.filter(place="Dorp aan Zee").delete()


def _drawing() -> bytes:
    """A picture as an administrator might upload it."""
    file = io.BytesIO()
    picture = Image.new("RGB", (600, 400), "#8fb08a")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 170, 600, 230), "#d9d4c7")
    for left in range(110, 490, 130):
        draw.rectangle((left, 40, left + 90, 140), "#a4553f")
        draw.rectangle((left, 260, left + 90, 360), "#b86b4e")
    picture.save(file, "JPEG")
    return file.getvalue()


def set_up(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    screen.begin_set_up()
    yield "instellen"
    for fold in screen.page.locator("main summary:visible").all():
        fold.click()
    yield "instellen-open"
    screen.open(SET_UP)
    screen.give_code("12345")
    yield "instellen-geweigerd"
    Authenticator.objects.filter(confirmed=False).update(created_at=timezone.now() - timedelta(minutes=26))
    screen.open(SET_UP)
    yield "instellen-bijna-om"
    Authenticator.objects.filter(confirmed=False).update(created_at=timezone.now() - timedelta(minutes=31))
    screen.open(SET_UP)
    yield "instellen-verlopen"
    Authenticator.objects.filter(user__email=EMPLOYEE).delete()


def second_device(screen: Screen) -> Iterator[str]:
    person = User.objects.get(email=EMPLOYEE)
    _sign_in(screen, EMPLOYEE)
    screen.activate()
    yield "herstelcodes-eenmalig"
    screen.press("Ik heb ze bewaard")
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-aan"
    screen.button("Nieuwe telefoon", exact=False).click()
    yield "instellen-nieuwe-telefoon"
    screen.open("/persoonlijke-gegevens/")
    AuthenticatorFactory(user=person, name="Tablet van de buitendienst, gemeente Voorbeeld")
    screen.page.reload()
    yield "persoonlijke-gegevens-twee-apparaten"
    screen.follow("Naam wijzigen")
    yield "apparaat-naam"
    screen.field("Naam van dit apparaat").fill("")
    screen.press("Opslaan")
    yield "apparaat-naam-geweigerd"
    screen.open("/persoonlijke-gegevens/")
    screen.follow("Verwijderen")
    yield "apparaat-verwijderen"
    screen.press("Verwijderen")
    yield "apparaat-verwijderd"
    screen.open("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    yield "uitschakelen"
    screen.code.fill("1")
    screen.press("Uitschakelen")
    yield "uitschakelen-geweigerd"
    RecoveryCodeSet.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()


def with_recovery_codes(screen: Screen) -> Iterator[str]:
    person = User.objects.get(email=VERIFIED)
    recovery_codes.make(person, Origin())
    _sign_in(screen, VERIFIED)
    screen.open("/persoonlijke-gegevens/herstelcodes/")
    yield "herstelcodes"
    screen.press("Maak nieuwe herstelcodes")
    yield "herstelcodes-nieuw"
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-codes-wachten"
    screen.follow("Laat ze zien")
    screen.press("Ik heb ze bewaard")
    RecoveryCodeSet.objects.update(asked_at=timezone.now() - limits.RECOVERY_CODES_QUESTION)
    screen.open("/")
    yield "mijn-omgevingen-vraag"
    mine = RecoveryCode.objects.filter(code_set__user=person)
    mine.exclude(pk__in=mine.values("pk")[: limits.RECOVERY_CODES_FEW]).update(used_at=timezone.now())
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-weinig-codes"
    screen.open("/persoonlijke-gegevens/herstelcodes/")
    yield "herstelcodes-weinig"
    RecoveryCodeSet.objects.all().delete()
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-zonder-codes"
    screen.open("/persoonlijke-gegevens/activiteit/")
    yield "activiteit"


def fresh_proof(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    yield "bevestig-identiteit-zonder-tweede-stap"
    person = User.objects.get(email=VERIFIED)
    AuthenticatorFactory(user=person, name="Tablet")
    _sign_in(screen, VERIFIED)
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    yield "bevestig-identiteit"
    screen.confirm_identity(wrong_code_of(person))
    yield "bevestig-identiteit-geweigerd"


def address_change(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    yield "e-mailadres-wijzigen"
    screen.field("Nieuw e-mailadres").fill(EMPLOYEE)
    screen.press("Stuur de link")
    yield "e-mailadres-wijzigen-geweigerd"
    screen.field("Nieuw e-mailadres").fill("een-lang-adres-van-iemand@gemeente-voorbeeld.nl")
    screen.press("Stuur de link")
    yield "e-mailadres-link-verstuurd"
    OutgoingMail.objects.update(state=State.REFUSED, answer="550 5.1.1 mailbox unknown")
    screen.open("/persoonlijke-gegevens/")
    yield "e-mailadres-mail-geweigerd"
    OutgoingMail.objects.update(state=State.WAITING, answer="")
    screen.open(out_of_band.mailed("persoonlijke-gegevens/e-mailadres/bevestigen"))
    yield "e-mailadres-bevestigen"
    screen.press("Gebruik dit adres")
    yield "e-mailadres-gewijzigd"
    User.objects.filter(email__startswith="een-lang").update(email=EMPLOYEE)
    screen.open("/persoonlijke-gegevens/e-mailadres/bevestigen/")
    yield "e-mailadres-link-verlopen"


def demanded(screen: Screen) -> Iterator[str]:
    day = timezone.localdate() + timedelta(days=20)
    Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from=day)
    _sign_in(screen, EMPLOYEE)
    yield "mijn-omgevingen-aangekondigd"
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-aangekondigd"
    Organisation.objects.update(required_from=timezone.localdate())
    screen.open("/")
    yield "instellen-verplicht"
    screen.give_code(Phone.scan(screen.page).unused())
    yield "herstelcodes-en-verder"
    screen.open("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    yield "uitschakelen-mag-niet"
    Organisation.objects.update(required_from=day)
    screen.page.reload()
    yield "uitschakelen-aangekondigd"
    Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)
    Authenticator.objects.filter(user__email=EMPLOYEE).delete()


def demands(screen: Screen) -> Iterator[str]:
    """What an organisation demands, in the administration."""
    town = Organisation.objects.get(slug="gemeente-voorbeeld")
    today = timezone.localdate()
    for age in range(0, 80, 2):
        day = today - timedelta(days=age)
        Snapshot.objects.create(organisation=town, day=day, people=80, protected=76 - age // 2)
    UserFactory.create_batch(limits.NAMES_PAGE, organisation=town, last_login=timezone.now())
    _sign_in(screen, ADMINISTRATOR)
    screen.open("/beheer/organisaties/")
    yield "beheer-tweede-stap-organisaties"
    screen.open("/beheer/organisaties/gemeente-voorbeeld/overzicht/")
    yield "beheer-tweede-stap-overzicht-vrijwillig"
    screen.open("/beheer/organisaties/gemeente-voorbeeld/tweede-stap/")
    yield "beheer-tweede-stap"
    screen.field("Verplicht vanaf", exact=True).fill("")
    screen.press("Bekijk wat er verandert")
    yield "beheer-tweede-stap-geweigerd"
    screen.field("Verplicht vanaf", exact=True).fill(today.isoformat())
    screen.press("Bekijk wat er verandert")
    yield "beheer-tweede-stap-controle"
    screen.follow("de laatste 90 dagen ingelogd")
    yield "beheer-tweede-stap-namen"
    screen.button("Verplicht stellen", exact=False).click()
    screen.says("Wie nog geen tweede stap heeft")
    yield "beheer-tweede-stap-overzicht"
    screen.text("Hetzelfde als tabel").click()
    yield "beheer-tweede-stap-tabel"
    User.objects.filter(email__startswith="persoon").delete()
    Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)


def second_step(screen: Screen) -> Iterator[str]:
    _forget(screen)
    person = User.objects.get(email=VERIFIED)
    screen.give_password(VERIFIED)
    assert screen.address == CHALLENGE
    yield "verificatiecode"
    screen.give_code(wrong_code_of(person))
    yield "verificatiecode-geweigerd"
    for _attempt in range(4):
        screen.give_code(wrong_code_of(person))
    yield "verificatiecode-wachten"
    _forget(screen)
    for _attempt in range(6):
        screen.give_password(EMPLOYEE, "een fout wachtwoord")
    yield "extra-controle"
    screen.code.fill("123456")
    screen.press("Bevestigen")
    yield "extra-controle-geweigerd"


def passkeys(screen: Screen) -> Iterator[str]:
    with override_settings(PUBLIC_URL=screen.portal):  # a passkey belongs to the address at which it was made
        device = Device(screen.page, verifies=False)
        yield from _passkeys(screen, device)
        yield from _lost_passkey(screen, device)
        device.be_lost()
    _without_passkeys()
    _forget(screen)
    screen.give_password(VERIFIED)
    with override_settings(PUBLIC_URL=screen.portal):
        device = Device(screen.page)
        screen.give_code(Phone.of(User.objects.get(email=VERIFIED)).unused())
        screen.heading("Mijn Omgevingen")
        yield "mijn-omgevingen-passkey-aanbod"
        device.be_lost()


def _without_passkeys() -> None:
    RecoveryCodeSet.objects.filter(user__email=EMPLOYEE).delete()
    Authenticator.objects.filter(user__email=EMPLOYEE).delete()
    Passkey.objects.all().delete()


def _make_passkey(screen: Screen) -> None:
    screen.open("/persoonlijke-gegevens/passkeys/toevoegen/")
    screen.press("Maak een passkey")
    screen.page.wait_for_url(lambda address: "/passkeys/" not in address)


def _unfold_code(screen: Screen) -> None:
    """It is unfolded already in a browser in which no passkey was used."""
    screen.heading("Gebruik je passkey")
    if not screen.code.is_visible():
        screen.text("Gebruik de code uit je app").click()


def _passkeys(screen: Screen, device: Device) -> Iterator[str]:
    """Of somebody with nothing else, then with an app and more of them."""
    person = User.objects.get(email=EMPLOYEE)
    _sign_in(screen, EMPLOYEE)
    screen.open("/persoonlijke-gegevens/passkeys/toevoegen/")
    yield "passkey-maken"
    screen.press("Maak een passkey")
    screen.says("Het is niet gelukt:")
    yield "passkey-maken-gestopt"
    device.be_recognised(True)
    _make_passkey(screen)
    yield "passkey-gemaakt"
    screen.press("Ik heb ze bewaard")
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-passkey"
    screen.follow("Verwijderen")
    yield "passkey-verwijderen-enige"
    screen.open("/persoonlijke-gegevens/")
    screen.follow("Naam wijzigen")
    yield "passkey-naam"
    screen.open("/persoonlijke-gegevens/passkeys/toevoegen/")
    screen.press("Maak een passkey")
    screen.says("Dit apparaat heeft al een passkey")
    yield "passkey-is-er-al"
    screen.open("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    yield "uitschakelen-passkey"
    AuthenticatorFactory(user=person, name="iPhone")
    for name in (LONG_NAME, "YubiKey 5C"):
        PasskeyFactory(user=person, name=name, last_used_at=timezone.now())
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-passkeys-en-app"
    screen.page.locator("main a[href$='/verwijderen/']", has_text=LONG_NAME).click()
    yield "passkey-verwijderen"
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.text("Gebruik je wachtwoord").click()
    yield "bevestig-identiteit-passkey"
    device.be_touched(False)  # else the page to sign in does so by itself
    _forget(screen)
    screen.give_password(EMPLOYEE)
    _unfold_code(screen)
    yield "passkey-of-code"


def _lost_passkey(screen: Screen, device: Device) -> Iterator[str]:
    """Of somebody who has no app."""
    person = User.objects.get(email=EMPLOYEE)
    _without_passkeys()
    codes = recovery_codes.make(person, Origin())
    PasskeyFactory(user=person, name=LONG_NAME)
    _forget(screen)
    screen.give_password(EMPLOYEE)
    yield "passkey-gebruiken"
    device.be_touched(True)
    screen.press("Gebruik je passkey")
    screen.says("Het is niet gelukt:")
    yield "passkey-gebruiken-gestopt"
    device.be_touched(False)
    screen.follow("Apparaat kwijt?")
    yield "passkey-kwijt"
    screen.follow("Gebruik een herstelcode")
    yield "passkey-herstelcode"
    screen.field("Herstelcode").fill(codes[0])
    screen.press("Bevestigen")
    screen.heading("Nieuwe passkey maken?")
    yield "na-herstelcode-passkey"
    device.be_touched(True)
    _make_passkey(screen)
    device.be_touched(False)
    screen.press("Uitloggen")
    Passkey.objects.all().delete()
    expect(screen.button("Inloggen met vingerafdruk, gezicht of pincode")).to_be_visible()
    yield "inloggen-passkey"
    device.be_touched(True)
    screen.press("Inloggen met vingerafdruk, gezicht of pincode")
    screen.says("We kennen deze passkey niet meer.")
    yield "inloggen-passkey-onbekend"


def passkey_demanded(screen: Screen) -> Iterator[str]:
    person = User.objects.get(email=VERIFIED)
    with override_settings(PUBLIC_URL=screen.portal):
        Organisation.objects.update(passkey_for="everybody", passkey_from=timezone.localdate() + timedelta(days=20))
        _sign_in(screen, VERIFIED)
        yield "mijn-omgevingen-passkey-aangekondigd"
        Organisation.objects.update(passkey_from=timezone.localdate())
        screen.open("/")
        yield "passkey-verplicht"
        device = Device(screen.page)
        screen.press("Maak een passkey")
        screen.page.wait_for_url(lambda address: "/passkeys/" not in address)
        Authenticator.objects.filter(user=person).delete()
        screen.open("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
        yield "uitschakelen-passkey-verplicht"
        AuthenticatorFactory(user=person)
        device.be_touched(False)
        _forget(screen)
        screen.give_password(VERIFIED)
        _unfold_code(screen)
        screen.give_code(code_of(person))
        screen.heading("Jouw organisatie vraagt om je passkey")
        yield "passkey-verplicht-gebruiken"
        codes = recovery_codes.make(person, Origin())
        _forget(screen)
        screen.give_password(VERIFIED)
        screen.follow("Gebruik een herstelcode")
        screen.field("Herstelcode").fill(codes[0])
        screen.press("Bevestigen")
        screen.heading("Inloggen met vingerafdruk, gezicht of pincode")
        yield "passkey-verplicht-na-herstelcode"
        PasskeyFactory.create_batch(limits.PASSKEYS - 1, user=person, name=LONG_NAME, last_used_at=timezone.now())
        screen.open("/")
        screen.heading("Verwijder eerst een passkey")
        yield "passkey-verplicht-geen-ruimte"
        device.be_lost()
    Organisation.objects.update(passkey_for="nobody", passkey_from=None)
    RecoveryCodeSet.objects.filter(user=person).delete()
    Passkey.objects.all().delete()


def passkey_demands(screen: Screen) -> Iterator[str]:
    """That an organisation or the portal demands a passkey, in the administration."""
    administrator = User.objects.get(email=ADMINISTRATOR)
    PasskeyFactory(user=User.objects.get(email=VERIFIED))
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    _sign_in(screen, ADMINISTRATOR)
    for name, page in (("", "organisaties/gemeente-voorbeeld/passkey"), ("-alle", "passkey-beheerders")):
        screen.open(f"/beheer/{page}/")
        yield f"beheer-passkey{name}"
        screen.open(f"/beheer/{page}/?whom=staff&first_day=2020-01-01")
        yield f"beheer-passkey{name}-geweigerd"
        mine = PasskeyFactory(user=administrator, last_used_at=timezone.now())
        whom, group = ("everybody", "niets") if name == "" else ("staff", "app")
        screen.open(f"/beheer/{page}/?whom={whom}&first_day={day}&groep={group}")
        yield f"beheer-passkey{name}-controle"
        mine.delete()
    Passkey.objects.all().delete()


def lost_phone(screen: Screen) -> Iterator[str]:
    person = User.objects.get(email=VERIFIED)
    codes = recovery_codes.make(person, Origin())
    AuthenticatorFactory(user=person, name="Tablet")
    _forget(screen)
    screen.give_password(VERIFIED)
    yield "verificatiecode-keuze"
    screen.follow("Telefoon kwijt?")
    yield "telefoon-kwijt"
    screen.press("Vraag support om hulp")
    yield "telefoon-kwijt-gevraagd"
    screen.open("/inloggen/herstelcode/")
    yield "herstelcode"
    screen.field("Herstelcode").fill("0000-0000-0000-0000")
    screen.press("Bevestigen")
    yield "herstelcode-geweigerd"
    screen.field("Herstelcode").fill(codes[0])
    screen.press("Bevestigen")
    yield "na-herstelcode"
    screen.open(out_of_band.mailed("hulpvraag-intrekken"))
    yield "hulpvraag-intrekken"
    screen.press("Bevestigen")
    screen.says("Kies eerst een antwoord.")
    yield "hulpvraag-intrekken-zonder-antwoord"
    screen.field("Ja, annuleer het").check()
    screen.press("Bevestigen")
    screen.open(out_of_band.mailed("hulpvraag-intrekken"))
    yield "hulpvraag-ingetrokken"
    screen.open(out_of_band.mailed("dit-was-ik-niet"))
    yield "dit-was-ik-niet"
    screen.field("Nee, dit was ik niet").check()
    screen.press("Bevestigen")
    yield "dit-was-ik-niet-gemeld"
    Report.objects.update(looked_at=timezone.now())
    screen.open(out_of_band.mailed("dit-was-ik-niet"))
    yield "dit-was-ik-niet-te-laat"
    Report.objects.all().delete()


def after_reset(screen: Screen) -> Iterator[str]:
    person = User.objects.get(email=VERIFIED)
    devices.remove_all(person)
    link = account_recovery.begin(person)
    _forget(screen)
    screen.give_password(VERIFIED)
    yield "nieuwe-telefoon"
    screen.press("Mail mij een nieuwe link")
    yield "nieuwe-telefoon-link-verstuurd"
    screen.follow("Ik heb een code van support")
    yield "code-van-support"
    screen.field("Code van support").fill("AAAA-AAAA")
    screen.press("Bevestigen")
    yield "code-van-support-geweigerd"
    screen.open(link.removeprefix(settings.PUBLIC_URL))
    yield "nieuwe-telefoon-link-verlopen"
    screen.open(out_of_band.mailed("nieuwe-telefoon"))
    yield "inloggen-na-link"
    screen.give_password(VERIFIED)
    yield "instellen-na-link"
    _sign_in(screen, EMPLOYEE)
    screen.open(link.removeprefix(settings.PUBLIC_URL))
    yield "nieuwe-telefoon-terwijl-ingelogd"
    AccountRecovery.objects.all().delete()
    AuthenticatorFactory(user=person)


def errors(screen: Screen) -> Iterator[str]:
    _sign_in(screen, DESK)
    screen.open("/beheer/bestaat-niet/")
    yield "fout-404-ingelogd"
    screen.open("/")
    yield "mijn-omgevingen-leeg-support"
    _forget(screen)
    screen.open("/bestaat-niet/")
    screen.says("Nummer voor support")
    yield "fout-404"
    screen.open("/uitloggen/")
    yield "fout-405"
    screen.open("/inloggen/")
    screen.forget_visitor()
    screen.press("Inloggen")
    yield "fout-csrf"
    for status, template in ((400, ""), (400, "session_ended"), (403, ""), (413, ""), (429, ""), (500, "")):
        # Put in place of an answer, because no visitor can call these up at will.
        number = logs.new_reference()
        token = logs.reference.set(number)
        with translation.override(screen.language):
            text = pages.fill(HttpResponse(status=status), template).content.decode()
        logs.reference.reset(token)
        screen.page.route("**/fout/", partial(_answer, text))
        screen.open("/fout/")
        screen.shows(number)
        yield f"fout-{template or status}"
        screen.page.unroute("**/fout/")


def _answer(text: str, route: Route) -> None:
    route.fulfill(body=text, content_type="text/html; charset=utf-8")


def administration(screen: Screen) -> Iterator[str]:
    _sign_in(screen, ADMINISTRATOR)
    verified = User.objects.get(email=VERIFIED)
    for name, address in (
        ("beheer", ""),
        ("beheer-personen", "accounts/user/"),
        ("beheer-persoon", f"accounts/user/{verified.pk}/change/"),
        ("beheer-persoon-nieuw", "accounts/user/add/"),
        ("beheer-omgevingen", "environments/environment/"),
        ("beheer-omgeving", f"environments/environment/{Environment.objects.first().pk}/change/"),
        ("beheer-omgeving-afbeelding", f"omgevingen/{Environment.objects.first().pk}/afbeelding/"),
        ("beheer-omgeving-nieuw-adres", f"omgevingen/{_with_new_address().pk}/adres/"),
        ("beheer-omgeving-adres-wacht", f"environments/environment/{_with_new_address().pk}/change/"),
        ("beheer-toegang", f"environments/access/{Access.objects.first().pk}/change/"),
        ("beheer-toegang-rol", f"omgevingen/rol/{Access.objects.first().pk}/"),
        ("beheer-toegang-lijst", "environments/access/"),
        ("beheer-groepen", "auth/group/"),
        ("beheer-organisaties", "organisations/organisation/"),
        ("beheer-organisatie-logo", "logo/gemeente-voorbeeld/"),
        ("beheer-activiteit", "activiteit/"),
        ("beheer-activiteit-gezocht", "activiteit/?person=medewerker&event=signed_in&since=2026-01-01"),
        ("beheer-activiteit-geweigerd", "activiteit/?organisation=zomaar&since=gisteren&event=niets"),
        ("beheer-activiteit-regel", f"activiteit/{AuditEntry.objects.first().pk}/"),
        ("beheer-activiteit-exporteren", "activiteit/exporteren/?result=succeeded"),
    ):
        screen.open(f"/beheer/{address}")
        yield name


def mail(screen: Screen) -> Iterator[str]:
    """Where somebody reads what became of a mail: the first page, the queue, and the page of a person."""
    person, now = User.objects.get(email=VERIFIED), timezone.now()
    answer, a_day = "550 5.1.1 mailbox unknown", timedelta(days=1)
    for template, values in (
        ("password_link", {"state": State.SENT, "ended_at": now}),
        ("second_step_reminder", {"tries": 3, "next_try_at": now + timedelta(minutes=5), "answer": "451 4.7.1 later"}),
        ("address_link", {"to": "een-lang-adres@voorbeeld.nl", "state": State.REFUSED, "ended_at": now}),
        ("wrong_codes", {"state": State.GIVEN_UP, "tries": 17, "created_at": now - a_day, "ended_at": now}),
    ):
        known = {"to": VERIFIED, "content": b"sealed", "answer": answer}
        OutgoingMail.objects.create(person=person, template=template, **known | values)
    background.enqueue(schedule.run_command, "geen_opdracht")
    run_tasks()
    _sign_in(screen, ADMINISTRATOR)
    for name, address in (
        ("beheer-mail-opgegeven", ""),
        ("beheer-wachtrij", "wachtrij/"),
        ("beheer-persoon-mails", f"accounts/user/{person.pk}/change/"),
        ("support-persoon-mails", f"support/{person.pk}/"),
    ):
        screen.open(f"/beheer/{address}")
        yield name
    OutgoingMail.objects.all().delete()
    DBTaskResult.objects.all().delete()
    screen.open("/beheer/wachtrij/")
    yield "beheer-wachtrij-leeg"


def _with_new_address() -> Environment:
    environment = Environment.objects.get(slug="woningen")
    environment.next_address = "https://woningen.elders.nl/"
    environment.next_address_at = timezone.now() - timedelta(hours=4)
    environment.next_address_by = User.objects.get(email=VERIFIED)
    environment.save()
    return environment


def support_desk(screen: Screen) -> Iterator[str]:
    """A call from the first word to the code, and everything that a worker can meet on the way."""
    employee, caller = User.objects.get(email=EMPLOYEE), _caller()
    colleague = User.objects.get(email=ADMINISTRATOR)
    _trouble(screen, caller)
    used = timezone.now() - timedelta(days=1)
    PasskeyFactory(user=caller, name=LONG_NAME, last_used_at=used, backed_up=True)
    _sign_in(screen, DESK)
    until = int(timezone.now().timestamp()) + 900
    AttemptCounter.objects.create(subject=subject_of(caller), kind="code", failures=5, waits_until=until)
    screen.open("/beheer/support/")
    yield "support"
    screen.press("Zoeken")
    yield "support-leeg"
    screen.field("Kenmerk, e-mailadres of naam").fill("Werk")
    screen.press("Zoeken")
    yield "support-lijst"
    screen.open(f"/beheer/support/{employee.pk}/")
    yield "support-persoon-rustig"
    screen.open(f"/beheer/support/{colleague.pk}/")
    yield "support-persoon-hoger"
    screen.open(f"/beheer/support/{caller.pk}/")
    yield "support-persoon"
    screen.follow("Overal uitloggen")
    yield "support-sessies"
    screen.press("Overal uitloggen")
    yield "support-reden-ontbreekt"
    screen.open(f"/beheer/support/{caller.pk}/code/")
    yield "support-code-zonder-controle"
    screen.open(f"/beheer/support/{caller.pk}/beller/")
    yield "support-beller"
    screen.open(f"/beheer/support/{caller.pk}/code/")
    screen.press("Mail twee woorden")
    yield "support-beller-woorden"
    screen.field("De twee woorden").fill("fiets molen")
    screen.press("Vergelijken")
    yield "support-beller-fout"
    screen.field("De twee woorden").fill(out_of_band.mailed_words())
    screen.press("Vergelijken")
    screen.says("De woorden kloppen")
    yield "support-code"
    screen.field("Reden").fill("Telefoon in het water gevallen; de woorden kloppen.")
    screen.press("Code geven")
    yield "support-code-eenmalig"
    screen.page.reload()
    yield "support-code-getoond"
    screen.open(f"/beheer/support/{caller.pk}/herstellen/")
    yield "support-herstellen"
    screen.open("/beheer/support/meldingen/")
    yield "support-meldingen"
    AttemptCounter.objects.all().delete()
    yield from _four_eyes(screen)


def _caller() -> User:
    """Somebody whom one worker may help: what the other parts of the tour do to an account takes a second worker."""
    town = Organisation.objects.get(slug="gemeente-voorbeeld")
    caller = UserFactory(email=CALLER, first_name="Bel", last_name="Werker", organisation=town, with_totp=True)
    Access.objects.create(user=caller, environment=Environment.objects.get(slug="bomen-en-groen"))
    return caller


def _trouble(screen: Screen, person: User) -> None:
    """Somebody who cannot get in: a lost phone that is used, wrong codes, a wait, a second account with a report."""
    _forget(screen)
    screen.give_password(person.email)
    screen.follow("Telefoon kwijt?")
    screen.press("Vraag support om hulp")
    screen.open(CHALLENGE)
    for code in (code_of(person, -240), *[wrong_code_of(person)] * 4):
        screen.give_code(code)
    screen.page.wait_for_load_state("networkidle")  # or the count of the last code comes later
    later = timezone.now() + timedelta(minutes=1)
    Authenticator.objects.filter(user=person).update(last_used_at=later)
    User.objects.filter(pk=person.pk).update(last_login=later)
    newcomer = User.objects.get(email=NEWCOMER)
    Report.objects.create(user=newcomer, entry=record(Event.PASSWORD_CHANGED, subject=newcomer, origin=Origin()))


def _four_eyes(screen: Screen) -> Iterator[str]:
    second = UserFactory(email="tweede@voorbeeld.nl", in_support=True, with_totp=True)
    screen.open(f"/beheer/support/{second.pk}/herstellen/")
    yield "support-herstellen-met-goedkeuring"
    screen.field("Reden").fill("Telefoon gestolen; teruggebeld op het bekende nummer.")
    screen.press("Goedkeuring vragen")
    yield "support-goedkeuringen"
    screen.open(out_of_band.mailed("hulp-van-support-intrekken"))
    yield "hulp-van-support-intrekken"
    screen.field("Ja, annuleer het").check()
    screen.press("Bevestigen")
    yield "hulp-van-support-ingetrokken"
    Report.objects.all().delete()


def inviting(screen: Screen) -> Iterator[str]:
    _sign_in(screen, ADMINISTRATOR)
    screen.open("/beheer/accounts/user/add/?organisation=Gemeente+Voorbeeld")
    yield "beheer-persoon-nieuw-omgevingen"
    screen.open("/beheer/mensen/uitnodigen/")
    yield "beheer-uitnodigen"
    screen.press("Bekijk de lijst")
    yield "beheer-uitnodigen-geweigerd"
    screen.field("Organisatie").fill("Gemeente Voorbeeld")
    invited = "\n".join(f"collega{number}@voorbeeld.nl;Co;Llega;Bomen en groen" for number in range(3))
    screen.field("Plak de lijst").fill(f"{invited}\nfout\n{EMPLOYEE};;;Onbekend")
    screen.press("Bekijk de lijst")
    yield "beheer-lijst-bekeken"
    screen.press("Verstuur 3 uitnodigingen")
    expect(screen.button("Verstuur 3 uitnodigingen")).to_have_count(0)
    run_tasks()
    screen.text("niet uitgevoerd").first.wait_for()  # the page goes on by itself
    yield "beheer-lijst-klaar"
    screen.open("/beheer/accounts/user/?q=collega")
    _tick_all(screen)
    screen.press("Stuur deze personen de uitnodiging opnieuw")
    screen.text("Ze krijgen een nieuwe mail.").wait_for()
    yield "beheer-opnieuw-uitnodigen"
    screen.open("/beheer/accounts/user/?q=collega")
    _tick_all(screen)
    screen.press("Deactiveer deze personen")
    screen.text("Je gaat").wait_for()
    yield "beheer-deactiveren"
    User.objects.filter(email__startswith="collega").delete()


def _tick_all(screen: Screen) -> None:
    for box in screen.page.locator("input.action-select").all():
        box.check()


def business_account(screen: Screen) -> Iterator[str]:
    """What somebody with a business account meets, here and on the way back."""
    town = Organisation.objects.get(slug="gemeente-voorbeeld")
    out_of_band.agree(town)
    Connection.objects.update(enabled=True)
    _forget(screen)
    screen.open("/inloggen/sso/")
    yield "zakelijk-account"
    screen.field("E-mailadres van je werk").fill("iemand@onbekend.nl")
    screen.press("Ga verder")
    yield "zakelijk-account-onbekend"
    screen.open(f"/inloggen/sso/{town.slug}/")
    yield "zakelijk-account-organisatie"
    yield from _refusals(screen, town)
    _sign_in(screen, EMPLOYEE)
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens-niet-gekoppeld"
    person = User.objects.get(email=EMPLOYEE)
    there = {"organisation": town, "issuer": Connection.objects.get().issuer, "subject": "1"}
    Identity.objects.create(user=person, **there)
    out_of_band.come_by_provider(screen, town)
    screen.page.reload()
    yield "persoonlijke-gegevens-zakelijk-account"
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    yield "bevestig-identiteit-zakelijk-account"
    screen.press("Uitloggen")
    yield "uitgelogd-zakelijk-account"
    screen.forget_visitor()
    screen.open("/uitgelogd/")
    yield "uitgelogd-terug"
    Identity.objects.all().delete()
    yield from _invitation(screen, town)
    out_of_band.disagree(town)


def _refusals(screen: Screen, town: Organisation) -> Iterator[str]:
    """Every page that can stand where a sign-in did not succeed. Put in place of an answer: most need a provider."""
    Organisation.objects.filter(pk=town.pk).update(contact="de helpdesk van de gemeente, telefoon 0123 456 789")
    screen.open(f"/inloggen/sso/{town.slug}/callback/?state=onbekend")
    yield "zakelijk-account-begin-opnieuw"
    town.refresh_from_db()
    reasons = {page: reason for reason, page in sso.PAGES.items() if page != "again"}
    for page, reason in (reasons | {"outage": Reason.TOO_SLOW, "mistake": Reason.SIGNATURE}).items():
        arrival = CallbackResult(Connection.objects.get(organisation=town), reason=reason)
        with translation.override(screen.language):
            text = sso.refused_page(RequestFactory().get("/"), arrival).content.decode()
        screen.page.route("**/geweigerd/", partial(_answer, text))
        screen.open("/geweigerd/")
        yield f"zakelijk-account-{page}"
        screen.page.unroute("**/geweigerd/")


def _invitation(screen: Screen, town: Organisation) -> Iterator[str]:
    invited = UserFactory(email="uitgenodigd@voorbeeld.nl", organisation=town)
    invited.set_unusable_password()
    invited.save()
    screen.open(f"/wachtwoord-instellen/{links.make(invited, Purpose.INVITATION)}/")
    yield "uitnodiging-zakelijk-account"
    Organisation.objects.filter(pk=town.pk).update(second_step=SecondStep.BUSINESS_ACCOUNT)
    screen.page.reload()
    yield "uitnodiging-alleen-zakelijk-account"
    Organisation.objects.filter(pk=town.pk).update(second_step=SecondStep.OPTIONAL, contact="")
    invited.delete()


def single_sign_on(screen: Screen) -> Iterator[str]:
    """The set-up, as it is before anything was filled in and as it is when something needs to be done."""
    _sign_in(screen, ADMINISTRATOR)
    town = Organisation.objects.get(slug="gemeente-voorbeeld")
    here = f"/beheer/sso/{town.slug}/"
    for name, address in (("lijst", "/beheer/sso/"), ("leeg", here)):
        screen.open(address)
        yield f"beheer-sso-{name}"
    for kind in ("google", "keycloak", "anders", "entra"):
        screen.open(f"{here}aanbieder/?soort={kind}")
        yield f"beheer-sso-aanbieder-{kind}"
    screen.field("Tenant-id of maildomein").fill("common")
    screen.press("Opslaan")
    yield "beheer-sso-aanbieder-geweigerd"
    out_of_band.agree(town)
    for name in ("", "geheim", "sleutelpaar", "tweede-stap", "mensen", "noodaccount", "proef", "uitschakelen"):
        screen.open(f"{here}{name}/" if name else here)
        yield f"beheer-sso-{name or 'pagina'}"
    out_of_band.keep_sign_in_test(screen, town)
    screen.open(f"{here}proef/")
    yield "beheer-sso-proef-uitslag"
    screen.open(f"{here}sleutelpaar/")
    screen.press("Maak een sleutelpaar")
    yield "beheer-sso-sleutelpaar-wacht"
    screen.open(f"{here}domeinen/")
    screen.press("Toevoegen")
    yield "beheer-sso-domeinen-geweigerd"
    screen.page.get_by_role("textbox", name=screen.words("Maildomein")).fill("gemeente-voorbeeld.nl")
    screen.press("Toevoegen")
    yield "beheer-sso-domeinen"
    screen.follow("Bewijzen met een reden")
    yield "beheer-sso-domein-bewijzen"
    out_of_band.disagree(town)


ALL: tuple[Tour, ...] = (
    signed_out,
    signed_in,
    daily_use,
    set_up,
    second_device,
    with_recovery_codes,
    fresh_proof,
    address_change,
    second_step,
    passkeys,
    passkey_demanded,
    passkey_demands,
    lost_phone,
    after_reset,
    errors,
    demanded,
    demands,
    administration,
    mail,
    inviting,
    support_desk,
    business_account,
    single_sign_on,
)

# Django's own pages, of which only the colours are ours.
IN_ADMINISTRATION = (administration, demands, mail, passkey_demands, support_desk)
