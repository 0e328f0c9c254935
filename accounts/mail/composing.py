"""A message from its folder of templates, `templates/mail/<template>/`."""

from __future__ import annotations

import re
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string, select_template
from django.utils import translation

from accounts.mail import rendering
from accounts.mail.untrusted_text import greeting_name, single_line, without_foreign_links
from accounts.models import User


def compose(template: str, person: User, **context: Any) -> EmailMultiAlternatives:
    """The message in the person's language: ``subject.txt``, and ``body.txt`` as text and, made from it, as HTML.

    ``action.txt`` names the label and the address of the button, ``links.txt`` those of quiet links below it; in a
    notice without one that is "Dit was ik niet". What undoes what the person just asked for is never the button.
    """
    context = single_line_values(context) | {"person": person, "name": greeting_name(person.first_name)}
    context |= {"public_url": settings.PUBLIC_URL, "support": settings.SUPPORT_EMAIL}
    context |= {"support_phone": settings.SUPPORT_PHONE}
    with translation.override(person.language):
        subject = without_foreign_links(single_line(render_to_string(f"mail/{template}/subject.txt", context)))
        body = re.sub(r"\n{3,}", "\n\n", render_to_string(f"mail/{template}/body.txt", context).strip()) + "\n"
        body = without_foreign_links(body)
        action, links = (_labels(template, kind, context) for kind in ("action", "links"))
        page = rendering.as_html(subject, body, action, links, person.language)
    message = EmailMultiAlternatives(subject, body, headers=_headers(person.language))
    message.attach_alternative(page, "text/html")
    return message


def _labels(template: str, kind: str, context: dict[str, Any]) -> str:
    own = [f"mail/{template}/{kind}.txt", f"mail/{kind}.txt"]
    return str(select_template(own).render(context))


def _headers(language: str) -> dict[str, str]:
    return {
        "Auto-Submitted": "auto-generated",  # no automatic reply, such as an out-of-office message (RFC 3834)
        "Content-Language": language,
        # With our own domain: by default it would tell the name of the machine.
        "Message-ID": make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname),
    }


def single_line_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values, with every text on one line."""
    return {name: single_line(value) if isinstance(value, str) else value for name, value in values.items()}
