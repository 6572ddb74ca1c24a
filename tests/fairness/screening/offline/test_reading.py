from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from fairness.errors import Invalid
from fairness.screening.offline import accesslog, actors, browsing, sessions, summaries
from fairness.screening.offline.accesslog import parse
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import Actor
from tests.fairness.screening.offline import crowds

COMBINED = (
    '192.0.2.7 - ada [09/Oct/2025:23:30:01 +0200] "GET /a/b?c=1 HTTP/1.1" 200 2326 '
    '"https://site.example/" "Mozilla/5.0 (say \\"hi\\")"'
)
ADDRESS = sessions.pattern(sessions.BY_ADDRESS)


def table(tmp_path: Path, text: str | bytes, faults: Faults | None = None) -> list[Actor]:
    path = tmp_path / "actors.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return actors.read(path, faults or Faults())


def test_a_combined_line_is_read() -> None:
    hit = parse(COMBINED)
    assert hit is not None
    assert (hit.method, hit.path, hit.status, hit.hour) == ("GET", "/a/b", 200, 23)
    assert hit.at_s == 1_760_045_401  # 21:30:01 UTC
    assert (hit.referrer, hit.agent) == ("https://site.example/", 'Mozilla/5.0 (say \\"hi\\")')


def test_a_common_line_has_no_agent_and_fields_may_be_added() -> None:
    common = parse(COMBINED.split(' "https')[0])
    assert common is not None
    assert (common.referrer, common.agent) == ("", None)
    extra = parse("- - " + COMBINED.replace('" "Moz', '" k3jd82 "Moz') + " 0.013")
    assert extra is not None
    assert extra.agent is not None
    assert extra.agent.startswith("Mozilla")


@pytest.mark.parametrize(
    "line",
    [
        "", "\0\xff", "GET /", COMBINED.replace("Oct", "Foo"), COMBINED.replace("23:30", "29:30"),
        COMBINED.replace(" 200 ", " ok "), COMBINED.replace("09/", "99/"), '"' * 16_000,
        "[" * 16_000, COMBINED[:60] + "\\" * 16_000,
    ],
)  # fmt: skip
def test_what_is_no_line_is_none(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("behind", "agent"),
    [
        ('"-" "Mozilla/5.0 (X11)" "192.0.2.9"', "Mozilla/5.0 (X11)"),  # nginx: forwarded for
        ('"-" "Mozilla/5.0 (X11)" "-"', "Mozilla/5.0 (X11)"),
        ('"-" "id=3f2a" "curl/8.5.0"', "curl/8.5.0"),  # a cookie before it
        ('"-" 3f2a "curl/8.5.0" "host.example" 0.003', "curl/8.5.0"),
        ('"-" "-" "192.0.2.9"', ""),
        ('"-" "my own program"', "my own program"),
        ('"-"', None),
    ],
)
def test_the_user_agent_is_found_among_fields_added(behind: str, agent: str | None) -> None:
    hit = parse(f'2001:db8::7 - - [09/Oct/2025:23:30:01 -0330] "GET / HTTP/2.0" 200 - {behind}')
    assert hit is not None
    assert (hit.agent, hit.address, hit.size) == (agent, "2001:db8::7", 0)


def test_a_connection_without_a_request_is_neither_page_nor_error() -> None:
    start = "192.0.2.7 - - [09/Oct/2025:23:30:01 +0000]"
    lines = [
        f'{start} "-" 408 - "-" "-"',
        f'{start} "" 400 0 "-" "-"',
        f'{start} "GET / HTTP/1.1" 200 9',
    ]
    found = sessions.collect(lines, ADDRESS, Faults())["192.0.2.7"]
    assert (found.requests, found.pages, found.errors) == (3, 1, 1)


def test_bad_lines_are_counted_and_named_and_stop_nothing() -> None:
    faults = Faults()
    nobody = COMBINED.replace("192.0.2.7", "-")
    lines = [COMBINED, "rubbish", "", COMBINED, "more", nobody]
    found = sessions.collect(lines, ADDRESS, faults)
    assert found["192.0.2.7"].requests == 2
    assert faults.told() == [
        "2 × line that is not of an access log (first: line 2)",
        "1 × line of no session (first: line 6)",
    ]


def test_files_are_read_packed_cut_off_and_with_endless_lines(tmp_path: Path) -> None:
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(f"{COMBINED}\n".encode() * 3))
    cut = tmp_path / "b.log.gz"
    cut.write_bytes(packed.read_bytes()[:-12])
    endless = tmp_path / "c.log"
    endless.write_bytes(b"x" * 100_000 + b"\n" + COMBINED.encode())
    faults = Faults()
    assert list(accesslog.lines([packed, endless], faults)).count(COMBINED + "\n") == 3
    list(accesslog.lines([cut], faults))
    assert set(faults.counts().values()) == {1}
    assert len(faults.told()) == 2


def test_groups_of_the_expression_name_the_session() -> None:
    by_both = sessions.pattern(r'^(\S+).*"([^"]*)"$')
    lines = [crowds.line(1_760_000_000 + i, "c1", "/", agent=f"A{i % 2}") for i in range(4)]
    assert set(sessions.collect(lines, by_both, Faults())) == {"10.0.0.1 A0", "10.0.0.1 A1"}


