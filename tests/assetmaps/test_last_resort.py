from __future__ import annotations

from collections.abc import Callable, Iterable

from assetmaps.wsgi_guard import guard


# ASVS 3.4.1, 3.4.3, 3.4.4, 3.4.6, 3.4.8, 3.5.8
def test_answer_outside_django_has_the_defences_too() -> None:
    def broken(environ: dict, start_response: Callable) -> Iterable[bytes]:
        raise RuntimeError

    sent: dict[str, str] = {}
    list(guard(broken)({}, lambda _status, headers: sent.update(headers)))
    assert sent["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
    assert "frame-ancestors 'none'" in sent["Content-Security-Policy"]
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Cross-Origin-Opener-Policy"] == sent["Cross-Origin-Resource-Policy"] == "same-origin"
    assert sent["Cache-Control"] == "no-store"
