from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from boxoffice.catalogue import plans
from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database
from boxoffice.search import index
from boxoffice.search.service import Search
from boxoffice.search.words import fold, words
from fairness.errors import Invalid, NotFound

DAY = 86_400_000_000
ME = "acc_1"


@pytest.fixture
def catalogue(db: Database) -> Catalogue:
    return Catalogue(db)


def add(
    catalogue: Catalogue,
    title: str,
    artist: str = "",
    genre: str = "",
    *,
    city: str = "Lahti",
    days: tuple[int, ...] = (10,),
    text: str = "",
) -> str:
    """Add an event with one performance on each of these days; return its id."""
    event = catalogue.add_event(ME, title, artist, genre, text)
    plan_id = catalogue.add_plan(plans.from_csv("zone,row,first,last\nA,1,1,2\n"))
    venue = catalogue.add_venue(f"{city} Hall", city)
    for day in days:
        catalogue.add_performance(event.event_id, ME, venue.venue_id, plan_id, day * DAY)
    return event.event_id


def titles(hits: list[index.Hit]) -> list[str]:
    return [hit.event.title for hit in hits]


def test_words_are_compared_without_case_accents_and_signs() -> None:
    assert fold("  Sinfonía № 9, ‘Größe’ ") == "sinfonia no 9 grosse"
    assert words("Ångström & the Łódź øst—Paul's") == ["angstrom", "the", "lodz", "ost", "pauls"]
    assert words("the THE Thé") == ["the"]
    assert fold("☆ …") == ""


def test_all_words_must_match_and_the_reason_is_told(catalogue: Catalogue) -> None:
    add(catalogue, "Kullervo", "Sinfonia Lahti", "classical")
    add(catalogue, "Sinfonía de Lahti", "Someone", city="Vaasa")
    search = Search(catalogue)
    assert titles(search.find("SINFONIA lahti")) == ["Kullervo", "Sinfonía de Lahti"]
    assert search.find("sinfonia classi")[0].because == (
        '"sinfonia" in the artist',
        '"classi…" in the genre',
    )
    assert search.find("sinfonia punk") == []
    assert len(search.find("")) == 2
    assert len(search.find("sinfonia", limit=1)) == 1


def test_a_name_counts_more_than_a_mention_and_a_word_more_than_its_beginning(
    catalogue: Catalogue,
) -> None:
    add(catalogue, "A tribute", "Covers", text="Songs of Nightwish")
    add(catalogue, "Nightwishes", "Dreamers")
    add(catalogue, "Nightwish live", "Others")
    add(catalogue, "Decades", "Nightwish")
    found = titles(Search(catalogue).find("nightwish"))
    assert found == ["Decades", "Nightwish live", "Nightwishes", "A tribute"]


def test_city_and_dates_choose_performances(catalogue: Catalogue) -> None:
    add(catalogue, "Tour", city="Jyväskylä", days=(30, 10, 20))
    add(catalogue, "Elsewhere", city="Vaasa", days=(15,))
    search = Search(catalogue)
    (hit,) = search.find(city="JYVASKYLA", from_us=10 * DAY, to_us=30 * DAY)
    assert [p.starts_at_us // DAY for p, _ in hit.performances] == [10, 20]
    assert {venue.city for _, venue in hit.performances} == {"Jyväskylä"}
    assert titles(search.find(from_us=12 * DAY)) == ["Elsewhere", "Tour"]
    assert search.find(city="Jyv") == []
    assert search.find(from_us=31 * DAY) == []
    with pytest.raises(Invalid) as caught:
        search.find(from_us=2, to_us=2)
    assert caught.value.field == "to"


def test_equal_events_come_in_the_order_of_their_dates(catalogue: Catalogue) -> None:
    for title, days in (("Late", (9,)), ("Early", (1,)), ("Undated", ())):
        add(catalogue, title, days=days)
    assert titles(Search(catalogue).find()) == ["Early", "Late", "Undated"]
    assert titles(Search(catalogue).find(from_us=0)) == ["Early", "Late"]


def test_what_is_not_listed_is_not_found(catalogue: Catalogue) -> None:
    hidden, shown = add(catalogue, "Hidden"), add(catalogue, "Shown", days=(1, 2))
    catalogue.change_event(hidden, ME, listed=False)
    first = catalogue.performances(shown)[0]
    catalogue.change_performance(first.performance_id, ME, listed=False)
    (hit,) = Search(catalogue).find()
    assert [p.starts_at_us for p, _ in hit.performances] == [2 * DAY]
    assert Search(catalogue).also_like(hidden) == []


def test_one_may_also_like_the_same_artist_then_genre_then_city(catalogue: Catalogue) -> None:
    this = add(catalogue, "This", "Apocalyptica", "metal", days=(100,))
    add(catalogue, "Near in time only", city="Turku", days=(101,))
    add(catalogue, "City", days=(900,))
    add(catalogue, "Genre", genre="Metal", city="Turku", days=(900,))
    add(catalogue, "Genre soon", genre="metal", city="Turku", days=(120,))
    add(catalogue, "Artist", "APOCALYPTICA", city="Turku", days=(900,))
    hits = Search(catalogue).also_like(this)
    assert titles(hits) == ["Artist", "Genre soon", "Genre", "City"]
    assert hits[1].because == ("also metal", "around the same date")
    assert titles(Search(catalogue).also_like(this, limit=1)) == ["Artist"]
    assert titles(Search(catalogue).also_like(this, from_us=500 * DAY)) == [
        "Artist",
        "Genre",
        "City",
    ]
    with pytest.raises(NotFound):
        Search(catalogue).also_like("evt_x")


def test_what_is_new_is_found_when_the_index_is_read_again(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("boxoffice.search.service.time.monotonic", lambda: now)
    search = Search(catalogue)
    assert search.find() == []
    new = add(catalogue, "New")
    assert search.find() == [], "not read for every search"
    assert search.also_like(new) == []
    now += 5
    assert titles(search.find()) == ["New"]


def test_a_performance_in_a_venue_that_is_gone_is_no_date() -> None:
    event = Event("evt_1", ME, "Lost")
    documents = index.build([event], [Performance("per_1", "evt_1", "ven_x", "p", 1)], [])
    assert documents["evt_1"].dates == ()


def test_a_concert_is_found_among_three_thousand_real_ones(shared: Path) -> None:
    with (shared / "events" / "springsteen_concerts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    events = [Event(f"e{n}", ME, row["location"], "Springsteen") for n, row in enumerate(rows)]
    dates = [Performance(f"p{n}", f"e{n}", "v", "plan", n * DAY) for n in range(len(rows))]
    documents = index.build(events, dates, [Venue("v", "Hall", "Town")])
    hits = index.find(documents.values(), words("Boston garden"), "", None, None)
    expected = {e.event_id for e in events if {"boston", "garden"} <= set(words(e.title))}
    assert expected
    assert expected <= {hit.event.event_id for hit in hits}
