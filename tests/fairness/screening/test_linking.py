from __future__ import annotations

import pytest
from redis import Redis

from fairness import keys
from fairness.screening import evidence
from fairness.screening.bonds import (
    ADDRESS,
    BATCH,
    BONDS,
    CARD,
    DEVICE,
    DOMAIN,
    MAILBOX,
    PHONE,
    RUN,
    SITTING,
    unite,
)
from fairness.screening.linking import Entry, Links

SALE = "sale_1"
MINUTE = 60_000_000


def entry(fan: str, minute: float, *attributes: tuple[str, str]) -> Entry:
    return Entry(fan, int(minute * MINUTE), attributes)


def record(redis: Redis, *entries: Entry) -> dict[str, str]:
    """Join and screen one window, as the line does; return who shares whose place."""
    redis.zadd(keys.arrivals(SALE), {e.fan: e.at_us for e in entries})
    found = Links(redis, SALE).record(entries)
    evidence.keep(redis, SALE, found.groups)
    if found.leads:
        items = [part for pair in found.leads.items() for part in pair]
        redis.hset(keys.merged(SALE), items=items)
    return dict(found.leads)


def test_alias_twins_share_the_earliest_place(redis: Redis) -> None:
    twins = [entry(fan, minute, (MAILBOX, "m")) for fan, minute in (("b", 2), ("a", 9), ("c", 1))]
    assert record(redis, *twins) == {"b": "c", "a": "c"}


def test_a_couple_may_pay_with_one_card_but_three_accounts_are_one_buyer(redis: Redis) -> None:
    assert record(redis, entry("a", 1, (CARD, "x")), entry("b", 2, (CARD, "x"))) == {}
    assert record(redis, entry("c", 3, (CARD, "x"))) == {"c": "a"}


def test_up_to_a_family_may_have_one_number_but_five_accounts_are_one_buyer(redis: Redis) -> None:
    number = (PHONE, "n")
    for minute, fan in enumerate("abcd", 1):
        assert record(redis, entry(fan, minute, number, (CARD, "c" if fan < "c" else fan))) == {}
    assert set(record(redis, entry("e", 5, number)).values()) == {"a"}


def test_a_number_binds_one_part_of_a_farm_to_another(redis: Redis) -> None:
    cards = [entry(fan, n, (CARD, "x")) for n, fan in enumerate("abc", 1)]
    numbers = [entry(fan, n, (PHONE, "n")) for n, fan in enumerate("de", 4)]
    assert record(
        redis, *cards, *numbers, entry("f", 6, (CARD, "x"), (PHONE, "n"))
    ) == dict.fromkeys("bcdef", "a")


def test_an_address_alone_never_merges_a_family_a_school_or_anybody(redis: Redis) -> None:
    everyone = [entry(f"f{n}", n, (ADDRESS, "school")) for n in range(60)]
    assert record(redis, *everyone) == {}


def test_a_family_on_its_tablet_stays_a_family(redis: Redis) -> None:
    tablet = ((DEVICE, "t"), (ADDRESS, "home"))
    assert record(redis, *(entry(f, 4 * n, *tablet) for n, f in enumerate("abcd"))) == {}


def test_a_family_that_pays_with_one_card_stays_a_family(redis: Redis) -> None:
    home = ((CARD, "c"), (ADDRESS, "home"))
    assert record(redis, *(entry(f, n, *home) for n, f in enumerate("abc"))) == {}


def test_more_than_a_family_of_accounts_on_one_browser_are_one_buyer(redis: Redis) -> None:
    shared = ((DEVICE, "t"), (ADDRESS, "home"))
    leads = record(redis, *(entry(fan, n, *shared) for n, fan in enumerate("abcde", 1)))
    assert leads == dict.fromkeys("bcde", "a")


def test_one_browser_on_five_addresses_is_not_enough(redis: Redis) -> None:
    fans = [entry(f, n, (DEVICE, "t"), (ADDRESS, f)) for n, f in enumerate("abcde", 1)]
    assert record(redis, *fans) == {}


def test_a_farm_is_found_whole_although_each_thing_is_shared_by_a_part_of_it(redis: Redis) -> None:
    leads = record(
        redis,
        entry("a", 1, (MAILBOX, "x")),
        entry("b", 2, (MAILBOX, "x"), (DEVICE, "t")),
        entry("c", 3, (MAILBOX, "y"), (DEVICE, "s"), (ADDRESS, "p")),
        entry("d", 4, (MAILBOX, "y"), (ADDRESS, "q"), (DEVICE, "t")),
        entry("e", 5, (DEVICE, "s"), (ADDRESS, "q")),  # with c a browser, with d an address
    )
    # b and d share a browser only, which is not enough; e is of c and d together, of neither alone.
    assert leads == {"b": "a", "d": "c", "e": "c"}


