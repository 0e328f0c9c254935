"""Style sheets and scripts are collected without comments and indentation, and say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from assetmaps.static_storage import LeanStorage

OURS = sorted(path for folder in ("css", "js") for path in (settings.BASE_DIR / "static" / folder).iterdir())


def collected(path: Path, folder: Path) -> str:
    storage = LeanStorage(location=folder)
    name = storage.save(f"{path.parent.name}/{path.name}", ContentFile(path.read_bytes()))
    assert list(storage.post_process({name: (storage, name)}))
    hashed = storage.stored_name(name)
    assert "url(" in path.read_text() or (folder / hashed).read_text() == (folder / name).read_text()
    return (folder / name).read_text()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_file_loses_comments_and_indentation_only(path: Path, tmp_path: Path) -> None:
    lean, written = collected(path, tmp_path), path.read_text()
    comments = r"/\*.*?\*/" if path.suffix == ".css" else r"(?m)^\s*//.*$"
    bare = re.sub(comments, "", written, flags=re.DOTALL if path.suffix == ".css" else 0)
    assert lean.split() == bare.split()
    assert not re.search(r"/\*|^\s|^//|\n\n", lean, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".js"], ids=lambda path: path.name)
def test_no_text_in_a_script_goes_on_in_the_next_line_where_its_indentation_would_count(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if line.count("`") % 2] == []


def test_files_of_other_packages_stay_as_they_are(tmp_path: Path) -> None:
    storage = LeanStorage(location=tmp_path)
    name = storage.save("admin/css/base.css", ContentFile(b"/* Django */\n  a {}\n"))
    assert (tmp_path / name).read_bytes() == b"/* Django */\n  a {}\n"
