"""`python -m console` is `fairticket`."""

from __future__ import annotations

from console.main import main

main()
