"""Links that end one kind of notice with one press, without signing in (RFC 8058).

Whoever has such a link was written to. It can do nothing but this, and the preferences undo it.
"""

from __future__ import annotations

from hmac import compare_digest

from boxoffice.notices.model import OPTIONAL
from fairness.errors import NotFound
from fairness.identity import keyed_hash

_MARK = 32  # characters of the keyed hash


class Unsubscribing:
    """Makes the links and reads them. `secret` is the deployment's pepper."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def url(self, site: str, account_id: str, template: str) -> str:
        """Return the page at which notices of this kind end for this account."""
        mark = self._mark(account_id, template)
        return f"{site}/notices/{account_id}/{template}/{mark}/stop"

    def check(self, account_id: str, template: str, mark: str) -> None:
        """Return when the link is one of ours; NotFound when not."""
        if template not in OPTIONAL or not compare_digest(
            self._mark(account_id, template).encode(), mark.encode()
        ):
            raise NotFound(
                "this link is not complete", remedy="copy all of it, or sign in and choose there"
            )

    def _mark(self, account_id: str, template: str) -> str:
        return keyed_hash(self._secret, "unsubscribe", f"{account_id}\0{template}")[:_MARK]
