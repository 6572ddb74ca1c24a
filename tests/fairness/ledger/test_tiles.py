from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import LogBroken, Unavailable
from fairness.ledger import merkle, tiles
from fairness.ledger.tiles import Builder, Folder, Tree


def entries(count: int) -> list[bytes]:
    return [f"entry {n}".encode() for n in range(count)]


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(entry) for entry in entries(count)]


def built(count: int) -> tuple[dict[str, bytes], Builder]:
    found: dict[str, bytes] = {}
    builder = Builder(found.__setitem__)
    for entry in entries(count):
        builder.push(entry)
    builder.flush()
    return found, builder


@pytest.mark.parametrize(
    ("number", "width", "name"),
    [
        (0, 256, "tile/0/000"),
        (5, 7, "tile/0/005.p/7"),
        (999, 256, "tile/0/999"),
        (1000, 256, "tile/0/x001/000"),
        (1234067, 256, "tile/0/x001/x234/067"),
        (1234067, 8, "tile/0/x001/x234/067.p/8"),
    ],
)
def test_a_tile_is_where_the_standard_says(number: int, width: int, name: str) -> None:
    assert tiles.path(0, number, width) == name


def test_a_tree_of_70000_has_exactly_the_tiles_of_the_standard() -> None:
    found, builder = built(70_000)
    names = {name for name in found if "entries" not in name}
    expected = {tiles.path(0, n) for n in range(273)} | {tiles.path(0, 273, 112)}
    expected |= {tiles.path(1, 0), tiles.path(1, 1, 17), tiles.path(2, 0, 1)}
    assert names == expected
    assert {name for name in found if "entries" in name} == (
        {tiles.path("entries", n) for n in range(273)} | {tiles.path("entries", 273, 112)}
    )
    assert builder.root() == merkle.root(hashes(70_000))


def test_a_tree_of_256_has_one_full_tile_and_one_hash_above() -> None:
    found, _ = built(256)
    assert {name: len(data) for name, data in found.items() if "entries" not in name} == {
        "tile/0/000": 8192,
        "tile/1/000.p/1": 32,
    }
    assert found["tile/1/000.p/1"] == merkle.root(hashes(256))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_536, 65_537])
def test_the_root_of_the_tiles_is_the_root_of_the_entries(count: int) -> None:
    _, builder = built(count)
    assert builder.root() == merkle.root(hashes(count))


def test_a_builder_goes_on_where_the_folder_ends(tmp_path: Path) -> None:
    folder, whole = Folder(tmp_path), entries(1300)
    size = 0
    for end in (1, 255, 256, 257, 600, 1024, 1300):
        builder = Builder(folder.write, size, folder)
        for entry in whole[size:end]:
            builder.push(entry)
        builder.flush()
        size = end
        assert builder.root() == merkle.root(hashes(end))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(whole: list[bytes]) -> None:
    assert tiles.unpack(tiles.pack(whole), len(whole)) == whole


def test_a_bundle_holds_entries_of_every_size() -> None:
    whole = [b"", b"x" * 65_535]
    assert tiles.pack(whole)[:4] == b"\x00\x00\xff\xff"
    assert tiles.unpack(tiles.pack(whole), 2) == whole


@pytest.mark.parametrize("bundle", [b"", b"\x00", b"\x00\x02a", b"\x00\x01a"])
def test_a_bundle_that_ends_too_soon_is_a_broken_log(bundle: bytes) -> None:
    with pytest.raises(LogBroken, match="ends after"):
        tiles.unpack(bundle, 2)


def test_proofs_from_tiles_are_the_proofs_from_all_leaves(tmp_path: Path) -> None:
    size = 1500
    found, _ = built(size)
    folder, leaves = Folder(tmp_path), hashes(size)
    for name, data in found.items():
        folder.write(name, data)
    tree = Tree(folder, size)
    for index in (0, 1, 255, 256, 777, 1279, 1280, 1499):
        path = merkle.inclusion_path(index, size, tree.subtree)
        assert path == merkle.inclusion_proof(leaves, index)
    for old in (1, 2, 255, 256, 1024, 1280, 1499):
        path = merkle.consistency_path(old, size, tree.subtree)
        assert path == merkle.consistency_proof(leaves, old)
        assert tree.subtree(0, old) == merkle.root(leaves[:old])


def test_a_published_tile_never_changes(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("tile/0/000", b"a")
    folder.write("tile/0/000", b"a")
    with pytest.raises(LogBroken, match="published already"):
        folder.write("tile/0/000", b"b")
    assert folder.read("tile/0/000") == b"a"


def test_a_partial_tile_may_be_read_from_the_full_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("tile/0/000", b"".join(hashes(256)))
    folder.write("tile/0/000.p/9", b"old")
    folder.drop_partials("tile/0/000")
    assert folder.read("tile/0/000.p/9") is None
    assert folder.hashes(0, 0, 9) == hashes(9)


def test_a_missing_or_short_tile_is_a_broken_log(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(LogBroken, match="missing"):
        folder.hashes(0, 0, 9)
    folder.write("tile/0/000.p/9", b"short")
    with pytest.raises(LogBroken, match="too short"):
        folder.hashes(0, 0, 9)


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    contents = [bytes([n]) * 200_000 for n in range(20)]
    folder.replace("checkpoint", contents[0])
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(lambda: [folder.replace("checkpoint", data) for data in contents])
        while not writing.done():
            assert folder.read("checkpoint") in contents
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_files_can_be_read_by_a_web_server(tmp_path: Path) -> None:
    Folder(tmp_path).write("key", b"k")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o644


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "tile").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be written"):
        Folder(tmp_path).write("tile/0/000", b"a")
    with pytest.raises(Unavailable, match="cannot be written"), Folder(tmp_path / "tile").lock():
        pass
