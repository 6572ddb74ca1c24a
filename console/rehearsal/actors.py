"""Who comes: fans with real-looking browsers, and three kinds of scalper.

An actor is data: what its requests look like and what it does. `crowd` makes it act.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from random import Random

FAN, SCRIPT, HEADLESS, LINKED = "fan", "script", "headless", "linked"
SCALPERS = (SCRIPT, HEADLESS, LINKED)

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"  # noqa: E501
MAC_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"  # noqa: E501
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 {mobile}Safari/537.36"  # noqa: E501
CHROME_BRANDS = '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"'
CHROME_SYSTEMS = (
    ("Linux; Android 10; K", '"Android"', "?1", 0.6),
    ("Windows NT 10.0; Win64; x64", '"Windows"', "?0", 0.3),
    ("Macintosh; Intel Mac OS X 10_15_7", '"macOS"', "?0", 0.1),
)
SCRIPT_AGENTS = ("python-requests/2.32.3", "curl/8.14.1", "Go-http-client/2.0", "okhttp/4.12.0")
LANGUAGES = ("en-GB,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "es-ES,es;q=0.9", "en-US,en;q=0.8")
HOME_NETWORKS = ("81.152", "84.132", "86.23", "91.55", "93.213", "79.192", "88.12", "62.155")
PHONE_CARRIER = "109.43"  # one address for many phones: fans, all the same
APPLE_RELAY = "172.225"
DATACENTERS = ("3.120", "34.107", "20.52", "167.235")
MAILBOXES = ("gmail.com", "gmx.de", "outlook.com", "icloud.com", "posteo.de", "yahoo.es")
THROWAWAY = ("mailinator.com", "guerrillamail.com", "yopmail.com")
LOOKS = 5.0  # seconds between two looks of a page at the board


@dataclass(slots=True)
class Actor:
    """One account with its browser and its intentions. Times are seconds."""

    number: int
    kind: str
    arrives_s: float
    email: str
    name: str
    address: str
    headers: dict[str, str]
    device: str
    cards: list[str] = field(default_factory=list)  # fingerprints known from earlier orders
    wants: int = 2
    tier: str | None = None
    picks_on_map: bool = False
    newcomer: bool = False  # signs up through the site instead of long ago
    gives_up: bool = False  # leaves the line before being called
    comes_back: bool = False  # closes the page, and joins again later
    abandons: bool = False  # lets the held seats go
    declined_first: bool = False  # the first card is declined
    thinks_s: float = 1.5
    looks_every_s: float = LOOKS
    account_id: str = ""
    token: str = ""


def cast(
    fans: int, scalpers: int, times: list[float], rng: Random, tiers: list[str]
) -> list[Actor]:
    """Return `fans` + `scalpers` actors who arrive at `times` (fans) or as their trade does."""
    actors = [_fan(n, at, rng, tiers) for n, at in zip(range(fans), times, strict=True)]
    makers = {SCRIPT: _script, HEADLESS: _headless, LINKED: _linked}
    for n in range(scalpers):
        kind = SCALPERS[n % len(SCALPERS)]
        actor = makers[kind](fans + n, rng)
        actor.tier = rng.choice([*tiers, None])
        actors.append(actor)
    return actors


def _fan(number: int, at: float, rng: Random, tiers: list[str]) -> Actor:
    headers = _browser(rng)
    network = rng.choice(HOME_NETWORKS)
    if "iPhone" in headers["User-Agent"] and rng.random() < 0.2:
        network = APPLE_RELAY
    address = f"{network}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    if rng.random() < 0.01:
        address = f"{PHONE_CARRIER}.112.{rng.randrange(1, 4)}"
    return Actor(
        number,
        FAN,
        at,
        email=f"{_letters(rng, 9)}{number}@{rng.choice(MAILBOXES)}",
        name=f"Fan {number}",
        address=address,
        headers=headers,
        device=_device(rng),
        wants=rng.choices((1, 2, 3, 4), (15, 55, 12, 18))[0],
        tier=rng.choice([*tiers, None]),
        picks_on_map=rng.random() < 0.1,
        newcomer=rng.random() < 0.02,
        gives_up=rng.random() < 0.04,
        comes_back=rng.random() < 0.06,
        abandons=rng.random() < 0.03,
        declined_first=rng.random() < 0.03,
        thinks_s=0.5 + rng.random() * 2.5,
        looks_every_s=LOOKS * (0.8 + 0.4 * rng.random()),
    )


def _script(number: int, rng: Random) -> Actor:
    """A burst script: at the door milliseconds after it opens, from a rented server."""
    return Actor(
        number,
        SCRIPT,
        0.005 + 0.02 * rng.random(),
        email=f"{_letters(rng, 12)}@{rng.choice(THROWAWAY)}",
        name="Buyer",
        address=f"{rng.choice(DATACENTERS)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
        headers={"User-Agent": rng.choice(SCRIPT_AGENTS), "Accept": "*/*"},
        device=_device(rng),
        wants=4,
        thinks_s=0.05,
        looks_every_s=1.0,
    )


def _headless(number: int, rng: Random) -> Actor:
    """A headless browser that copied a Chrome's name but not all that goes with it."""
    agent = CHROME.format(system="Windows NT 10.0; Win64; x64", mobile="")
    headers = {"User-Agent": agent, "Accept": "*/*"}
    style = rng.randrange(3)
    if style == 0:
        headers["User-Agent"] = agent.replace("Chrome/", "HeadlessChrome/")
    elif style == 1:
        headers |= {"Sec-CH-UA": CHROME_BRANDS, "Sec-CH-UA-Platform": '"Linux"',
                    "Sec-CH-UA-Mobile": "?0", "Accept-Language": "en-US"}  # fmt: skip
    return Actor(
        number,
        HEADLESS,
        0.02 + 0.2 * rng.random(),
        email=f"{_letters(rng, 10)}@{rng.choice(THROWAWAY + MAILBOXES)}",
        name="Buyer",
        address=f"{rng.choice(DATACENTERS + HOME_NETWORKS)}.{rng.randrange(256)}.9",
        headers=headers,
        device=_device(rng),
        wants=4,
        thinks_s=0.3,
        looks_every_s=2.0,
    )


