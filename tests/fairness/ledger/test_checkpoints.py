from __future__ import annotations

from pathlib import Path

import pytest

from fairness.errors import LogBroken
from fairness.ledger import checkpoints, tiles
from fairness.ledger.checkpoints import Archive
from fairness.ledger.tiles import Folder


def kept(folder: Path, *numbers: int) -> list[str]:
    archive = Archive(Folder(folder))
    for n in numbers:
        archive.keep(f"checkpoint {n}")
    return list(checkpoints.every(Folder(folder)))


def texts(count: int) -> list[str]:
    return [f"checkpoint {n}" for n in range(count)]


@pytest.mark.parametrize("count", [1, 255, 256, 257, 520])
def test_all_come_back_in_their_order(tmp_path: Path, count: int) -> None:
    assert kept(tmp_path, *range(count)) == texts(count)
    full = sorted(path.name for path in (tmp_path / "checkpoints").glob("0*"))
    assert full == [f"{n:03}" for n in range(count // 256)]


def test_keeping_one_again_keeps_it_once(tmp_path: Path) -> None:
    assert kept(tmp_path, 0, 1, 1) == texts(2)
    assert kept(tmp_path, 1, *range(2, 256)) == texts(256)
    assert kept(tmp_path, 255, 256) == texts(257)


def test_who_dies_after_a_full_file_loses_none_and_doubles_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    kept(tmp_path, *range(255))
    archive, replace = Archive(folder), folder.replace

    def dies(name: str, data: bytes) -> None:
        if name == checkpoints.LATEST:
            raise KeyboardInterrupt
        replace(name, data)

    folder.replace = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        archive.keep("checkpoint 255")
    assert kept(tmp_path, 255, 256) == texts(257)


def test_full_files_never_change_and_the_latest_does() -> None:
    assert checkpoints.name(7) == "checkpoints/007"
    assert tiles.is_final(checkpoints.name(1_234))
    assert not tiles.is_final(checkpoints.LATEST)
    assert tiles.is_final("tile/entries/x001/234")
    assert not any(map(tiles.is_final, ("tile/0/000.p/7", "checkpoint", "reports/s.json")))


def test_a_file_that_ends_too_soon_is_a_broken_log(tmp_path: Path) -> None:
    kept(tmp_path, 0)
    path = tmp_path / checkpoints.LATEST
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LogBroken, match="in the middle"):
        checkpoints.latest(Folder(tmp_path))
