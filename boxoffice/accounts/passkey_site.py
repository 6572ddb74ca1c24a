"""Whether a site can have passkeys, and what browsers and we call it then."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """For which site passkeys are: a browser gives them to no other."""

    rp_id: str  # its name
    origin: str

    @classmethod
    def of(cls, public_url: str) -> Site | None:
        """Return the site of an address, or None where browsers have no passkeys.

        They want a name, and HTTPS except on localhost.
        """
        url = urlsplit(public_url)
        host = url.hostname or ""
        if not host or _is_number(host) or (url.scheme != "https" and host != "localhost"):
            return None
        usual = {"https": 443, "http": 80}.get(url.scheme)
        port = "" if url.port in (None, usual) else f":{url.port}"
        return cls(host, f"{url.scheme}://{host}{port}")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