def _linked(number: int, rng: Random) -> Actor:
    """One of a farm of about six accounts at human speed: one mailbox, card or device behind."""
    farm = number // 18
    source = Random(f"farm {farm}")  # noqa: S311 - what the farm shares, the same for its members
    mailbox, card, device = _letters(source, 8), _device(source), _device(source)
    shares = rng.randrange(3)
    email = f"{_letters(rng, 9)}@{rng.choice(MAILBOXES)}"
    return Actor(
        number,
        LINKED,
        -4 + 8 * rng.random(),
        email=f"{mailbox}+{number}@gmail.com" if shares == 0 else email,
        name="Buyer",
        address=f"{rng.choice(HOME_NETWORKS)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
        headers=_browser(rng),
        device=device if shares == 2 else _device(rng),
        cards=[card],
        wants=4,
        thinks_s=1.0,
    )


def _browser(rng: Random) -> dict[str, str]:
    """Return the headers a phone or computer sends with a page's own request."""
    language = rng.choice(LANGUAGES)
    fetch = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    draw = rng.random()
    if draw < 0.35:
        agent = IPHONE if draw < 0.27 else MAC_SAFARI
        return {"Accept": "*/*", **fetch, "Accept-Language": language,
                "Accept-Encoding": "gzip, deflate, br", "User-Agent": agent}  # fmt: skip
    if draw < 0.42:
        return {"User-Agent": FIREFOX, "Accept": "*/*", "Accept-Language": language,
                "Accept-Encoding": "gzip, deflate, br, zstd", **fetch}  # fmt: skip
    system, platform, mobile, _ = rng.choices(CHROME_SYSTEMS, [s[3] for s in CHROME_SYSTEMS])[0]
    agent = CHROME.format(system=system, mobile="Mobile " if mobile == "?1" else "")
    return {"Sec-CH-UA-Platform": platform, "User-Agent": agent, "Sec-CH-UA": CHROME_BRANDS,
            "Sec-CH-UA-Mobile": mobile, "Accept": "*/*", **fetch,
            "Accept-Encoding": "gzip, deflate, br, zstd", "Accept-Language": language}  # fmt: skip


def _letters(rng: Random, count: int) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=count))


def _device(rng: Random) -> str:
    return f"{rng.getrandbits(96):024x}"


def new_password() -> str:
    """Return a password for an account that signs up through the site."""
    return secrets.token_urlsafe(12)
