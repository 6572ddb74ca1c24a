from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.commands.measure import measure
from console.crowds.model import builtin
from console.measuring import ordering, screening_figures
from console.measuring.private_store import private_database, private_store
from console.measuring.screening import (
    SALE,
    Scene,
    Screened,
    clusters,
    fan_of,
    play,
    tickets_stopped,
)
from fairness import keys
from fairness.screening.model import ADMIT, MERGE, REFUSE, Judgement
from tests.console.crowds.test_crowds import some

pytestmark = pytest.mark.xdist_group("screened")  # one crowd for all of them


@pytest.fixture(scope="module")
def screened() -> Screened:
    with private_store() as redis:
        return play(Scene(fans=600, odd=80, attackers=480), redis)


def test_no_honest_crowd_is_held_up_or_linked_to_strangers(screened: Screened) -> None:
    crowds = builtin()
    for name, verdicts in screened.by_crowd().items():
        if crowds[name].honest:
            assert verdicts["refuse"] + verdicts["review"] + verdicts["merge"] == 0, name
            assert verdicts["challenge"] <= 0.02 * verdicts.total(), name


def test_scripts_and_careless_browsers_are_caught_before_the_draw(screened: Screened) -> None:
    verdicts = screened.by_crowd()
    assert verdicts["scripts"][ADMIT] == 0
    assert verdicts["headless"][ADMIT] <= 0.1 * verdicts["headless"].total()


def test_most_tickets_of_farms_are_stopped_and_no_stranger_is_in_a_farms_group(
    screened: Screened,
) -> None:
    assert tickets_stopped(screened, "farms") > 0.5
    found = clusters(screened)
    assert found.groups > 0
    assert found.precision == 1.0
    assert found.f1 > 0.4


def test_whose_cards_show_that_they_are_one_buyer_share_a_limit_when_they_order() -> None:
    """Nothing was known of their cards when they joined: they come one after the other, and pay."""
    one = replace(some(builtin()["families"], 1)[0], honest=False, crowd="farms", cards=["one"])
    buyer = [replace(one, number=n, device=f"d{n}", address=f"86.23.7.{n}", card_known=False,
                     email=f"a{n}@gmx.de", arrives_s=100.0 * n) for n in range(4)]  # fmt: skip
    others = [replace(p, arrives_s=100.0 * n + 1) for n, p in
              enumerate(some(builtin()["fans"], 600))]  # fmt: skip
    everyone = sorted([*buyer, *others], key=lambda person: person.arrives_s)
    open_door = Screened(everyone, [Judgement(ADMIT)] * len(everyone), 1.0)
    with private_store() as redis, private_database() as database:
        redis.zadd(keys.arrivals(SALE), {fan_of(n): n + 1 for n in range(len(everyone))})
        found = ordering.order(open_door, ["farms"], redis, database, 1)
    assert found.held["fans"] == ordering.HONEST
    assert found.refused["fans"] + found.waiting["fans"] == 0
    assert found.held["farms"] == 4, "a card is seen only when seats are held already"
    assert found.waiting["farms"] == 4, "so all of them wait for a look"


def test_clusters_and_tickets_are_counted_right() -> None:
    farm = some(builtin()["farms"], 4)
    fan = some(builtin()["fans"], 1)
    judged = [
        Judgement(ADMIT),
        Judgement(MERGE, lead=f"fan{0:019}"),
        Judgement(REFUSE),
        Judgement(ADMIT),
        Judgement(MERGE, lead=f"fan{3:019}"),
    ]
    one = Screened([*farm, *fan], judged, 1.0)
    assert tickets_stopped(one, "farms") == 0.5  # two places are left of four
    found = clusters(one)
    assert (found.groups, found.pure) == (2, 1)
    assert (found.right_pairs, found.found_pairs, found.true_pairs) == (1, 2, 6)


def test_the_bar_counts_those_who_are_passed_over_as_absent() -> None:
    bad, good = some(builtin()["scripts"], 50), some(builtin()["fans"], 50)
    everyone = [*bad, *good]
    open_door = Screened(everyone, [Judgement(ADMIT)] * 100, 1.0)
    assert screening_figures.bar(open_door, 1).value == pytest.approx(1.0)
    shut = Screened(everyone, [Judgement(REFUSE)] * 50 + [Judgement(ADMIT)] * 50, 1.0)
    assert screening_figures.bar(shut, 1).value == 0.0


def test_the_command_prints_every_figure_with_a_plot_and_fails_below_a_bar(tmp_path: Path) -> None:
    file, mine = tmp_path / "out.json", tmp_path / "ghosts.toml"
    mine.write_text('about = "Bots that look like fans in all."\nage_days = [100, 200]\n')
    done = CliRunner().invoke(
        measure,
        ["screening", "--fans=300", "--odd=20", "--attackers=100", f"--crowd={mine}",
         f"--json={file}"],
    )  # fmt: skip
    figures = json.loads(file.read_text())
    assert {"caught_scripts", "farm_tickets_stopped", "farms_before_the_draw", "cluster_precision",
            "pairwise_f1", "bar", "humans_held", "humans_challenged", "people_expected",
            "humans_refused_at_ordering", "rules_per_s"} <= figures.keys()  # fmt: skip
    assert figures["verdicts"]["ghosts"] == {"admit": 20}
    assert figures["people"]["relay"].keys() == {"n", "held", "asked", "held_most", "asked_most"}
    assert figures["people"]["relay"]["held_most"] == pytest.approx(0.168, abs=0.001)  # 0 of 20
    assert "ghosts" in done.output
    assert done.exit_code == (0 if figures["kept"] else 1)
