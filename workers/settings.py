"""Everything that can be set from outside, read once. Secrets have no default."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from boxoffice.notices import push
from fairness import beacon_relays
from fairness.errors import Misconfigured
from fairness.ledger.cosigning import Policy
from workers import payment_keys

PREFIX = "FAIRTICKET_"


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment. Every field is the environment variable FAIRTICKET_<NAME>."""

    redis_url: str  # the line, limits, the board
    broker_url: str  # Celery's; never a Cluster
    smtp_url: str  # smtp://[user:password@]host:port, or smtps://
    public_url: str  # where fans find the site, no slash at the end
    ledger_folder: Path  # the log's public files
    session_key: str  # signs cookies and fan tokens
    pepper: str  # keys the hashes of addresses and cards
    pass_key: bytes  # Ed25519 seeds, 32 bytes, base64 in the environment
    ticket_key: bytes
    ledger_key: bytes
    beacon_key: bytes
    payment_provider: str  # "test" takes no money; "stripe" does, and needs the three keys below
    stripe_secret_key: str = ""  # sk_… or rk_…
    stripe_publishable_key: str = ""  # pk_…, for the fans' browsers
    stripe_webhook_secret: str = ""  # whsec_…, of the endpoint <public_url>/webhooks/stripe
    stripe_url: str = ""  # another server of Stripe's API, for tests
    webhooks_anywhere: int = 0  # 1, for developers: also plain HTTP and private addresses
    line_shards: str = ""  # further stores for arrivals, URLs separated by commas
    clock_bound_us: int = 0  # how far the clocks of the line's stores may be off, for new sales
    mail_from: str = "FairTicket <tickets@fairticket.example>"
    mail_per_s: int = 0  # mails a second at most; 0: as many as the server takes
    ses_region: str = ""  # of SES; empty: mail goes by SMTP
    ses_configuration_set: str = ""  # of SES, which tells of bounces
    bounce_topic: str = ""  # ARN of the topic of SNS that tells of bounces
    sns_region: str = ""  # of SNS; empty: no short messages
    sms_name: str = ""  # who sends a short message, where that is shown
    sms_per_s: int = 10  # short messages a second at most
    push_key: bytes = b""  # 32 bytes, base64 in the environment; empty: no notices on devices
    push_services: str = push.SERVICES  # hosts, or with a dot all under a name; comma-separated
    dynamodb_endpoint: str | None = None  # None: AWS
    aws_region: str = "eu-central-1"
    table_prefix: str = "fairticket-"
    ledger_origin: str = "fairticket.example/log"  # the log's name in its checkpoints
    trusted_proxies: str = "127.0.0.1/32"  # networks whose X-Forwarded-For is believed
    screening_tables: Path | None = None  # newer address and mailbox tables than the built-in ones
    drand_relays: str = beacon_relays.DEFAULT  # URLs of a public beacon, comma-separated
    witnesses: str = ""  # who cosigns the log: vkey=URL, separated by spaces
    witness_quorum: int = 0  # how many must have signed a checkpoint; 0: more than half
    board_events: int = 0  # pages that may listen to the board at one process; 0: all ask for it
    cors_origins: str = ""  # comma-separated; empty: no other site may call the API

    @property
    def relays(self) -> list[str]:
        """Return the relays of public beacons, in the order in which they are asked."""
        return [url for url in self.drand_relays.split(",") if url]

    @property
    def stripe_keys(self) -> dict[str, str]:
        """Return what Stripe needs, by the name of its setting."""
        return {
            "stripe_secret_key": self.stripe_secret_key,
            "stripe_publishable_key": self.stripe_publishable_key,
            "stripe_webhook_secret": self.stripe_webhook_secret,
        }

    @property
    def pushed_by(self) -> list[str]:
        """Return the push services that may be called."""
        return [name.strip() for name in self.push_services.split(",") if name.strip()]

    @property
    def shards(self) -> list[str]:
        """Return the URLs of the further stores at which fans arrive, in their order."""
        return [url.strip() for url in self.line_shards.split(",") if url.strip()]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Return the settings of `env`; Misconfigured names what is missing or wrong."""
        found = {
            name: env[PREFIX + name.upper()]
            for name in cls.__dataclass_fields__
            if env.get(PREFIX + name.upper())
        }
        missing = [
            PREFIX + n.upper()
            for n, f in cls.__dataclass_fields__.items()
            if n not in found and f.default is MISSING
        ]
        if missing:
            raise Misconfigured(
                f"not set: {', '.join(missing)}",
                field=missing[0],
                rule="required",
                remedy="set it in the environment, or use `fairticket up`, which sets everything",
            )
        parsers: dict[str, Any] = {
            "pass_key": _seed,
            "ticket_key": _seed,
            "ledger_key": _seed,
            "beacon_key": _seed,
            "push_key": _seed,
            "ledger_folder": _folder,
            "screening_tables": _folder,
            "trusted_proxies": _networks,
            "drand_relays": _urls,
            "witness_quorum": _count,
            "mail_per_s": _count,
            "sms_per_s": _count,
            "clock_bound_us": _count,
            "board_events": _count,
            "webhooks_anywhere": _count,
        }
        parsed: dict[str, Any] = {
            name: parsers[name](name, value) if name in parsers else value
            for name, value in found.items()
        }
        its = cls(**parsed)
        Policy.of(its.witnesses, its.witness_quorum)  # better said now than with every seal
        payment_keys.check(its.payment_provider, its.stripe_keys)
        return its


@cache
def settings() -> Settings:
    """Return this process's settings, read from its environment at the first call."""
    return Settings.from_env(os.environ)


def _seed(name: str, value: str) -> bytes:
    try:
        seed = base64.b64decode(value, validate=True)
    except binascii.Error:
        seed = b""
    if len(seed) != 32:
        raise Misconfigured(
            f"{PREFIX}{name.upper()} is not a key",
            field=PREFIX + name.upper(),
            rule="32 random bytes in base64",
            remedy="make one: openssl rand -base64 32",
        )
    return seed


def _count(name: str, value: str) -> int:
    if not value.isdigit():
        raise Misconfigured(
            f"{PREFIX}{name.upper()} is not a number",
            field=PREFIX + name.upper(),
            value=value,
            rule="a whole number",
            remedy="correct it",
        )
    return int(value)


def _folder(_name: str, value: str) -> Path:
    return Path(value).expanduser().absolute()


def _urls(name: str, value: str) -> str:
    urls = [url.strip().rstrip("/") for url in value.split(",") if url.strip()]
    for url in urls:
        if not url.startswith(("https://", "http://")):
            raise Misconfigured(
                f"{PREFIX}{name.upper()}: {url} is no address of a web server",
                field=PREFIX + name.upper(),
                value=url,
                rule="URLs such as https://api.drand.sh, separated by commas",
                remedy="correct it",
            )
    return ",".join(urls)


def _networks(name: str, value: str) -> str:
    for network in filter(None, value.split(",")):
        try:
            ip_network(network.strip())
        except ValueError as error:
            raise Misconfigured(
                f"{PREFIX}{name.upper()}: {error}",
                field=PREFIX + name.upper(),
                value=network,
                rule="networks such as 10.0.0.0/8, separated by commas",
                remedy="correct it",
            ) from error
    return value