def test_accounts_made_in_one_hour_are_linked_by_their_browser(redis: Redis) -> None:
    made = ((DEVICE, "t"), (BATCH, "12 posteo.de"))
    leads = record(redis, *(entry(fan, n, *made) for n, fan in enumerate("abcde", 1)))
    assert leads == dict.fromkeys("bcde", "a")


def farm_with(*neighbour: tuple[str, str]) -> list[Entry]:
    farm = [entry(f, n, (CARD, "x"), (RUN, "7")) for n, f in enumerate("abcde", 1)]
    farm[2] = entry("c", 3, (CARD, "x"), (RUN, "7"), (ADDRESS, "p"))
    return [*farm, entry("z", 9, *neighbour)]


def test_who_signed_up_with_a_farm_on_its_address_belongs_to_it(redis: Redis) -> None:
    assert record(redis, *farm_with((ADDRESS, "p"), (RUN, "7")))["z"] == "a"


@pytest.mark.parametrize(
    "neighbour", [[(RUN, "7")], [(ADDRESS, "p")], [(ADDRESS, "p"), (RUN, "8")],
                  [(RUN, "7"), (BATCH, "12"), (DOMAIN, "m")]],
)  # fmt: skip
def test_a_farms_day_or_its_address_alone_links_nobody(
    redis: Redis, neighbour: list[tuple[str, str]]
) -> None:
    assert "z" not in record(redis, *farm_with(*neighbour))


def test_people_who_share_a_browser_and_the_day_they_signed_up_stay_apart(redis: Redis) -> None:
    fans = [entry(f, n, (DEVICE, "t"), (RUN, "7"), (ADDRESS, f)) for n, f in enumerate("abcde", 1)]
    assert record(redis, *fans) == {}


def test_nobody_signs_out_and_in_again_within_seconds(redis: Redis) -> None:
    quick = [entry("a", 1, (DEVICE, "t")), entry("b", 1.1, (DEVICE, "t"))]
    slow = [entry("c", 1, (DEVICE, "u")), entry("d", 1.2, (DEVICE, "u"))]
    assert record(redis, *quick, *slow) == {"b": "a"}


def test_one_browser_and_one_thrown_away_mail_domain_are_one_person(redis: Redis) -> None:
    shared = ((DEVICE, "t"), (DOMAIN, "mailinator.com"))
    assert record(redis, entry("a", 1, *shared), entry("b", 5, *shared)) == {"b": "a"}


def test_what_very_many_share_is_not_followed(redis: Redis) -> None:
    everyone = [entry(f"f{n:03}", n, (CARD, "test card")) for n in range(201)]
    assert record(redis, *everyone) == {}


def test_a_mailbox_stays_one_however_many_aliases_it_has(redis: Redis) -> None:
    aliases = [entry(f"f{n:04}", n, (MAILBOX, "m")) for n in range(3_000)]
    leads = record(redis, *aliases)
    assert set(leads.values()) == {"f0000"}
    assert len(leads) == 2_999


def test_links_are_followed_from_one_thing_to_the_next(redis: Redis) -> None:
    leads = record(
        redis,
        entry("a", 1, (MAILBOX, "x")),
        entry("b", 2, (MAILBOX, "x"), (MAILBOX, "m")),
        entry("c", 3, (MAILBOX, "m")),
        entry("d", 4, (MAILBOX, "other")),
    )
    assert leads == {"b": "a", "c": "a"}


def test_a_later_window_links_to_an_earlier_one(redis: Redis) -> None:
    assert record(redis, entry("a", 1, (MAILBOX, "x"))) == {}
    assert record(redis, entry("b", 2, (MAILBOX, "x"))) == {"b": "a"}
    assert record(redis, entry("c", 3, (MAILBOX, "x"))) == {"c": "a"}


def test_who_comes_later_with_a_browser_of_a_farm_belongs_to_it(redis: Redis) -> None:
    """As they would in the farm's own window, although one of the farm only has that browser."""
    home, other = (DEVICE, "t"), (DEVICE, "u")
    farm = [entry(f, n, (CARD, "x"), *([home] if f == "c" else [])) for n, f in enumerate("abcde")]
    family = [entry(f, n, other, (ADDRESS, "h")) for n, f in enumerate("pq", 9)]
    assert record(redis, *farm, *family) == dict.fromkeys("bcde", "a")
    for _ in range(2):
        assert record(redis, entry("y", 99, other), entry("z", 99, home)) == {"z": "a"}


