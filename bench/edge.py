"""The floor of a join: nginx with Lua writes one ZADD into the same kind of store, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from console import engines, gateway, probes
from console.supervisor import Child, Supervisor

MODULES = Path("/usr/lib/nginx/modules")
NEEDED = (
    MODULES / "ndk_http_module.so",
    MODULES / "ngx_http_lua_module.so",
    Path("/usr/share/lua/5.1/nginx/redis.lua"),
)
PACKAGES = "libnginx-mod-http-lua and lua-nginx-redis"
CONFIGURATION = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    lua_package_path "/usr/share/lua/5.1/?.lua;;";
    server {{
        listen 127.0.0.1:{port};
        location / {{ content_by_lua_block {{
            local store = require("nginx.redis"):new()
            store:set_timeout(3000)
            local ok, why = store:connect("127.0.0.1", {store})
            if not ok then ngx.status = 503 ngx.say(why) return end
            local at = math.floor(ngx.now() * 1000000)
            ok, why = store:zadd("floor", at, ngx.var.http_authorization or "-")
            if not ok then ngx.status = 503 ngx.say(why) return end
            store:set_keepalive(10000, 64)
            ngx.header.content_type = "application/json"
            local body = '{{"at_us":' .. at .. '}}'
            ngx.header.content_length = #body
            ngx.print(body)
        }} }}
    }}
}}
"""


def missing() -> str:
    """Return what this machine lacks for the floor, in words; "" when it has all."""
    if gateway.binary() is None:
        return "no nginx: apt-get install nginx"
    absent = [str(file) for file in NEEDED if not file.exists()]
    return f"no {', '.join(absent)}: apt-get install {PACKAGES}" if absent else ""


@contextmanager
def joining(folder: Path, store_port: int) -> Iterator[tuple[int, int]]:
    """Yield port and process of such an nginx; it has one worker. It is in `folder`."""
    folder.mkdir(parents=True)
    port, nginx = engines.free_port(), gateway.binary()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(modules=MODULES, folder=folder, port=port, store=store_port)
    )
    supervisor = Supervisor(folder, print)
    try:
        command = gateway.command(str(nginx), configuration)
        supervisor.start([Child("edge", command, probes.listens(port), {})])
        yield port, psutil.Process(supervisor.pids()["edge"]).pid
    finally:
        supervisor.stop()
