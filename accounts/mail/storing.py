"""A composed message as a row: sealed while it waits, and made a message again when it is sent."""

from __future__ import annotations

import json

from django.core.mail import EmailMultiAlternatives

from accounts import encryption
from accounts.mail.models import OutgoingMail

HTML = "text/html"


def pack(mail: OutgoingMail, message: EmailMultiAlternatives) -> None:
    """Seal the message into the row; the row names the recipient and the Message-ID, which it is bound to."""
    (page,) = [body for body, kind in message.alternatives if kind == HTML]
    parts = {"subject": message.subject, "body": message.body, "page": page, "headers": message.extra_headers}
    mail.content = encryption.seal(json.dumps(parts).encode(), owner=mail.sealed_owner())


def unpack(mail: OutgoingMail) -> EmailMultiAlternatives:
    """Raises SecretUnreadableError when the key is gone, or the row was changed."""
    parts = json.loads(encryption.unseal(bytes(mail.content), owner=mail.sealed_owner()))
    message = EmailMultiAlternatives(parts["subject"], parts["body"], to=[mail.to], headers=parts["headers"])
    message.attach_alternative(parts["page"], HTML)
    return message
