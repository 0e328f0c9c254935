"""What `deploy/` and the `Containerfile` say, judged by the programs that read them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import server
from tests.provider import free_port
from tests.services import missing
from tests.serving import nginx
from tests.serving.conftest import environment
from tests.serving.raw_http import TIMEOUT

DEPLOY = server.ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in (".service", ".socket", ".timer"))
CONTAINERFILE = server.ROOT / "Containerfile"


@pytest.fixture
def unit_files(tmp_path: Path) -> Path:
    """Copies whose programs exist: `/srv/assetmaps` is this folder."""
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(text.replace("/srv/assetmaps", str(server.ROOT)))
    return tmp_path


@pytest.mark.skipif(missing("systemd-analyze"), reason="no systemd")
def test_systemd_takes_every_unit(unit_files: Path) -> None:
    found = [str(unit_files / name) for name in UNITS]
    told = subprocess.run(["systemd-analyze", "verify", *found], capture_output=True, text=True)
    ours = [line for line in told.stderr.splitlines() if "assetmaps" in line and "is executable" not in line]
    assert ours == []
    assert told.returncode == 0


@pytest.mark.skipif(missing("systemd-analyze"), reason="no systemd")
def test_systemd_refuses_a_unit_with_a_word_that_it_does_not_know(unit_files: Path) -> None:
    """So that the test above can fail."""
    unit = unit_files / "assetmaps.service"
    unit.write_text(unit.read_text().replace("ExecStart=", "ExecStrat="))
    told = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert "ExecStrat" in told.stderr or told.returncode


def test_units_say_what_the_readme_and_each_other_say() -> None:
    service, socket = ((DEPLOY / f"assetmaps.{kind}").read_text() for kind in ("service", "socket"))
    command = re.search(r"ExecStart=(.+)", service)[1].replace("/srv/assetmaps/", "")
    assert command in (server.ROOT / "README.md").read_text()
    assert re.search(r"ListenStream=(.+)", socket)[1] in command
    assert "Requires=assetmaps.socket" in service


def instructions(kind: str) -> list[str]:
    """The arguments of each instruction of that kind, lines that go on joined."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return re.findall(rf"^{kind} (.+)$", text, re.MULTILINE)


def test_image_has_two_stages_and_runs_as_nobody_who_could_change_it() -> None:
    assert len(instructions("FROM")) == 2
    assert instructions("USER") == ["10001"]
    assert all("--chown" not in copied for copied in instructions("COPY"))


def test_what_the_image_copies_is_there_and_holds_the_whole_program() -> None:
    copied = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert all((server.ROOT / name).exists() for name in copied)
    program = {path.parent.name for path in server.ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert program <= set(copied)
    assert {"templates", "static", "manage.py", "gunicorn.conf.py"} <= set(copied)


def test_image_starts_the_command_of_the_readme() -> None:
    [told] = instructions("CMD")
    used = server.command("http://0.0.0.0:8000", "--workers", "2")
    assert re.findall(r'"([^"]+)"', told) == [Path(used[0]).name, *used[1:]]


def test_commands_that_build_the_image_work_on_what_it_copies(tmp_path: Path) -> None:
    """All but the packages, which the machine that builds the image fetches."""
    for line in instructions("COPY"):
        for name in line.split()[:-1] if "--from" not in line else ():
            source = server.ROOT / name
            shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path)
    (tmp_path / ".venv").symlink_to(server.ROOT / ".venv")
    [build] = [line for line in instructions("RUN") if "collectstatic" in line]
    done = subprocess.run(
        ["sh", "-euc", build.replace("/tmp/keys", str(tmp_path / "keys"))],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "staticfiles").is_dir()
    assert not (tmp_path / "keys").exists()


@pytest.mark.usefixtures("django_db_setup")
def test_health_check_of_the_image_tells_a_server_from_none() -> None:
    [told] = re.findall(r"CMD \[(.+)\]$", instructions("HEALTHCHECK")[0])
    port = free_port("127.0.0.1")
    command = [word.replace("8000", str(port)) for word in shlex.split(told.replace('", "', '" "'))]
    command[0] = str(server.ROOT / ".venv" / "bin" / command[0])
    assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 1
    process = server.start(f"http://127.0.0.1:{port}", "--workers", "1", env=environment())
    try:
        assert subprocess.run(command).returncode == 0
    finally:
        process.terminate()
        process.wait(TIMEOUT)


@pytest.mark.skipif(not nginx.PROGRAM, reason=nginx.MISSING)
def test_lines_for_several_machines_replace_those_for_one(tmp_path: Path) -> None:
    text = nginx.for_several((DEPLOY / "nginx.conf").read_text(), ["10.1.0.1:8000", "10.1.0.2:8000"])
    assert re.findall(r"^ +server (10\S+) (.*);", text, re.MULTILINE) == [
        ("10.1.0.1:8000", "max_fails=1 fail_timeout=5s"),
        ("10.1.0.2:8000", "max_fails=1 fail_timeout=5s"),
    ]
    assert "#several" not in text
    assert "127.0.0.1:8000" not in text
    for name in ("proxy_connect_timeout", "proxy_read_timeout", "proxy_next_upstream"):
        assert len(re.findall(rf"^ +{name} ", text, re.MULTILINE)) == 1
    assert re.search(r"proxy_read_timeout +(\d+)s", text)[1] == str(nginx.SILENCE)
