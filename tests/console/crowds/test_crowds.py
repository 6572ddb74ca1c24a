from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from console.crowds import browsers
from console.crowds.model import Crowd, Sharing, builtin, parse, read
from console.crowds.people import Person, people
from fairness.errors import Invalid

TIMES = [0.5, 1.0, 2.0]


def some(crowd: Crowd, count: int, seed: int = 1) -> list[Person]:
    return people(crowd, count, Random(seed), TIMES)


def test_there_are_attackers_and_honest_crowds_each_saying_who_they_are() -> None:
    crowds = builtin()
    assert {"scripts", "headless", "copied", "farms"} == {
        name for name, crowd in crowds.items() if not crowd.honest
    }
    assert len(crowds) >= 12
    assert all(crowd.about.endswith(".") for crowd in crowds.values())


def test_the_same_chance_makes_the_same_people() -> None:
    farms = builtin()["farms"]
    assert some(farms, 80) == some(farms, 80)
    assert some(farms, 80) != some(farms, 80, seed=2)


def test_a_farm_shares_each_thing_in_parts_and_a_fifth_of_it_nothing() -> None:
    farm = some(builtin()["farms"], 600)
    cards = Counter(card for person in farm for card in person.cards)
    assert {n for n in cards.values() if n > 1} <= set(range(2, 12))
    alone = Counter(
        person.buyer
        for person in farm
        if not person.cards
        and sum(person.device == other.device for other in farm) == 1
        and sum(person.address == other.address for other in farm) == 1
        and "+" not in person.email
    )
    sizes = Counter(person.buyer for person in farm)
    assert alone == {buyer: round(0.2 * size) for buyer, size in sizes.items()}
    assert all(10 <= size <= 60 for size in list(sizes.values())[:-1])


def test_people_of_one_home_take_turns_at_its_tablet() -> None:
    families = some(builtin()["families"], 300)
    by_device: dict[str, list[float]] = {}
    for person in families:
        by_device.setdefault(person.device, []).append(person.arrives_s)
    shared = [sorted(times) for times in by_device.values() if len(times) > 1]
    assert shared
    assert min(times[1] - times[0] for times in shared) >= 12
    assert len({p.buyer for p in families}) == len(families)


def test_numbers_are_shared_in_parts_and_nobody_else_confirms_one() -> None:
    bank = parse('about = "x"\ngroup = [8, 8]\n[shares]\nphone = {part = 1, by = [4, 4]}', "bank")
    numbers = Counter(person.phone for person in some(bank, 80))
    assert "" not in numbers
    assert set(numbers.values()) == {4}
    assert {person.phone for person in some(builtin()["fans"], 50)} == {""}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("about = 1", "about"),
        ("honest = true", "about"),
        ('about = "x"\nbrowser = "lynx"', "browser"),
        ('about = "x"\ncolour = "red"', "colour"),
        ('about = "x"\ngroup = [9, 3]', "group"),
        ('about = "x"\ngroup = [0, 3]', "group"),
        ('about = "x"\nalone = 1.5', "alone"),
        ('about = "x"\nmade_within_h = 0', "made_within_h"),
        ('about = "x"\n[shares]\nshoes = {part = 1}', "shares.shoes"),
        ('about = "x"\n[shares]\ncard = {part = 2}', "shares.card.part"),
        ('about = "x"\n[shares]\ncard = {of = 2}', "shares.card"),
        ("about =", "file"),
    ],
)
def test_a_wrong_file_says_which_key_is_wrong_and_what_is_right(text: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(text, "mine")
    assert caught.value.field == field
    assert caught.value.rule


def test_a_crowd_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "resellers.toml"
    file.write_text('about = "Resellers."\n[shares]\ncard = { part = 0.5, by = [2, 4] }\n')
    assert read(file) == Crowd("resellers", "Resellers.", shares={"card": Sharing(0.5, (2, 4))})


def test_real_browsers_say_one_thing_in_all_places() -> None:
    rng = Random(1)
    for client in (browsers.real(rng, browsers.BUILTIN) for _ in range(200)):
        hinted = client.headers.get("Sec-CH-UA-Platform", "").strip('"')
        assert ("Chrome/" in client.headers["User-Agent"]) == bool(hinted)
        assert client.driven is False


def test_profiles_of_real_browsers_are_read(shared: Path) -> None:
    found = browsers.read(shared / "user_agents" / "browsers.json.gz")
    assert len(found) == 5_000
    with pytest.raises(Invalid):
        browsers.read(shared / "vectors" / "drand.json")


def test_a_feigned_machine_shows_in_the_worker_and_a_true_one_nowhere() -> None:
    rng = Random(5)
    clients = [browsers.copied(rng, browsers.BUILTIN) for _ in range(2_000)]
    told = [one for one in clients if one.worker_platform]
    assert told
    assert all(one.platform != one.worker_platform and not one.driven for one in told)
    assert any(one.press == "no-mouse" for one in clients if one.touch)
    assert not any(one.press or one.frameless for one in clients if one.driven)
    people = [browsers.real(rng, browsers.BUILTIN) for _ in range(2_000)]
    assert not any(one.worker_platform for one in people)
    assert 0.01 < sum(bool(one.patched) for one in people) / 2_000 < 0.03
