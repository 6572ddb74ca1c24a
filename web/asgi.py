"""What uvicorn serves: FAIRTICKET_SERVICE is fairness, boxoffice or all."""

from __future__ import annotations

import os
from typing import get_args

from fairness.errors import Misconfigured
from web.app import Service, create_app
from web.serving import Served

_service = os.environ.get("FAIRTICKET_SERVICE", "all")
if _service not in get_args(Service):
    raise Misconfigured(
        f"FAIRTICKET_SERVICE is {_service!r}",
        field="FAIRTICKET_SERVICE",
        rule=f"one of {', '.join(get_args(Service))}",
        remedy="correct it, or leave it out for all",
    )
application = Served(create_app(_service))  # type: ignore[arg-type]
