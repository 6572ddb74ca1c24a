"""The people of a crowd, one by one: what the front door will see of each, and who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from console.crowds import browsers
from console.crowds.browsers import Client, Profile
from console.crowds.model import Crowd, Sharing

DAY_S = 86_400.0
PROVIDERS = ("gmail.com", "gmx.de", "outlook.com", "icloud.com", "posteo.de", "yahoo.es")
THROWAWAY = ("mailinator.com", "guerrillamail.com", "yopmail.com")
_HOMES = ("81.152", "84.132", "86.23", "91.55", "93.213", "79.192", "88.12", "62.155")
_SERVERS = ("3.120", "34.107", "20.52", "167.235")
_VPN, _RELAY, _CARRIER = "146.70", "172.225", "109.43.112"
_ALIASED = "gmail.com"  # a provider where one mailbox has many names


@dataclass(slots=True)
class Person:
    """One account, as it comes. `buyer` is who is behind it, the same for all of one person's."""

    crowd: str
    honest: bool
    number: int
    buyer: str
    arrives_s: float  # after the start of the sale; negative before it
    email: str
    address: str
    client: Client
    device: str
    age_s: float  # of the account, at the start
    wants: int
    cards: list[str] = field(default_factory=list)
    card_known: bool = True  # when they join, from an earlier order; else when they pay
    phone: str = ""  # a number that has answered


def people(
    crowd: Crowd,
    count: int,
    rng: Random,
    times: Sequence[float],
    profiles: Sequence[Profile] = browsers.BUILTIN,
) -> list[Person]:
    """Return `count` people; those who come like fans come at times out of `times`."""
    found: list[Person] = []
    while len(found) < count:
        size = min(rng.randint(*crowd.group), count - len(found))
        group = [_person(crowd, len(found) + n, rng, times, profiles) for n in range(size)]
        _share(crowd, group, rng)
        found += group
    return found


def _person(
    crowd: Crowd, number: int, rng: Random, times: Sequence[float], profiles: Sequence[Profile]
) -> Person:
    return Person(
        crowd.name,
        crowd.honest,
        number,
        f"{crowd.name} {number}",
        _arrival(crowd, number, rng, times),
        f"{letters(rng, 9)}{number}@{rng.choice(THROWAWAY if crowd.mail != 'own' else PROVIDERS)}",
        _address(crowd, rng),
        browsers.KINDS[crowd.browser](rng, profiles),
        token(rng),
        DAY_S * rng.uniform(*crowd.age_days),
        rng.randint(*crowd.wants),
        card_known=crowd.card_known,
    )


def _arrival(crowd: Crowd, number: int, rng: Random, times: Sequence[float]) -> float:
    if crowd.arrives == "at once":
        return 0.005 + 0.02 * rng.random()
    if crowd.arrives == "soon":
        return 0.02 + 0.2 * rng.random()
    if crowd.arrives == "evenly":
        return 0.25 * number
    return rng.choice(times)


def _address(crowd: Crowd, rng: Random) -> str:
    tail = f"{rng.randrange(256)}.{rng.randrange(1, 255)}"
    if crowd.network == "carrier":
        return f"{_CARRIER}.{rng.randrange(1, 9)}"
    if crowd.network == "vpn":
        return f"{_VPN}.{rng.randrange(64, 68)}.{rng.randrange(1, 40)}"
    nets = {"datacenter": _SERVERS, "relay": (_RELAY,), "home": _HOMES}[crowd.network]
    return f"{rng.choice(nets)}.{tail}"


def _share(crowd: Crowd, group: list[Person], rng: Random) -> None:
    """Let the group's members share things with one another, all but those who stay alone."""
    if crowd.one_person:
        for person in group:
            person.buyer = group[0].buyer
    if crowd.made_within_h is not None:
        made = group[0].age_s
        for person in group:
            person.age_s = made + 3_600 * crowd.made_within_h * rng.random()
    loners = set(rng.sample(range(len(group)), round(crowd.alone * len(group))))
    sociable = [person for at, person in enumerate(group) if at not in loners]
    shared: dict[str, list[list[Person]]] = {}
    for kind, sharing in crowd.shares.items():
        shared[kind] = _clusters(sociable, sharing, rng)
        for cluster in shared[kind]:
            _give(kind, cluster, rng)
            if kind == "device" and crowd.honest:
                _take_turns(cluster, rng)
    if crowd.alone:
        _let_none_be_alone(sociable, shared, rng)


def _let_none_be_alone(
    sociable: list[Person], shared: dict[str, list[list[Person]]], rng: Random
) -> None:
    """Let everybody of a group who is not said to be alone share one thing at least."""
    real = {kind: [c for c in found if len(c) > 1] for kind, found in shared.items()}
    social = {person.number for found in real.values() for c in found for person in c}
    kinds = [kind for kind, found in real.items() if found]
    for person in sociable if kinds else ():
        if person.number not in social:
            kind = rng.choice(kinds)
            _join(kind, rng.choice(real[kind])[0], person)


def _clusters(group: list[Person], sharing: Sharing, rng: Random) -> list[list[Person]]:
    takers = [person for person in group if rng.random() < sharing.part]
    rng.shuffle(takers)
    found = []
    while takers:
        size = rng.randint(*sharing.by)
        found.append(takers[:size])
        takers = takers[size:]
    return found


def _give(kind: str, cluster: list[Person], rng: Random) -> None:
    """Let them share one thing of a kind."""
    first = cluster[0]
    if kind == "card":
        first.cards = [token(rng)]
    elif kind == "phone":
        first.phone = f"+4915{rng.randrange(10**9):09}"
    elif kind == "mailbox" and len(cluster) > 1:
        first.email = f"{letters(rng, 8)}+{first.number}@{_ALIASED}"
    for person in cluster[1:]:
        _join(kind, first, person)


def _join(kind: str, first: Person, person: Person) -> None:
    """Let a person have a thing, too, that others share."""
    if kind == "card":
        person.cards = first.cards
    elif kind == "phone":
        person.phone = first.phone
    elif kind == "device":
        person.device, person.client = first.device, first.client
    elif kind == "address":
        person.address = first.address
    else:
        name, _, host = first.email.partition("@")
        person.email = f"{name.partition('+')[0]}+{person.number}@{host}"


def _take_turns(cluster: list[Person], rng: Random) -> None:
    """Let people use one machine after another, each with an account of their own."""
    for before, person in pairwise(cluster):
        person.arrives_s = before.arrives_s + rng.uniform(12, 25)


def letters(rng: Random, count: int) -> str:
    """Return so many small letters."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=count))


def token(rng: Random) -> str:
    """Return what identifies a device or a card: 24 hexadecimal digits."""
    return f"{rng.getrandbits(96):024x}"
