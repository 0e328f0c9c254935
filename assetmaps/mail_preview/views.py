"""While DEBUG is on: every mail as it would arrive, of made-up data. Sends nothing, and reads no person."""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assetmaps.mail_preview.examples import EXAMPLES, messages_of

EITHER = '<meta name="color-scheme" content="light dark">'


@login_not_required
@require_safe
def all_mails(request: HttpRequest) -> HttpResponse:
    subjects = {
        template: [messages_of(template, language)[0].subject for language, _name in settings.LANGUAGES]
        for template in sorted(EXAMPLES)
    }
    return render(request, "mail_preview/all_mails.html", {"subjects": subjects})


# Mails have their style in the elements, because many mail programs know no other; pages of ours never do.
@login_not_required
@require_safe
@csp_replace({"default-src": [NONE], "style-src": [SELF, UNSAFE_INLINE]})  # type: ignore[arg-type]
def one_mail(request: HttpRequest, template: str) -> HttpResponse:
    if template not in EXAMPLES:
        raise Http404
    mails = [
        {"language": language, "subject": message.subject, "text": message.body, "looks": _looks(message)}
        for language, _name in settings.LANGUAGES
        for message in messages_of(template, language)
    ]
    return render(request, "mail_preview/one_mail.html", {"template": template, "mails": mails})


def _looks(message: EmailMultiAlternatives) -> dict[str, str]:
    """The page as a mail program shows it that is light or dark, whatever this browser is."""
    page = str(message.alternatives[0][0])
    return {look: page.replace(EITHER, f'<meta name="color-scheme" content="{look}">') for look in ("light", "dark")}