def test_a_broken_expression_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        sessions.pattern("(")
    assert caught.value.field == "--session-regex"
    assert caught.value.remedy


def test_sessions_after_the_most_are_counted_not_kept() -> None:
    faults = Faults()
    lines = [crowds.line(1_760_000_000, f"s{i}", "/") for i in range(30)]
    found = sessions.collect(lines, sessions.pattern(r"s\d+"), faults, most=10)
    assert len(found) == 10
    assert sum(faults.counts().values()) == 20


def test_a_long_session_takes_no_more_memory_than_a_short_one() -> None:
    hit = parse(COMBINED)
    assert hit is not None
    session = sessions.Session()
    for _ in range(300):
        session.add(hit)
    tracemalloc.start()
    for _ in range(5000):
        session.add(hit)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 2_000


def test_distinct_texts_are_estimated_well() -> None:
    few, many = sessions.Distinct(), sessions.Distinct()
    for i in range(1000):
        few.add(sessions.signature(f"/{i % 5}"))
        many.add(sessions.signature(f"/page/{i}"))
    assert few.count() == pytest.approx(5, abs=0.1)
    assert many.count() == pytest.approx(1000, rel=0.1)


def test_a_program_that_says_so_is_named() -> None:
    lines = [
        crowds.line(1_760_000_000, "a", "/robots.txt", agent="python-requests/2.32"),
        crowds.line(1_760_000_001, "b", "/", agent="HeadlessChrome/126"),
        crowds.line(1_760_000_002, "c", "/", agent="-"),
    ]
    named = sessions.collect(lines, sessions.pattern(r'" (\w) "'), Faults())
    found = {
        a.name: [f.rule for r in browsing.METHOD.rules if (f := r(a.values))]
        for a in summaries.actors(named)
    }
    assert found == {
        "a": ["script_agent", "robots_file"], "b": ["headless_browser"], "c": ["no_agent"],
    }  # fmt: skip


def test_programs_that_people_run_for_themselves_say_so_too() -> None:
    said = {
        "Feedly/1.0 (+http://feed.example; 2 subscribers)": "script_agent",
        "Mozilla/5.0 (compatible; UptimeRobot/2.0)": "script_agent",
        "Pingdom.com_bot_version_1.4": "script_agent",
        "OurApp/3.2 CFNetwork/1494": "no_browser",
        "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 Chrome/120.0.0.0": "",
        crowds.CHROME: "",
    }
    for agent, rule in said.items():
        faults = Faults()
        line = crowds.line(1_760_000_000, "a", "/", agent=agent)
        named = sessions.collect([line], ADDRESS, faults)
        (one,) = summaries.actors(named)
        found = browsing.says_so(one.values)
        assert (found.rule if found else "") == rule, agent
        assert not faults.counts()


def test_a_link_counts_as_followed_when_its_page_was_opened() -> None:
    lines = [crowds.line(1_760_000_000, "a", "/one")]
    lines += [
        crowds.line(1_760_000_000 + at, "a", f"/{at}", referrer=f"https://site.example{path}")
        for at, path in ((9, "/one?x=1#y"), (20, "/elsewhere"))
    ]
    (one,) = summaries.actors(sessions.collect(lines, ADDRESS, Faults()))
    assert one.values["unlinked_share"] == 0
    assert one.values["unfollowed_share"] == 0.5


def test_wrong_values_count_as_not_known_and_are_named(tmp_path: Path) -> None:
    faults = Faults()
    text = (
        "Actor;ATTEMPTS ;targets\n"
        "a;5;NaN\n;1;1\nb;-1;inf\nc;many;2\na;9;9\n\n" + "x" * 600 + ";1;1\nd\ne;1e999;1e300\n"
    )
    found = {actor.name: actor.values for actor in table(tmp_path, text, faults)}
    assert set(found) == set("abcde")
    assert found["a"]["attempts"] == 5
    assert found["a"]["targets"] is None
    assert found["b"]["attempts"] is found["b"]["targets"] is found["c"]["attempts"] is None
    assert any("(first: line 4: '-1')" in told for told in faults.told())
    assert faults.counts() == {
        "row without an actor": 1,
        "value in attempts that is no number from 0 on, taken as not known": 3,
        "value in targets that is no number from 0 on, taken as not known": 1,
        "row of an actor who had one already; the first one counts": 1,
        "actor's name longer than 512 characters": 1,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column actor"),
        ("name,attempts\na,1\n", "no column actor"),
        ("actor,colour\na,red\n", "no column to judge by"),
        ("actor,attempts\n", "no actors"),
        ("actor,attempts\n,\n,3\n", "no actors"),
        (b"\xff\xfea\0c\0t\0o\0r\0", "no column actor"),
        ('actor,attempts\n"' + "x" * 2_000_000, "no actors"),
    ],
)
def test_a_table_that_is_none_is_refused_with_the_way_out(
    text: str | bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        table(tmp_path, text)
    assert caught.value.field
    assert caught.value.rule
    assert caught.value.remedy
