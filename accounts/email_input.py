"""An e-mail address as people type and paste it: `read` takes off what pasting adds, the field checks the shape.

The shape says nothing about who is known here, so a wrong one may be told to everybody (ASVS 6.3.8).
"""

from __future__ import annotations

import re
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

LONGEST = 254  # characters (RFC 5321 section 4.5.3.1.3, less the angle brackets)
LONGEST_TYPED = 1000  # with a name in front and what else pasting adds; judged before anything is done with it

# Marks that are not seen and come along from web pages, mail programs and chats: soft hyphen, zero width, direction.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
# Full-width forms, as some keyboards write them: "@" and "." are the ones that are met.
_ALIKE = str.maketrans({"\uff20": "@", "\ufe6b": "@", "\uff0e": ".", "\u3002": ".", "\uff61": "."})
MAILTO = "mailto:"
_AROUND = " \t\r\n\"'`<>()[]{},;:.\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"


def read(typed: str) -> str:
    """The address in what was typed or pasted, with an international domain as xn--… (RFC 5890); anything that holds
    no address comes back as it stands, without what surrounds it."""
    text = _UNSEEN.sub("", typed).translate(_ALIKE)
    text = _without_the_name(" ".join(text.split())).strip(_AROUND)
    text = text[len(MAILTO) :].partition("?")[0] if text.lower().startswith(MAILTO) else text
    local, at, domain = text.strip(_AROUND).rpartition("@")
    return f"{local}{at}{_in_ascii(domain)}"


def _without_the_name(text: str) -> str:
    """``Name <address>`` and ``Name address``, as mail programs copy it; two addresses are left as they are."""
    if text.count("@") != 1:
        return text
    if "<" in text:
        return text.rpartition("<")[2].partition(">")[0]
    return next((word for word in text.split() if is_whole(word.strip(_AROUND))), text)


def _in_ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain


def is_whole(address: str) -> bool:
    """Has it the shape of an address that our people can have: plain letters only, with a domain?"""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return address.isascii() and len(address) <= LONGEST


class TypedAddressField(forms.CharField):
    """An address, typed or pasted in any way. ``clean`` gives the address itself, or one sentence that says what is
    wrong with it."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "username"}
        messages = {
            "required": _("Type your e-mail address."),
            "invalid": _("This is not a whole e-mail address. It looks like name@organisation.nl."),
            "comma": _("There is a comma in this e-mail address. Did you mean a full stop: %(address)s?"),
            "several": _("Type one e-mail address."),
        }
        messages |= kwargs.pop("error_messages", {})
        attrs |= kwargs.pop("attrs", {})
        kwargs |= {"max_length": LONGEST_TYPED, "error_messages": messages, "widget": forms.EmailInput(attrs=attrs)}
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)  # the length first, see LONGEST_TYPED
        address = read(typed)
        if is_whole(address):
            return address
        with_stops = address.replace(",", ".")
        if "," in address and " " not in address and is_whole(with_stops):
            raise ValidationError(self.error_messages["comma"], code="comma", params={"address": with_stops})
        code = "several" if address.count("@") > 1 else "invalid"
        raise ValidationError(self.error_messages[code], code=code)
