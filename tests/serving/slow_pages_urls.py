import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from assetmaps import urls

pool = ThreadPoolExecutor(1)


@login_not_required
def hang(request: HttpRequest) -> HttpResponse:
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("done")


@login_not_required
def leave_work(request: HttpRequest) -> HttpResponse:
    pool.submit(_write, Path(os.environ["WRITTEN"]))
    return HttpResponse("begun")


def _write(file: Path) -> None:
    time.sleep(1)
    file.write_text("done")


@login_not_required
def long(request: HttpRequest) -> StreamingHttpResponse:
    """So many megabytes, and in the end what is asked for."""

    def parts():
        yield from ["0123456789abcdef" * 62_500] * int(request.GET["megabytes"])
        if "breaks" in request.GET:
            raise RuntimeError("het geheim")

    return StreamingHttpResponse(parts())


@login_not_required
def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {request.scheme} {request.get_host()}")


@csrf_exempt
@login_not_required
def die(request: HttpRequest) -> HttpResponse:
    with Path(os.environ["WRITTEN"]).open("a") as file:
        file.write("once\n")
    os._exit(1)


@login_not_required
def died(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(Path(os.environ["WRITTEN"]).read_text().splitlines())))


@csrf_exempt
@login_not_required
def fail(request: HttpRequest, token: str) -> HttpResponse:
    """With everything that a visitor sent in a variable and in the text of the exception."""
    sent = f"{request.body.decode()} {token} {request.META}"
    raise ValueError(sent)


urlpatterns = [
    path("faalt/<str:token>", fail),
    path("wie", who),
    path("sterf", die),
    path("gestorven", died),
    path("hangt", hang),
    path("werk", leave_work),
    path("lang", long),
    *urls.urlpatterns,
]
