"""The QR code of a set-up, read by zxing: a second implementation, independent of the one that draws."""

from __future__ import annotations

import base64
import io
import random
import statistics

import pytest
import qrcode
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.util import lost_point

from accounts.models import User
from accounts.two_factor.totp import flows, qr


def address(chance: random.Random) -> str:
    """The `otpauth:` address of somebody with another secret each time."""
    name = "".join(chance.choice("abcdefghij") for _ in range(chance.randint(2, 30)))
    secret = base64.b32encode(chance.randbytes(20)).decode()
    return flows.provisioning_uri(User(email=f"{name}@voorbeeld.nl"), secret)


def opened(picture: qr.Picture) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(picture.uri.partition("base64,")[2])))
    image.load()  # raises on a wrong checksum
    return image


@pytest.mark.parametrize("length", [1, 40, 120, 250, 500, 900])
def test_text_of_any_length_is_read(length: int) -> None:
    text = ("otpauth://totp/" + "Assetmaps:iemand " * 60)[:length]
    assert zxingcpp.read_barcodes(opened(qr.picture(text)))[0].text == text


def test_picture_has_eight_pixels_a_module_and_one_bit_a_pixel() -> None:
    picture = qr.picture("otpauth://totp/Assetmaps:iemand")
    image = opened(picture)
    assert image.mode == "1"
    small = image.resize((image.width // 8, image.height // 8), Image.Resampling.NEAREST)
    assert small.resize(image.size, Image.Resampling.NEAREST).tobytes() == image.tobytes()
    assert picture.width % small.width == 0
    assert picture.width >= 200


def test_mask_is_as_good_as_the_one_that_the_library_would_choose() -> None:
    """By the penalty points of ISO/IEC 18004, which a mask without large areas and false finder patterns has few of."""
    chance = random.Random(1)
    ours, chosen = [], []
    for _ in range(15):
        text = address(chance)
        for mask, points in ((qr.MASK, ours), (None, chosen)):
            code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=mask)
            code.add_data(text)
            code.make()
            points.append(lost_point(code.modules))
    assert statistics.mean(ours) <= 1.05 * statistics.mean(chosen)
