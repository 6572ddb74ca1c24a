from __future__ import annotations

import os
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from fairness.screening.tables import Ranges, Source, is_inside, load, parse_address


def network(tables, address: str) -> str:
    return tables.network_of(ip_address(address))


def test_the_built_in_tables_know_the_large_clouds_relays_and_thrown_away_mailboxes() -> None:
    tables = load()
    assert network(tables, "3.90.1.1") == "datacenter"
    assert network(tables, "2600:1f18::1") == "datacenter"
    assert network(tables, "104.28.30.7") == "relay"
    assert network(tables, "2a02:26f7::1") == "relay"
    assert network(tables, "146.70.70.1") == "vpn"
    assert network(tables, "88.112.4.4") == ""
    assert tables.is_disposable("mailinator.com")
    assert tables.is_disposable("eu.mailinator.com")
    assert not tables.is_disposable("notmailinator.com")
    assert not tables.is_disposable("")
    assert (tables.faults, tables.skipped) == ((), 0)


def test_a_newer_table_takes_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "x4bnet_datacenter_ipv4.txt").write_text("198.51.100.0/24 # ours\n")
    (tmp_path / "disposable_domains.txt").write_text("Example.NET\n\n# a comment\n")
    tables = load(tmp_path)
    assert network(tables, "198.51.100.9") == "datacenter"
    assert network(tables, "3.90.1.1") == ""
    assert tables.is_disposable("example.net")
    assert not tables.is_disposable("mailinator.com")


def test_a_newer_table_of_one_family_leaves_the_other_family_built_in(tmp_path: Path) -> None:
    (tmp_path / "x4bnet_datacenter_ipv4.txt").write_text("198.51.100.0/24\n")
    assert network(load(tmp_path), "2600:1f18::1") == "datacenter"


def test_relays_are_added_and_never_forgotten(tmp_path: Path) -> None:
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "x4bnet_apple_private_relay.txt").write_text("198.51.100.0/24\n")
    (tmp_path / "network" / "x4bnet_datacenter_ipv4.txt").write_text("198.51.0.0/16\n104.0.0.0/8\n")
    tables = load(tmp_path)
    assert network(tables, "198.51.100.9") == "relay"
    assert network(tables, "104.28.30.7") == "relay"
    assert network(tables, "198.51.99.9") == "datacenter"


def test_bad_lines_are_skipped_named_and_counted(tmp_path: Path) -> None:
    lines = ["198.51.100.0/24", "198.51.100.1/24", "nonsense", *["?"] * 100]
    (tmp_path / "x4bnet_vpn_ipv4.txt").write_text("\n".join(lines))
    tables = load(tmp_path)
    assert network(tables, "198.51.100.9") == "vpn"
    assert tables.skipped == 102
    assert tables.faults[1] == "x4bnet_vpn_ipv4.txt line 3: 'nonsense' skipped"
    assert len(tables.faults) == 20


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00rubbish", b"<html>404</html>"])
def test_a_table_without_a_good_line_falls_back_to_the_built_in_one(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x4bnet_datacenter_ipv4.txt").write_bytes(content)
    (tmp_path / "disposable_domains.txt").write_bytes(content)
    tables = load(tmp_path)
    assert network(tables, "3.90.1.1") == "datacenter"
    assert tables.is_disposable("mailinator.com")
    assert any("the built-in table is used" in fault for fault in tables.faults)


def test_a_table_that_cannot_be_read_is_named_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "x4bnet_vpn_ipv4.txt").mkdir()
    tables = load(tmp_path)
    assert network(tables, "146.70.70.1") == "vpn"
    assert tables.faults == ("x4bnet_vpn_ipv4.txt: Is a directory; the built-in table is used",)


@pytest.mark.parametrize("name", ["x4bnet_datacenter_ipv4.txt", "disposable_domains.txt"])
def test_a_table_that_is_half_written_at_any_byte_stops_nothing(tmp_path: Path, name: str) -> None:
    whole = b"198.51.100.0/24\n203.0.113.0/24\n" if "ipv4" in name else b"a.example\nb.example\n"
    for end in range(len(whole)):
        (tmp_path / name).write_bytes(whole[:end])
        tables = load(tmp_path)
        assert tables.skipped <= 1
        assert network(tables, "3.90.1.1") in ("datacenter", "")
    (tmp_path / name).write_bytes(whole + b"\0" * 1_000 + b"\n" + b"." * 1_000_000)
    assert load(tmp_path).skipped == 2


def test_a_name_that_is_no_domain_is_looked_up_in_no_time() -> None:
    assert not load().is_disposable("a." * 2_000_000)


def test_tables_that_say_the_same_have_one_name_and_others_another(tmp_path: Path) -> None:
    names = {load().name, load(tmp_path).name}
    (tmp_path / "disposable_domains.txt").write_text("one.example\n")
    assert len(names) == 1
    assert load(tmp_path).name not in names


def test_a_missing_folder_is_no_fault(tmp_path: Path) -> None:
    assert load(tmp_path / "absent").faults == ()


def test_an_update_is_seen_without_a_restart(tmp_path: Path) -> None:
    source = Source(tmp_path)
    before = source.current()
    assert source.current() is before
    path = tmp_path / "disposable_domains.txt"
    path.write_text("one.example\n")
    assert source.current().is_disposable("one.example")
    path.write_text("two.example\n")
    os.utime(path, ns=(1, 1))
    assert source.current().is_disposable("two.example")


def test_ranges_that_touch_or_overlap_are_one() -> None:
    assert 5 not in Ranges([])
    ranges = Ranges(map(ip_network, ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25", "10.0.9.0/24"]))
    inside = [int(ip_address(a)) in ranges for a in ("10.0.0.0", "10.0.1.255", "10.0.9.9")]
    outside = [int(ip_address(a)) in ranges for a in ("9.255.255.255", "10.0.2.0", "10.0.10.0")]
    assert (inside, outside) == ([True] * 3, [False] * 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "None"),
        ("unknown", "None"),
        ("192.0.2.1, 10.0.0.1", "None"),
    ],
)
def test_an_address_is_read_or_is_none(text: str, expected: str) -> None:
    assert str(parse_address(text)) == expected


@pytest.mark.parametrize("address", ["127.0.0.1", "10.3.2.1", "192.168.1.9", "::1", "fd00::2"])
def test_a_private_address_is_nobodys(address: str) -> None:
    assert is_inside(ip_address(address))
    assert not is_inside(ip_address("88.112.4.4"))


def test_the_public_lists_load_without_a_fault(shared: Path) -> None:
    tables = load(shared)
    assert tables.faults == ()
    assert network(tables, "104.28.28.1") == "relay"
    assert len(tables.disposable) > 8_000
