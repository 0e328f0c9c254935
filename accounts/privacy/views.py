"""What is kept about a person, as a file for superusers."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.active_sessions.reauthentication import fresh_proof_required
from accounts.audit.origin import Origin
from accounts.http_requests import PersonRequest
from accounts.models import User
from accounts.privacy import personal_data


@require_POST
@fresh_proof_required
def export_person(request: PersonRequest, person_id: int) -> StreamingHttpResponse:
    """The file of the command `export_person`. Its name says who it is about by number only."""
    if not request.user.is_superuser:
        raise PermissionDenied
    subject = get_object_or_404(User.objects.select_related("membership"), pk=person_id)
    written = personal_data.export(subject, Origin.of(request), actor=request.user)
    name = f"persoon-{subject.pk}-{timezone.localdate():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(written, content_type="application/json; charset=utf-8", headers=headers)
