"""Pictures that are made to keep the portal busy, uploaded by somebody who may."""

from __future__ import annotations

import io
import os
import random
import subprocess
import threading
from datetime import timedelta

import pytest
from PIL import Image

from accounts import limits
from accounts.audit.models import AuditEntry
from environments import subprocesses
from environments.administration import images
from environments.administration.image_conversion import jpeg_scans
from environments.administration.image_conversion.refusals import Refusal
from tests.changes import World
from tests.conftest import mails, outlive_proof, prove
from tests.environments.administration.test_images import picture
from tests.pages import signed_in

BEGIN, END = b"\xff\xd8", b"\xff\xd9"


def progressive(size: int = 400) -> bytes:
    noise = Image.frombytes("RGB", (size, size), random.Random(size).randbytes(3 * size * size))
    file = io.BytesIO()
    noise.save(file, "JPEG", progressive=True, quality=60)
    return file.getvalue()


def of_many_scans(number: int, size: int = 2000) -> bytes:
    """A progressive JPEG in which a scan that adds nothing is there ``number`` times: a few bytes each."""
    file = io.BytesIO()
    Image.new("L", (size, size), 128).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    second = whole.index(b"\xff\xda", whole.index(b"\xff\xda") + 2)
    head, scan = whole[:second], whole[second : whole.index(b"\xff", second + 12)]
    return head + scan * number + END


# ASVS 5.2.6
def test_jpeg_with_thousands_of_scans_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = of_many_scans(5_000)
    assert len(bomb) < limits.PICTURE_BYTES
    assert jpeg_scans.count(bomb, 10_000) == 5_001
    monkeypatch.setattr(limits, "PICTURE_MEMORY", 10**12)
    monkeypatch.setattr(limits, "PICTURE_SECONDS", timedelta(hours=1))
    assert images.redraw(bomb) is Refusal.TOO_MUCH_WORK


def test_same_jpeg_is_stopped_in_time_where_its_scans_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PICTURE_SCANS", 10**6)
    monkeypatch.setattr(limits, "PICTURE_SECONDS", timedelta(seconds=1))
    assert images.redraw(of_many_scans(5_000, 4_900)) is Refusal.TOO_MUCH_WORK


@pytest.mark.parametrize("between", [b"", b"\xff" * 7, b"\0\0", b"\xff\xd0", b"\xff\xfe\0\x04ok", b"\xff\x01"])
def test_scans_are_counted_whatever_stands_between_them(between: bytes) -> None:
    scan = b"\xff\xda\0\x03\0" + b"data\xff\0\xff\xd3data"
    assert jpeg_scans.count(BEGIN + b"\xff\xe0\0\x04\xff\xda" + (scan + between) * 300 + END, 1000) == 300


@pytest.mark.parametrize(
    "harmless",
    [
        b"\xff\xe1\x40\x00" + b"\xff\xda" * 0x1FFF,  # a preview or a note of the camera
        END + b"\xff\xda\0\x02" * 500,  # a film behind the photo
    ],
)
def test_what_a_camera_puts_beside_the_picture_is_no_scan(harmless: bytes) -> None:
    photo = picture("JPEG", (900, 900))
    at = 2 if harmless.startswith(b"\xff\xe1") else len(photo) - 2
    assert isinstance(images.redraw(photo[:at] + harmless + photo[at:]), dict)


def test_count_ends_whatever_the_bytes_are() -> None:
    chance = random.Random(7)
    for length in range(200):
        assert jpeg_scans.count(BEGIN + chance.randbytes(length), 100) <= 101
    for part in (b"\xff", b"\xff\xe1", b"\xff\xda", b"\xff\xda\0\0"):
        assert jpeg_scans.count(BEGIN + part * 5_000, 100) <= 101


def test_pictures_that_programs_write_are_drawn() -> None:
    assert jpeg_scans.count(progressive(), 100) > 5
    assert isinstance(images.redraw(progressive()), dict)


# ASVS 5.2.6
@pytest.mark.parametrize(
    ("kind", "size", "options"),
    [
        ("JPEG", (5000, 5000), {"progressive": True}),
        ("JPEG", (5000, 5000), {"progressive": True, "mode": "CMYK"}),
        ("PNG", (5000, 5000), {"mode": "RGBA"}),
        ("PNG", (5000, 5000), {"mode": "P", "transparency": 0}),
        ("PNG", (5000, 5000), {"mode": "I;16"}),
        ("WEBP", (3500, 3500), {"mode": "RGBA", "lossless": True}),
    ],
)
def test_largest_picture_that_is_allowed_fits_into_the_memory(
    kind: str, size: tuple[int, int], options: dict[str, object]
) -> None:
    assert isinstance(images.redraw(picture(kind, size, **options)), dict)


def test_process_that_needs_more_memory_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PICTURE_MEMORY", 150_000_000)
    assert images.redraw(picture("PNG", (5000, 5000), mode="RGBA")) is Refusal.TOO_MUCH_WORK


def test_program_that_draws_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    original = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **more: given.update(more["env"]) or original(*a, **more))
    monkeypatch.setenv("SECRET_KEY", "x" * 60)
    assert isinstance(images.redraw(picture()), dict)
    assert set(given) <= set(subprocesses.INHERITED) < {*os.environ, *subprocesses.INHERITED}


def test_who_comes_while_another_picture_is_drawn_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_TURN", timedelta(0))
    began, may_end = threading.Event(), threading.Event()
    original = subprocesses.run

    def slow(*args: object) -> object:
        began.set()
        may_end.wait(20)
        return original(*args)

    monkeypatch.setattr(subprocesses, "run", slow)
    first = threading.Thread(target=images.redraw, args=[picture()])
    first.start()
    assert began.wait(20)
    try:
        assert images.redraw(picture()) is Refusal.BUSY
    finally:
        may_end.set()
        first.join()
    assert isinstance(images.redraw(picture()), dict)


# Unseen changes ---------------------------------------------------------------------------------------------------


def test_picture_of_an_environment_is_changed_with_an_entry_a_mail_and_fresh_proof(transactional_db: None) -> None:
    world = World()
    client, address = signed_in(world.boss), f"/beheer/omgevingen/{world.environment.pk}/afbeelding/"
    mails().clear()
    for page, values in ((address, {"picture": io.BytesIO(picture())}), (f"{address}verwijderen/", {})):
        outlive_proof(client)
        assert client.post(page, values).url.startswith("/bevestig-identiteit/")
        assert not AuditEntry.objects.filter(event="environment_changed").exists()
        assert client.get(address).url.startswith("/bevestig-identiteit/")
    prove(client)
    client.post(address, {"picture": io.BytesIO(picture())})
    client.post(f"{address}verwijderen/", {})
    entries = AuditEntry.objects.filter(event="environment_changed", actor=world.boss)
    assert [entry.detail["picture"] for entry in entries] == ["1 → 2", "0 → 1"]
    assert [message.to[0] for message in mails()] == [world.administrator.email] * 2


def test_role_is_changed_with_fresh_proof_and_the_person_hears_it(transactional_db: None) -> None:
    world = World()
    client, address = signed_in(world.boss), f"/beheer/omgevingen/rol/{world.access.pk}/"
    mails().clear()
    outlive_proof(client)
    assert client.post(address, {"role": "manager"}).url.startswith("/bevestig-identiteit/")
    prove(client)
    client.post(address, {"role": "manager"})
    (message,) = mails()
    assert message.to == [world.person.email]
    assert "je rol: beheerder" in message.body
