"""buildah, and the base image: that of the Containerfile, or one made from Debian's packages of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PULL_WITHIN = 120  # seconds
BUILD_WITHIN = 1200
ARGUMENT = re.compile(r"^ARG BASE=(.+)$", re.M)
# What the base image of the Containerfile has, in Debian's packages.
PACKAGES = ("python3-venv", "python-is-python3", "ca-certificates")
INSTALLED = ("buildah", "mmdebstrap")


def named_base() -> str:
    """The base image that the Containerfile names."""
    return ARGUMENT.findall((ROOT / "Containerfile").read_text())[0]


def lacking() -> list[str]:
    return [program for program in INSTALLED if not shutil.which(program)]


def install() -> list[str]:
    """What is still lacking afterwards. Installs as root on Debian."""
    if lacking() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing", *lacking(), flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *lacking()]
        subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)
    return lacking()


class Buildah:
    """With all images and containers in a folder of its own, and without namespaces, so that it runs in a container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        storage = ["--root", str(folder / "storage"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]
        self._beginning = ["buildah", *storage]

    def command(self, *arguments: str) -> list[str]:
        return [*self._beginning, *arguments]

    def do(self, *arguments: str, seconds: float = BUILD_WITHIN, shown: bool = False) -> str:
        """What it prints. Raises CalledProcessError, TimeoutExpired."""
        output = None if shown else subprocess.PIPE
        done = subprocess.run(
            self.command(*arguments), check=True, stdout=output, stderr=output, text=True, timeout=seconds, cwd=ROOT
        )
        return (done.stdout or "").strip()

    def base(self) -> str:
        """The name of the base image, that of the Containerfile if it can be fetched."""
        named = named_base()
        try:
            self.do("pull", "--quiet", named, seconds=PULL_WITHIN)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(
                f"{named} cannot be fetched here ({type(error).__name__}): a base image is made from Debian's packages"
            )
            return self._debian()
        return named

    def _debian(self) -> str:
        archive = self.folder / "base.tar"
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        sources = [str(one) for one in Path("/etc/apt/sources.list.d").glob("*.sources")]
        sources += [str(one) for one in [Path("/etc/apt/sources.list")] if one.exists()]
        command = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--dpkgopt=force-unsafe-io",
            f"--include={','.join(PACKAGES)}",
        ]
        subprocess.run([*command, release["VERSION_CODENAME"], str(archive), *sources], check=True)
        made = self.do("from", "scratch")
        self.do("add", made, str(archive), "/")
        archive.unlink()
        self.do("commit", "--rm", made, "localhost/base")
        return "localhost/base"

    def build(self, base: str) -> str:
        """The name of the image that the Containerfile makes. Packages of Python come from where pip of this machine
        gets them."""
        settings = ["--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={base}", "--pull-never"]
        self.do("build", *settings, *self._pip(), "-t", "localhost/assetmaps", ".", shown=True)
        return "localhost/assetmaps"

    def _pip(self) -> list[str]:
        """Options that lend the settings of pip of this machine to the build; they are not in the image."""
        told = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
        ).stdout
        values: dict[str, str] = {}
        for name, value in re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", told, re.M):
            values[name] = value.replace("\\n", " ")
        certificates = os.environ.get("SSL_CERT_FILE")
        if certificates:
            values.setdefault("cert", certificates)
        file = self.folder / "pip.conf"
        file.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()))
        lent = {"/etc/pip.conf": str(file)}
        texts = " ".join(values.values())
        paths = [Path(path) for path in re.findall(r"(?:^|\s)(/[\w./-]+)", texts)]
        # An index in a folder names files beside it.
        paths += [Path(path).parent for path in re.findall(r"file://(/[\w./-]+)", texts)]
        lent |= {str(path): str(path) for path in paths if path.exists()}
        return [f"--volume={here}:{there}:ro" for there, here in lent.items()]
