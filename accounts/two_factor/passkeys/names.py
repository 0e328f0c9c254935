"""By which name a person recognises a passkey: of what keeps it, or of the device on which it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.origin import SYSTEMS
from accounts.two_factor.models import Passkey

# What keeps passkeys, by AAGUID (WebAuthn section 6.5.1): those of the community's list (passkeydeveloper on GitHub,
# "Passkey Authenticator AAGUIDs") that people have. Not translated. Without attestation anybody can claim any of them,
# so a name is all that follows from one.
KEEPERS = {
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "d3452668-01fd-4c12-926c-83a4204853aa": "Microsoft Password Manager",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
    "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "771b48fd-d3d4-4f74-9232-fc157ab0507a": "Edge on Mac",
    "b5397666-4885-aa6b-cebf-e52262a439a2": "Chromium",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
    "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
    "b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
    "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
    "b78a0a55-6ef8-d246-a042-ba0f6d55050c": "LastPass",
    "f3809540-7f14-49c1-a8b3-8f813b225541": "Enpass",
    "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
    "eaecdef2-1c31-5634-8639-f1cbd9c00a08": "KeePassDX",
}
LONGEST = 40  # characters, as `forms.NameForm`


def keeper_of(aaguid: str) -> str:
    """What keeps passkeys of this kind; empty when it is not known."""
    return KEEPERS.get(aaguid, "")


def suggested(aaguid: str, transports: Sequence[str], browser: str) -> str:
    """``transports``: how a browser reaches it; ``browser``: the User-Agent header of where it was made."""
    if keeper := keeper_of(aaguid):
        return keeper
    if transports and not {"internal", "hybrid"} & set(transports):
        return _("Security key")
    return next((name for sign, name in SYSTEMS if sign in browser), "") or _("Passkey")


def unused(name: str, mine: Iterable[Passkey]) -> str:
    """This name, with a number where another passkey of the person has it already; compared without case."""
    names = {passkey.name.casefold() for passkey in mine}
    numbered = [name, *(f"{name[: LONGEST - 4]} {number}" for number in range(2, limits.PASSKEYS + 2))]
    return next(one for one in numbered if one.casefold() not in names)