def test_who_signs_up_and_joins_later_on_a_farms_address_belongs_to_it(redis: Redis) -> None:
    here, day = (ADDRESS, "p"), (SITTING, "p 7")
    farm = [entry(f, n, (CARD, "x"), *([here, day] if f == "c" else [])) for n, f in
            enumerate("abcde")]  # fmt: skip
    record(redis, *farm)
    assert record(redis, entry("y", 99, here), entry("z", 99, here, day)) == {"z": "a"}


def test_a_link_to_a_merged_fan_leads_to_that_fans_lead(redis: Redis) -> None:
    record(redis, entry("a", 1, (MAILBOX, "x")), entry("b", 2, (MAILBOX, "x"), (MAILBOX, "m")))
    assert record(redis, entry("c", 3, (MAILBOX, "m"))) == {"c": "a"}


def test_a_fan_who_joins_two_earlier_people_changes_neither(redis: Redis) -> None:
    """Their places are drawn; only the newcomer shares, and it is the earlier one's place."""
    record(redis, entry("a", 1, (MAILBOX, "x")), entry("b", 2, (MAILBOX, "m")))
    assert record(redis, entry("c", 3, (MAILBOX, "x"), (MAILBOX, "m"))) == {"c": "a"}


def test_a_place_that_was_left_is_not_shared_with_anybody(redis: Redis) -> None:
    record(redis, entry("a", 1, (MAILBOX, "x")))
    redis.sadd(keys.left(SALE), "a")
    assert record(redis, entry("b", 2, (MAILBOX, "x")), entry("c", 3, (MAILBOX, "x"))) == {"c": "b"}


def test_recording_a_window_twice_changes_nothing(redis: Redis) -> None:
    window = (
        entry("a", 1, (MAILBOX, "x")),
        entry("b", 2, (MAILBOX, "x")),
        entry("c", 3, (MAILBOX, "y")),
    )
    first = Links(redis, SALE).record(window)
    redis.zadd(keys.arrivals(SALE), {e.fan: e.at_us for e in window})
    assert Links(redis, SALE).record(window) == first


def test_a_sale_knows_nothing_of_another(redis: Redis) -> None:
    record(redis, entry("a", 1, (MAILBOX, "x")))
    assert Links(redis, "sale_2").record([entry("b", 2, (MAILBOX, "x"))]).leads == {}


def test_counts_are_of_the_whole_sale(redis: Redis) -> None:
    record(redis, entry("a", 1, (ADDRESS, "p")))
    shared = Links(redis, SALE).record([entry("b", 2, (ADDRESS, "p"))])
    assert shared.counts == {(ADDRESS, "p"): 2}


def test_links_forget_themselves(redis: Redis) -> None:
    record(redis, entry("a", 1, (MAILBOX, "x")))
    (key,) = redis.scan_iter(f"{keys.links(SALE, MAILBOX)}:*")
    assert 0 < redis.ttl(key) <= 30 * 24 * 3600


def test_a_window_that_overtakes_another_makes_no_wrong_link(redis: Redis) -> None:
    early, late = entry("a", 1, (MAILBOX, "x")), entry("b", 2, (MAILBOX, "x"))
    redis.zadd(keys.arrivals(SALE), {"a": early.at_us, "b": late.at_us})
    assert Links(redis, SALE).record([late]).leads == {}
    assert Links(redis, SALE).record([early]).leads == {}


def test_a_window_of_nobody_is_fine(redis: Redis) -> None:
    assert Links(redis, SALE).record([]).leads == {}


def test_groups_are_the_same_in_whatever_order_the_links_come() -> None:
    times = {fan: n for n, fan in enumerate("abcdef")}
    links = {(CARD, "1"): "ab", (CARD, "2"): "cd", (MAILBOX, "3"): "bc", (MAILBOX, "4"): "ef"}
    backwards = dict(reversed(links.items()))
    found = sorted(group.fans for group in unite(links, times))
    assert found == sorted(group.fans for group in unite(backwards, times))
    assert found == [("a", "b", "c", "d"), ("e", "f")]


def test_a_group_says_what_binds_it() -> None:
    groups = unite({(CARD, "1"): "ab", (ADDRESS, "2"): "ab", (MAILBOX, "3"): "bc"},
                   {"a": 1, "b": 2, "c": 3})  # fmt: skip
    (group,) = groups
    assert [(t.one, t.other, t.kinds, t.weight) for t in group.ties] == [
        ("a", "b", (CARD, ADDRESS), 1.05),
        ("b", "c", (MAILBOX,), 1.0),
    ]


@pytest.mark.parametrize(
    ("fans", "weighs"), [(1, 0.0), (2, 0.25), (6, 0.25), (20, 0.1229), (64, 0.0), (10_000, 0.0)]
)
def test_what_many_share_weighs_little(fans: int, weighs: float) -> None:
    assert BONDS[ADDRESS].among(fans) == pytest.approx(weighs, abs=1e-4)
