"""Static files as they are collected for production.

Own code: leaving comments and indentation out is a few lines; a minifier would be one more dependency in production.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMMENTS = {"css": re.compile(r"/\*.*?\*/", re.DOTALL), "js": re.compile(r"^\s*//.*$", re.MULTILINE)}  # by folder


class LeanStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed, and our own style sheets and scripts without what only their readers need."""

    def _save(self, name: str, content: Any) -> str:
        """``name``: with a folder; those of other packages begin with that of the package."""
        folder, _slash, file = name.partition("/")
        if folder in COMMENTS and file.endswith(f".{folder}"):
            text = b"".join(content.chunks()).decode()  # from its beginning: Django may have read it for its hash
            content = ContentFile(without_comments(text, COMMENTS[folder]).encode())
        saved: str = super()._save(name, content)
        return saved


def without_comments(text: str, comment: re.Pattern[str]) -> str:
    """Without indentation and empty lines too. Line ends stay: a script may need them between its statements."""
    lines = (line.strip() for line in comment.sub("", text).splitlines())
    return "".join(f"{line}\n" for line in lines if line)
