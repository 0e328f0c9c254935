"""Mail domains as they are stored: lower case, ASCII, and of one organisation only."""

from __future__ import annotations

import ipaddress
from enum import Enum, auto

import idna

LONGEST = 253 - len("_assetmaps.")  # characters; the name of the DNS record must fit too (RFC 1035 section 2.3.4)

# Where anybody gets an address: they say nothing about the employer. Names below them are no better.
PUBLIC_DOMAINS = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.nl outlook.be outlook.de hotmail.com hotmail.nl hotmail.be
    hotmail.co.uk hotmail.fr hotmail.de live.com live.nl live.be live.co.uk msn.com passport.com onmicrosoft.com
    yahoo.com yahoo.nl yahoo.co.uk yahoo.de yahoo.fr ymail.com rocketmail.com aol.com aim.com icloud.com me.com
    mac.com privaterelay.appleid.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.com tuta.io
    tutamail.com startmail.com soverin.net fastmail.com fastmail.fm hey.com hushmail.com mailbox.org posteo.de
    posteo.net runbox.com zoho.com zohomail.eu gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de
    mail.com email.com inbox.com mail.ru bk.ru list.ru inbox.ru yandex.com yandex.ru qq.com 163.com 126.com
    naver.com ziggo.nl ziggomail.com upcmail.nl chello.nl home.nl casema.nl quicknet.nl multiweb.nl hccnet.nl
    kpnmail.nl kpnplanet.nl planet.nl hetnet.nl telfort.nl telfortglasvezel.nl xs4all.nl xmsnet.nl wxs.nl tele2.nl
    versatel.nl zonnet.nl online.nl orange.nl wanadoo.nl euronet.nl t-mobilethuis.nl onsbrabantnet.nl onsnet.nu
    caiway.nl caiway.net kabelfoon.nl kabelfoon.net solcon.nl solcon.net filternet.nl zeelandnet.nl freeler.nl
    dds.nl antenna.nl telenet.be skynet.be proximus.be scarlet.be pandora.be voo.be orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr libero.it virgilio.it btinternet.com sky.com comcast.net verizon.net mailinator.com
    guerrillamail.com 10minutemail.com yopmail.com trashmail.com simplelogin.com
    """.split()  # noqa: SIM905 - a text reads better than a list of words
)


class Flaw(Enum):
    NOT_A_DOMAIN = auto()
    PUBLIC = auto()


class DomainRefusedError(ValueError):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.name.lower())
        self.flaw = flaw


def normalise(typed: str) -> str:
    """The domain in lower-case ASCII, an international one as xn--… (UTS 46; RFC 5891). Raises DomainRefusedError.

    Takes what people paste: ``@gemeente.nl``, ``iemand@gemeente.nl``, a full stop at the end.
    """
    text = typed.strip().rpartition("@")[2].strip()
    try:
        name = idna.encode(text.removesuffix("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise DomainRefusedError(Flaw.NOT_A_DOMAIN) from None
    if len(name) > LONGEST or "." not in name or _is_number(name):
        raise DomainRefusedError(Flaw.NOT_A_DOMAIN)
    if is_public(name):
        raise DomainRefusedError(Flaw.PUBLIC)
    return name


def readable(domain: str) -> str:
    """As people write it: ``xn--…`` with its own letters."""
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def is_public(name: str) -> bool:
    labels = name.split(".")
    return any(".".join(labels[start:]) in PUBLIC_DOMAINS for start in range(len(labels)))


def _is_number(name: str) -> bool:
    # A last label of digits only makes browsers and libraries read the whole as an IPv4 address.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.rpartition(".")[2].isdigit()
    return True
