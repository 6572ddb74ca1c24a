from __future__ import annotations

import pytest

from tests.workers.stage import Mailbox
from web.address import last_untrusted


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "81.2.3.4", "81.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 81.2.3.4", "81.2.3.4"),
        ("127.0.0.1", "81.2.3.4, 127.0.0.1", "81.2.3.4"),
        ("81.2.3.4", "6.6.6.6", "81.2.3.4"),
        ("127.0.0.1", "6.6.6.6, nonsense", "127.0.0.1"),
        ("127.0.0.1", "::ffff:81.2.3.4", "81.2.3.4"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", " , ,", "127.0.0.1"),
    ],
)
def test_a_proxy_is_believed_only_when_it_is_ours(
    site: Mailbox, peer: str, forwarded: str, client: str
) -> None:
    assert last_untrusted(peer, forwarded) == client
