"""One mailbox, one spelling: aliases that arrive in the same mailbox normalise to one text."""

from __future__ import annotations

# Providers with several domains for one and the same mailbox.
_SAME_PROVIDER = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
}
# Characters of the local part that these providers ignore.
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}


def domain(email: str) -> str:
    """Return the domain in lower case and ASCII (IDNA); empty when there is none."""
    name = email.strip().rpartition("@")[2].rstrip(".").lower() if "@" in email else ""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def normalise(email: str) -> str:
    """Return the mailbox behind `email`: case, +tags and ignored dots gone, provider unified.

    For comparing only, never for sending. A text without `@` comes back in lower case.
    """
    local = email.strip().lower().rpartition("@")[0]
    if not local:
        return email.strip().lower()
    host = domain(email)
    host = _SAME_PROVIDER.get(host, host)
    # A local part that begins with + is all tag: keep it rather than unite strangers.
    local = local.partition("+")[0] or local
    bare = local.translate({ord(sign): None for sign in _IGNORED.get(host, "")})
    return f"{bare or local}@{host}"
