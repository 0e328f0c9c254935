"""A program that cannot start says why in one line."""

from __future__ import annotations

import re

import pytest

from tests.assetmaps.configuration.loading import LEFT, RIGHT, joined, run


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgres://portal:{joined('/')}@db/portal"),
        ("CACHE_URL", f"redis://:{joined('#')}@cache"),
        ("SECRET_KEY", f"{joined('')}\udcff{'x' * 50}"),
        ("DEBUG", "maybe"),
    ],
)
@pytest.mark.parametrize("command", [("manage.py", "check", "--deploy"), ("-c", "import assetmaps.wsgi")])
def test_program_ends_with_one_line(command: tuple[str, ...], name: str, value: str) -> None:
    ended = run(*command, **{name: value})
    assert ended.returncode in (1, 3)
    assert ended.stdout == ""
    assert re.fullmatch(rf"Mijn Assetmaps cannot start\. The environment variable {name} .+\n", ended.stderr)
    assert LEFT not in ended.stderr
    assert RIGHT not in ended.stderr


@pytest.mark.parametrize("command", ["purge", "migrate", "createsuperuser"])
def test_other_commands_end_in_the_same_way(command: str) -> None:
    ended = run("manage.py", command, PUBLIC_URL="https://mijn.assetmaps.nl/pad")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "PUBLIC_URL" in ended.stderr
