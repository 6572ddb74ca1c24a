"""The whole stand on this machine: what runs, with which settings, on which ports."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property

from console import engines, gateway, probes, processes
from console.engines import LOCAL
from console.home import Home
from console.supervisor import Child
from console.witness.home import open_witness
from fairness import keys
from fairness.errors import Conflict, Misconfigured
from fairness.ledger.notes import Signer, Verifier
from workers import queues

ORGANISER = "organiser@fairticket.example"
ORIGIN = "fairticket.example/log"
# Seats are allocated in parallel; every other group does its work in few, large steps.
CONCURRENCY = {queues.ALLOCATION: 3, queues.ORDERS: 3}
CLOCK_BOUND_US = 10_000  # of several stores; here they have one clock, elsewhere an NTP service


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen about a stack."""

    port: int | None = None  # of the site; None: a free one, the same as the last time if it can be
    host: str = LOCAL
    public_url: str | None = None  # when fans reach the site by another name
    web_workers: int = 1  # per service
    stores: int = 1  # at which fans of one line arrive
    gateway: bool | None = None  # None: when nginx is installed
    address_rate: int = 50  # requests per second and address, at the gateway
    address_burst: int = 200


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running stack is found."""

    site: str
    organiser: str
    flower: str
    mail: str


class Stack:
    """The parts of one stack in one home. Ports are chosen when it is made."""

    def __init__(self, home: Home, options: Options) -> None:
        """Conflict when the port is in use; Misconfigured when nginx is wanted and absent."""
        self.home = home
        self.options = options
        self.nginx = self._find_nginx()
        if options.port and not engines.is_free(options.port):
            raise Conflict(
                f"port {options.port} is in use",
                field="--port",
                value=options.port,
                rule="a port that nothing else listens on",
                remedy="choose another one, or leave --port out to get a free one",
            )
        self.port = options.port or home.port("site")
        self._further = [f"valkey-{number}" for number in range(2, options.stores + 1)]
        parts = ("valkey", "dynamodb", "smtp", "mail", "flower", "fairness", "boxoffice", "witness")
        self.ports = {name: home.port(name) for name in (*parts, *self._further)}
        self._secrets = home.secrets()

    @cached_property
    def addresses(self) -> Addresses:
        """Where people find it."""
        host = LOCAL if self.options.host in ("0.0.0.0", "::") else self.options.host  # noqa: S104
        site = self.options.public_url or f"http://{host}:{self.port}"
        return Addresses(
            site=site.rstrip("/"),
            organiser=f"{site.rstrip('/')}/organiser",
            flower=f"http://{LOCAL}:{self.ports['flower']}",
            mail=f"http://{LOCAL}:{self.ports['mail']}",
        )

    @cached_property
    def organiser(self) -> tuple[str, str]:
        """The generated organiser's address and password."""
        return ORGANISER, self._secrets["FAIRTICKET_ORGANISER_PASSWORD"]

    @cached_property
    def flower_login(self) -> tuple[str, str]:
        """Flower's user name and password."""
        return "flower", self._secrets["FAIRTICKET_FLOWER_PASSWORD"]

    @cached_property
    def env(self) -> dict[str, str]:
        """The settings of every process of this stack."""
        store = f"redis://{LOCAL}:{self.ports['valkey']}"
        return {
            **self._secrets,
            "FAIRTICKET_REDIS_URL": f"{store}/0",
            "FAIRTICKET_BROKER_URL": f"{store}/1",
            **self._shards(),
            "FAIRTICKET_SMTP_URL": f"smtp://{LOCAL}:{self.ports['smtp']}",
            "FAIRTICKET_PUBLIC_URL": self.addresses.site,
            "FAIRTICKET_LEDGER_ORIGIN": ORIGIN,
            "FAIRTICKET_LEDGER_FOLDER": str(self.home.ledger),
            "FAIRTICKET_DYNAMODB_ENDPOINT": f"http://{LOCAL}:{self.ports['dynamodb']}",
            "FAIRTICKET_TRUSTED_PROXIES": "127.0.0.1/32",
            "FAIRTICKET_PAYMENT_PROVIDER": "test",
            "FAIRTICKET_WEBHOOKS_ANYWHERE": "1",
            "FAIRTICKET_WITNESSES": f"{self._witness_key}=http://{LOCAL}:{self.ports['witness']}",
        }

    def engines(self) -> list[Child]:
        """The stores and the mail sink: what all else stands on."""
        ports, data = self.ports, self.home.data
        sink = processes.mailsink(LOCAL, ports["smtp"], ports["mail"], data / "letters.jsonl")
        valkey, store = engines.valkey(ports["valkey"], data / "valkey"), self.env
        dynamodb = engines.dynamodb(ports["dynamodb"], data / "dynamodb")
        return [
            Child("valkey", valkey, probes.pings(store["FAIRTICKET_REDIS_URL"])),
            *(self._store(name) for name in self._further),
            Child("dynamodb", dynamodb, probes.listens(ports["dynamodb"])),
            Child("mailsink", sink, probes.http_ok(f"{self.addresses.mail}/healthz")),
        ]

    def programs(self) -> list[Child]:
        """The two services, or both in one; a worker per queue; the clock; Flower; a witness."""
        parts = [*self._services(), *self._workers(), self._beat(), self._flower()]
        return [*parts, self._witness()]

    def front(self) -> list[Child]:
        """The gateway, when there is nginx."""
        if self.nginx is None:
            return []
        configuration = gateway.Gateway(
            listen=f"{self.options.host}:{self.port}",
            fairness=f"{LOCAL}:{self.ports['fairness']}",
            boxoffice=f"{LOCAL}:{self.ports['boxoffice']}",
            address_rate=self.options.address_rate,
            address_burst=self.options.address_burst,
        ).write(self.home.data / "gateway")
        command = gateway.command(self.nginx, configuration)
        return [Child("gateway", command, probes.http_ok(f"http://{LOCAL}:{self.port}/healthz"))]

    def _shards(self) -> dict[str, str]:
        """Return the settings that several stores need; with one, none."""
        if not self._further:
            return {}
        return {
            "FAIRTICKET_LINE_SHARDS": ",".join(map(self._url, self._further)),
            "FAIRTICKET_CLOCK_BOUND_US": str(CLOCK_BOUND_US),
        }

    def _url(self, name: str) -> str:
        return f"redis://{LOCAL}:{self.ports[name]}/0"

    def _store(self, name: str) -> Child:
        command = engines.valkey(self.ports[name], self.home.data / name)
        return Child(name, command, probes.pings(self._url(name)))

    def _find_nginx(self) -> str | None:
        if self.options.gateway is False:
            return None
        found = gateway.binary()
        if found is None and self.options.gateway:
            raise Misconfigured(
                "nginx is not installed",
                field="--gateway",
                rule="an nginx on the PATH",
                remedy="install it (Debian: apt-get install nginx), or leave --gateway out",
            )
        return found

    def _services(self) -> list[Child]:
        if self.nginx is None:
            return [self._web("all", self.options.host, self.port)]
        return [self._web(name, LOCAL, self.ports[name]) for name in ("fairness", "boxoffice")]

    def _web(self, service: str, host: str, port: int) -> Child:
        name = f"web-{service}"
        env = {**self.env, **self._counting(name), "FAIRTICKET_SERVICE": service}
        command = processes.web(host, port, self.options.web_workers)
        return Child(name, command, probes.http_ok(f"http://{LOCAL}:{port}/readyz"), env)

    def _workers(self) -> list[Child]:
        roll = probes.Roll(self.env["FAIRTICKET_BROKER_URL"])
        return [
            Child(
                f"worker-{queue}",
                processes.worker(queue, CONCURRENCY.get(queue, 1)),
                roll.has(queue),
                {**self.env, **self._counting(f"worker-{queue}"), **self._metrics(queue)},
            )
            for queue in queues.ALL
        ]

    def _beat(self) -> Child:
        ticks = probes.has_key(self.env["FAIRTICKET_REDIS_URL"], keys.beat_lease())
        return Child("beat", processes.beat(), ticks, self.env)

    def _flower(self) -> Child:
        command = processes.flower(LOCAL, self.ports["flower"])
        env = {**self.env, "FLOWER_BASIC_AUTH": ":".join(self.flower_login)}
        return Child("flower", command, probes.http_ok(f"{self.addresses.flower}/healthcheck"), env)

    @cached_property
    def _witness_key(self) -> Verifier:
        """The key of a witness on this machine. It shows how it works: it is not independent."""
        return open_witness(self.home.folder / "witness", "witness.localhost/demo")[0].verifier

    def _witness(self) -> Child:
        seed = base64.b64decode(self._secrets["FAIRTICKET_LEDGER_KEY"])
        log, port = Signer(ORIGIN, seed).verifier, self.ports["witness"]
        command = processes.witness(self.home.folder / "witness", LOCAL, port, str(log))
        return Child("witness", command, probes.http_ok(f"http://{LOCAL}:{port}/healthz"))

    def _metrics(self, queue: str) -> dict[str, str]:
        return {"FAIRTICKET_METRICS_PORT": str(self.home.port(f"metrics-{queue}"))}

    def _counting(self, name: str) -> dict[str, str]:
        """Return where the processes of one part count together, emptied: counts start anew."""
        folder = self.home.data / "metrics" / name
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.db"):
            left.unlink()
        return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
