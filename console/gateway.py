"""The gateway: nginx in front of the two services, configured from `console/nginx/`."""

from __future__ import annotations

import getpass
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fairness.errors import Misconfigured

_PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the gateway must know. Addresses are host:port."""

    listen: str
    fairness: str
    boxoffice: str
    trusted: tuple[str, ...] = ("127.0.0.1/32",)
    address_rate: int = 50  # requests per second
    address_burst: int = 200

    def write(self, folder: Path) -> Path:
        """Write the configuration into `folder`, where nginx will keep all else; return it."""
        folder.mkdir(parents=True, exist_ok=True)
        if re.search(r"[\s;{}'\"$]", str(folder)):
            raise Misconfigured(
                f"nginx cannot use the folder {folder}",
                field="--home",
                value=str(folder),
                rule="no spaces, quotes, or ; { } $ in its name",
                remedy="name another one with --home, or leave nginx out with --no-gateway",
            )
        # Started by root, nginx would hand its work to "nobody", who may not read our folder.
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        (folder / "site.conf").write_text(render("site.conf", self._values(folder)))
        main = folder / "nginx.conf"
        main.write_text(render("main.conf", {"FOLDER": str(folder), "USER": user}))
        return main

    def _values(self, folder: Path) -> dict[str, str]:
        return {
            "LISTEN": self.listen,
            "FAIRNESS": self.fairness,
            "BOXOFFICE": self.boxoffice,
            "TRUSTED": " ".join(f"set_real_ip_from {network};" for network in self.trusted),
            "ADDRESS_RATE": str(self.address_rate),
            "ADDRESS_BURST": str(self.address_burst),
            "CACHE_FOLDER": str(folder / "board"),
        }


def binary() -> str | None:
    """Return where nginx is, or None when it is not installed."""
    found = shutil.which("nginx")
    return found or next((place for place in _PLACES if os.access(place, os.X_OK)), None)


def command(nginx: str, configuration: Path) -> list[str]:
    """Return the command that runs nginx in the foreground."""
    return [nginx, "-e", "stderr", "-p", str(configuration.parent), "-c", str(configuration)]


def render(name: str, values: Mapping[str, str]) -> str:
    """Return `console/nginx/<name>` with its ${CAPITALS} filled in; KeyError if one is missing."""
    text = resources.files("console").joinpath("nginx", name).read_text("utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: values[found[1]], body) + "\n"
