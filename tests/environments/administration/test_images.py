"""What is uploaded as a picture is drawn anew, or refused: attacks included."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib

import pytest
from django.conf import settings
from PIL import Image

from accounts import limits
from environments.administration import images
from environments.administration.image_conversion import __main__ as drawing
from environments.administration.image_conversion.refusals import Refusal

SIDE = limits.PICTURE_SHORTEST_SIDE
SCRIPT = b"<script>alert(1)</script><?php system($_GET['x']); ?>"


def picture(kind: str = "PNG", size: tuple[int, int] = (SIDE, SIDE), mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, options.pop("colour", 0)).save(file, kind, **options)
    return file.getvalue()


def drawn(uploaded: bytes) -> dict[int, Image.Image]:
    found = images.redraw(uploaded)
    assert isinstance(found, dict), found
    return {width: Image.open(io.BytesIO(webp)) for width, webp in found.items()}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width: int, height: int, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data or zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(SIDE, SIDE), (1600, 900), (301, 2000)])
def test_every_width_is_a_square_webp(kind: str, size: tuple[int, int]) -> None:
    found = drawn(picture(kind, size))
    assert tuple(found) == limits.PICTURE_WIDTHS
    for width, one in found.items():
        assert (one.format, one.size, one.mode) == ("WEBP", (width, width), "RGB")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_kinds_of_pixels_that_programs_write_are_read(mode: str) -> None:
    assert drawn(picture("PNG", mode=mode))


def test_jpeg_of_a_printer_is_read() -> None:
    assert drawn(picture("JPEG", mode="CMYK"))


def test_middle_is_what_is_seen() -> None:
    wide = Image.new("RGB", (900, 300), "red")
    wide.paste("blue", (300, 0, 600, 300))
    file = io.BytesIO()
    wide.save(file, "PNG")
    red, _green, blue = drawn(file.getvalue())[SIDE].getpixel((10, 10))
    assert blue > 200 > 60 > red


def test_transparent_becomes_white_because_a_dark_sign_disappears_on_a_dark_page() -> None:
    assert min(drawn(picture(mode="RGBA", colour=(0, 0, 0, 0)))[SIDE].getpixel((5, 5))) > 250


def test_photo_taken_sideways_stands_upright_and_tells_nothing_of_the_camera() -> None:
    sideways = Image.new("RGB", (600, 600), "white")
    sideways.paste("black", (0, 0, 600, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    exif[0x010F] = "CameraVanJan"
    exif.get_ifd(0x8825)[2] = (52.0, 22.0, 1.0)
    file = io.BytesIO()
    sideways.save(file, "JPEG", exif=exif, icc_profile=b"profiel" * 40, comment=b"van Jan")
    found = images.redraw(file.getvalue())
    assert isinstance(found, dict)
    for webp in found.values():
        assert not [word for word in (b"EXIF", b"XMP ", b"ICCP", b"Jan", b"profiel", b"VP8X") if word in webp]
    upright = Image.open(io.BytesIO(found[SIDE]))
    assert upright.getpixel((SIDE - 20, 20))[0] < 60 < 200 < upright.getpixel((20, SIDE - 20))[0]


# ASVS 5.2.2, 5.3.1
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_hidden_behind_or_in_a_picture_does_not_come_along(kind: str) -> None:
    polyglot = picture(kind) + SCRIPT + b"PK\x03\x04" + SCRIPT
    if kind == "PNG":
        polyglot = polyglot.replace(b"IEND", b"IEND", 1)
        at = polyglot.index(b"IDAT") - 4
        polyglot = polyglot[:at] + chunk(b"tEXt", b"Comment\0" + SCRIPT) + polyglot[at:]
    found = images.redraw(polyglot)
    assert isinstance(found, dict)
    assert not [webp for webp in found.values() if b"script" in webp or b"php" in webp or b"PK" in webp]


NOT_PICTURES = {
    "empty": b"",
    "text": b"geen afbeelding",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "html": b"<!doctype html>" + SCRIPT,
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n(x) run\n",
    "pdf": b"%PDF-1.7\n",
    "gif": b"GIF89a" + struct.pack("<HH", 400, 400) + b"\0\0\0;",
    "half a jpeg": picture("JPEG", (900, 900))[:-200][:600],
    "half a png": picture("PNG", (900, 900))[:120],
    "jpeg that is cut off": b"\xff\xd8\xff\xe0",
    "webp without a picture": b"RIFF\x04\0\0\0WEBP",
    "png that lies about its size": png_that_claims(4000, 4000),
}


# ASVS 5.2.2
@pytest.mark.parametrize("what", NOT_PICTURES)
def test_what_is_no_picture_is_refused_and_breaks_nothing(what: str) -> None:
    assert images.redraw(NOT_PICTURES[what]) is Refusal.NOT_A_PICTURE


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "PDF", "EPS"])
def test_kinds_that_nobody_needs_are_refused_although_pillow_knows_them(kind: str) -> None:
    assert images.redraw(picture(kind, (300, 300))) is Refusal.NOT_A_PICTURE


# ASVS 5.2.6
@pytest.mark.parametrize("size", [(30_000, 30_000), (5_000, 5_001), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1)])
def test_bomb_is_refused_before_it_unpacks(size: tuple[int, int]) -> None:
    bomb = png_that_claims(*size, zlib.compress(b"\0" * 10_000_000, 9))
    assert len(bomb) < 20_000
    tracemalloc.start()
    assert images.redraw(bomb) in (Refusal.TOO_MANY_PIXELS, Refusal.NOT_A_PICTURE)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_most_pixels_depend_on_what_the_decoder_needs() -> None:
    assert images.redraw(picture("WEBP", (4000, 3126), quality=1)) is Refusal.TOO_MANY_PIXELS
    assert isinstance(images.redraw(picture("JPEG", (4000, 3126), quality=1)), dict)


def test_text_in_a_png_that_unpacks_to_far_more_is_refused() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 100_000_000, 9))
    good = picture()
    at = good.index(b"IDAT") - 4
    assert images.redraw(good[:at] + text + good[at:]) is Refusal.NOT_A_PICTURE


@pytest.mark.parametrize("size", [(SIDE - 1, 2000), (2000, SIDE - 1), (1, 1)])
def test_small_picture_is_refused_because_it_would_be_blurred(size: tuple[int, int]) -> None:
    assert images.redraw(picture(size=size)) is Refusal.TOO_SMALL


def test_film_becomes_its_first_picture() -> None:
    file = io.BytesIO()
    first, second = (Image.new("RGB", (300, 300), colour) for colour in ("red", "blue"))
    first.save(file, "WEBP", save_all=True, append_images=[second] * 20)
    found = drawn(file.getvalue())[SIDE]
    assert getattr(found, "n_frames", 1) == 1
    assert found.convert("RGB").getpixel((9, 9))[0] > 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_picture_is_drawn_or_refused_and_nothing_else(kind: str) -> None:
    good, chance = picture(kind, (400, 400)), random.Random(kind)
    for _ in range(60):
        bad = bytearray(good)
        for _change in range(8):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        assert set(drawing._answer(bytes(bad), images.bounds())) & {"files", "refused"}


# ASVS 5.1.1
def test_document_says_what_may_be_uploaded() -> None:
    text = (settings.BASE_DIR / "docs" / "data.md").read_text().split("## What may be uploaded")[1].split("\n## ")[0]
    row = next(line for line in text.splitlines() if line.startswith("| picture of an environment"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2] == ", ".join(images.FORMATS)
    pixels = ", ".join(f"{kind} {most}" for kind, most in limits.PICTURE_PIXELS.items())
    assert cells[3] == f"{limits.PICTURE_BYTES} bytes; pixels: {pixels}; one an environment"
    seconds, scans = limits.PICTURE_SECONDS.total_seconds(), limits.PICTURE_SCANS
    assert f"{limits.PICTURE_MEMORY} bytes of memory, {seconds:.0f} s and no secret, a JPEG of more than {scans}" in row
    row = next(line for line in text.splitlines() if line.startswith("| list of people"))
    unpacked = f"{limits.WORKBOOK_UNPACKED} bytes in {limits.WORKBOOK_ENTRIES} entries"
    assert f"| {limits.IMPORT_BYTES} bytes, pasted what one request takes; {limits.IMPORT_LINES} lines; " in row
    assert f"a workbook unpacks to at most {unpacked} |" in row
    assert f"{limits.WORKBOOK_MEMORY} bytes of memory, {limits.WORKBOOK_SECONDS.total_seconds():.0f} s" in row
