"""Converts a picture in a process of its own: the uploaded file on standard input, JSON on standard output.

A JPEG of a megabyte can hold thousands of scans, each of which a decoder draws over the whole picture: minutes of work
in which the process that it runs in answers nobody. Here time and memory are bounded, whatever the picture is made of.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from PIL import Image

from environments import subprocesses
from environments.administration.image_conversion import webp
from environments.administration.image_conversion.refusals import Refusal, RefusedError


def main() -> None:
    bounds = json.loads(sys.argv[1])
    subprocesses.apply_limits(bounds)
    json.dump(_answer(sys.stdin.buffer.read(), bounds), sys.stdout)


def _answer(uploaded: bytes, bounds: dict[str, Any]) -> dict[str, Any]:
    try:
        files = webp.draw(uploaded, bounds)
    except RefusedError as refused:
        return {"refused": refused.why.value}
    except Image.DecompressionBombError:
        return {"refused": Refusal.TOO_MANY_PIXELS.value}
    except MemoryError:
        return {"refused": Refusal.TOO_MUCH_WORK.value}
    except Exception as mistake:  # a decoder may raise anything on a malicious file
        return {"refused": Refusal.NOT_A_PICTURE.value, "because": f"{type(mistake).__name__}: {mistake}"[:300]}
    return {"files": [(one.width, one.height, base64.b64encode(one.webp).decode("ascii")) for one in files]}


if __name__ == "__main__":
    main()
