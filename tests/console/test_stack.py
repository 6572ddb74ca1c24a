from __future__ import annotations

import socket
from pathlib import Path

import pytest

from console import gateway
from console.home import Home
from console.stack import Options, Stack
from fairness.errors import Conflict, Misconfigured
from fairness.manifest import Manifest
from workers import queues
from workers.settings import Settings


def names(stack: Stack) -> list[str]:
    return [child.name for child in (*stack.engines(), *stack.programs(), *stack.front())]


def test_every_queue_has_one_worker_with_its_name(tmp_path: Path) -> None:
    commands = [child.command for child in Stack(Home(tmp_path), Options()).programs()]
    served = [command[command.index("-Q") + 1] for command in commands if "-Q" in command]
    assert served == list(queues.ALL)
    assert [c[c.index("-n") + 1] for c in commands if "-n" in c] == [f"{q}@%h" for q in queues.ALL]


def test_without_nginx_one_process_is_both_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "binary", lambda: None)
    stack = Stack(Home(tmp_path), Options())
    assert [name for name in names(stack) if name.startswith("web")] == ["web-all"]
    assert "gateway" not in names(stack)


def test_with_nginx_the_services_run_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "binary", lambda: "/usr/sbin/nginx")
    found = names(Stack(Home(tmp_path), Options()))
    assert found[-1] == "gateway"
    assert {"web-fairness", "web-boxoffice"} < set(found)
    apart = Stack(Home(tmp_path), Options(gateway=False))
    assert "web-all" in names(apart)


def test_a_gateway_without_nginx_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "binary", lambda: None)
    with pytest.raises(Misconfigured, match="nginx is not installed") as refusal:
        Stack(Home(tmp_path), Options(gateway=True))
    assert "apt-get install" in (refusal.value.remedy or "")


def test_a_port_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port} is in use") as refusal:
            Stack(Home(tmp_path), Options(port=port))
    assert (refusal.value.field, refusal.value.value) == ("--port", port)
    assert "leave --port out" in (refusal.value.remedy or "")


def test_the_settings_of_a_stack_are_complete(tmp_path: Path) -> None:
    stack = Stack(Home(tmp_path), Options(public_url="https://tickets.example/"))
    settings = Settings.from_env(stack.env)
    assert settings.public_url == "https://tickets.example"
    assert settings.ledger_folder == tmp_path / "ledger"
    assert stack.addresses.organiser == "https://tickets.example/organiser"


def test_no_two_parts_share_a_port(tmp_path: Path) -> None:
    stack = Stack(Home(tmp_path), Options())
    stack.programs()
    metrics = [
        child.env["FAIRTICKET_METRICS_PORT"]
        for child in stack.programs()
        if "FAIRTICKET_METRICS_PORT" in child.env
    ]
    ports = [stack.port, *stack.ports.values(), *map(int, metrics)]
    assert len(set(ports)) == len(ports) == 9 + len(queues.ALL)


def test_no_password_is_on_a_command_line(tmp_path: Path) -> None:
    stack = Stack(Home(tmp_path), Options())
    words = [word for child in stack.programs() for word in child.command]
    for secret in Home(tmp_path).secrets().values():
        assert not [word for word in words if secret in word]


def test_further_stores_are_started_and_every_part_knows_them(tmp_path: Path) -> None:
    stack = Stack(Home(tmp_path), Options(stores=3))
    its = Settings.from_env(stack.env)
    assert [name for name in names(stack) if name.startswith("valkey")] == [
        "valkey", "valkey-2", "valkey-3",
    ]  # fmt: skip
    assert its.shards == [f"redis://127.0.0.1:{stack.ports[n]}/0" for n in ("valkey-2", "valkey-3")]
    assert 0 < 2 * its.clock_bound_us <= Manifest("sale", 0, 0, 1).tie_us
    assert Settings.from_env(Stack(Home(tmp_path / "one"), Options()).env).shards == []
