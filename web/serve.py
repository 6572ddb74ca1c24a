"""Start the web front end: `python -m web.serve --port 8000 --workers 2`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import uvicorn

# All by name: the process that only watches over its workers loads nothing of the site.
APPLICATION = "web.asgi:application"
OPTIONS: dict[str, Any] = {
    "http": "web.front:Front",
    "loop": "uvloop",
    "ws": "none",
    "interface": "asgi3",
    "backlog": 4096,
    "timeout_keep_alive": 75,  # s, longer than a proxy in front keeps an idle connection
    "timeout_graceful_shutdown": 5,  # s, for what is under way at SIGTERM
    "access_log": False,  # the gateway writes one, without anything about the fan
    "log_config": None,
    "log_level": "warning",
    "proxy_headers": False,  # `web.address` decides whom to believe
    "server_header": False,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM; what is under way then is answered before the process ends."""
    parser = argparse.ArgumentParser(prog="web.serve", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("application", nargs="?", default=APPLICATION)
    given = parser.parse_args(arguments)
    uvicorn.run(
        given.application, host=given.host, port=given.port, workers=given.workers, **OPTIONS
    )


if __name__ == "__main__":
    main()
