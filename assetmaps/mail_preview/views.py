"""While DEBUG is on: every mail as it would be received, with made-up data. Sends nothing, and reads no person."""

from __future__ import annotations

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assetmaps.mail_preview.examples import EXAMPLES, messages_of

BOTH_SCHEMES = '<meta name="color-scheme" content="light dark">'
COLOUR_SCHEMES = ("light", "dark")


@login_not_required
@require_safe
def all_mails(request: HttpRequest) -> HttpResponse:
    subjects = {
        template: [messages_of(template, language)[0].subject for language, _name in settings.LANGUAGES]
        for template in sorted(EXAMPLES)
    }
    return render(request, "mail_preview/all_mails.html", {"subjects": subjects})


@login_not_required
@require_safe
def one_mail(request: HttpRequest, template: str) -> HttpResponse:
    if template not in EXAMPLES:
        raise Http404
    mails = [
        {"language": language, "number": number, "subject": message.subject, "text": message.body}
        for language, _name in settings.LANGUAGES
        for number, message in enumerate(messages_of(template, language))
    ]
    return render(
        request, "mail_preview/one_mail.html", {"template": template, "mails": mails, "schemes": COLOUR_SCHEMES}
    )


# Mails have inline styles, because many mail programs support no others; our pages never do.
@login_not_required
@require_safe
@csp_replace({"default-src": [NONE], "style-src": [UNSAFE_INLINE]})  # type: ignore[arg-type]
def as_html(request: HttpRequest, template: str, language: str, number: int, scheme: str) -> HttpResponse:
    """As a light or dark mail program shows it, whatever the scheme of this browser."""
    if template not in EXAMPLES or language not in dict(settings.LANGUAGES) or scheme not in COLOUR_SCHEMES:
        raise Http404
    if number >= len(EXAMPLES[template]):
        raise Http404
    page = str(messages_of(template, language)[number].alternatives[0][0])
    return HttpResponse(page.replace(BOTH_SCHEMES, f'<meta name="color-scheme" content="{scheme}">'))
