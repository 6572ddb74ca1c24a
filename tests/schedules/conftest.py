"""The same deployment as the workers' tests have."""

from __future__ import annotations

from tests.workers.conftest import mailbox

__all__ = ["mailbox"]
