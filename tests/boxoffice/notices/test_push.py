"""Notices on devices, by a real push service that opens what they would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from boxoffice import outward
from boxoffice.dynamo import Database
from boxoffice.notices import delivering, sealing
from boxoffice.notices.channels import Channel
from boxoffice.notices.delivering import IN_A_ROW, PAUSE_US
from boxoffice.notices.devices import MOST, Device, Devices, id_of, is_allowed
from boxoffice.notices.model import PUSH
from boxoffice.notices.push import LASTS_S, SERVICES, PushSender
from boxoffice.notices.sealing import Voucher, from_text, sealed
from boxoffice.notices.service import Notices
from boxoffice.outbox import MAILS
from boxoffice.outward import Reply
from boxoffice.tables import NOTICES, OUTBOX
from fairness.base64url import to_text
from fairness.errors import Conflict, Invalid
from tests.boxoffice.notices.pushed import PushService, opened, push_service
from tests.boxoffice.notices.test_notices import DATA, People, Spy, _by
from tests.boxoffice.shop import NOW, SECOND

VOUCHER = Voucher(b"k" * 32, "mailto:tickets@fairticket.example")
SOON = DATA | {"until_us": NOW + 300 * SECOND}
WANTED = {"wants": {"your_turn": ["mail", "push"], "tickets_soon": ["push"]}}


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as one:
        yield one


@pytest.fixture
def other() -> Iterator[PushService]:
    with push_service() as one:
        yield one


def _notices(db: Database, *services: PushService) -> tuple[Notices, Spy]:
    mail = Spy()
    push = Channel(PushSender(VOUCHER, [one.url for one in services], lambda: NOW))
    return _by(db, {"mail": Channel(mail), "push": push}, People(more=WANTED)), mail


def _add(db: Database, service: PushService, who: str = "acc_ada") -> Device:
    device = service.device(who)
    Devices(db).add(device, [service.url])
    return device


def _waiting(db: Database) -> list[Any]:
    return [row for kind in (*MAILS, PUSH) for row in db.query(OUTBOX, kind=kind)]


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    """Section 5 and appendix A."""
    ours = int.from_bytes(from_text("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    message = sealed(
        b"When I grow up, I want to be a watermelon",
        from_text(key),
        from_text("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=from_text("DGv6ra1nlYgDCS1FRnbzlw"),
        ours=ec.derive_private_key(ours, ec.SECP256R1()),
        step=0,
    )
    assert to_text(message) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWA"
        "mS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs"
        "j_Qulcy4a-fN"
    )


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 3_000, sealing.LONGEST])
def test_a_text_of_any_length_is_read_and_its_length_is_hidden(length: int) -> None:
    device = ec.generate_private_key(ec.SECP256R1())
    text = bytes(x % 251 for x in range(length))
    message = sealed(text, sealing.raw(device.public_key()), bytes(16))
    assert opened(message, device, bytes(16)) == text
    assert len(message) <= sealing.RECORD
    assert (len(message) - 86 - 16) % sealing.STEP == 0 or len(message) == sealing.RECORD
    with pytest.raises(ValueError, match="at most"):
        sealed(bytes(sealing.LONGEST + 1), sealing.raw(device.public_key()), bytes(16))


def test_every_device_of_a_fan_is_told_once_and_nothing_more_than_it_needs(
    any_db: Database, service: PushService
) -> None:
    notices, mail = _notices(any_db, service)
    devices = [_add(any_db, service) for _ in range(2)]
    _add(any_db, service, "acc_ben")
    for _ in range(2):
        notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
        notices.deliver(10, NOW)
        notices.deliver(10, NOW + SECOND)

    assert sorted(p.device_id for p in service.got) == sorted(d.device_id for d in devices)
    assert len(mail.letters) == 1
    told, headers = service.got[0].told, service.got[0].headers
    assert told.pop("tag") == headers["topic"]
    assert told == {
        "title": "It is your turn: Kullervo, Lahti, 22 Nov 2026",
        "body": "it is your turn to choose your seats.",
        "url": "https://fairticket.example/orders/ord_1",
        "lang": "en",
    }
    assert len(headers["topic"]) == 32
    assert (headers["ttl"], headers["urgency"]) == ("300", "high")
    assert headers["content-encoding"] == "aes128gcm"
    assert len({p.headers["topic"] for p in service.got}) == 2
    assert _waiting(any_db) == []
    kept = str(list(any_db.scan(NOTICES)))
    assert service.url not in kept  # the record names no address


def test_what_can_wait_is_pushed_quietly_and_kept_for_a_day(
    db: Database, service: PushService
) -> None:
    notices, _ = _notices(db, service)
    _add(db, service)
    soon = {name: value for name, value in DATA.items() if name != "until_us"}
    notices.promise("tickets_soon", "acc_ada", soon, "one", NOW)
    notices.promise("hold_ending", "acc_ada", SOON, "two", NOW)  # by mail only, as they chose
    notices.deliver(10, NOW)
    notices.deliver(10, NOW)
    (push,) = service.got
    assert (push.headers["ttl"], push.headers["urgency"]) == (str(LASTS_S), "normal")


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten(
    any_db: Database, service: PushService, status: int
) -> None:
    notices, mail = _notices(any_db, service)
    _add(any_db, service)
    service.status = status
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    notices.deliver(10, NOW)
    notices.deliver(10, NOW)
    assert Devices(any_db).of("acc_ada") == []
    assert {n.state for n in notices.records()} == {"sent", "failed"}
    notices.promise("your_turn", "acc_ada", SOON, "two", NOW)
    notices.deliver(10, NOW)
    notices.deliver(10, NOW)
    assert service.calls == 1
    assert len(mail.letters) == 2


def test_a_push_that_is_refused_for_good_leaves_the_device(
    db: Database, service: PushService
) -> None:
    notices, _ = _notices(db, service)
    _add(db, service)
    service.status = 400
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    for _ in range(3):
        notices.deliver(10, NOW)
    assert service.calls == 1
    assert len(Devices(db).of("acc_ada")) == 1


@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_a_busy_service_is_asked_later_and_no_redirect_is_followed(
    db: Database, service: PushService, status: int
) -> None:
    notices, _ = _notices(db, service)
    _add(db, service)
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    service.status = status
    busy = status != 302
    assert notices.deliver(10, NOW).put_off == busy
    assert notices.deliver(10, NOW + SECOND).put_off == 0  # not yet
    service.status = 201
    assert notices.deliver(10, NOW + 4 * SECOND).sent == busy
    assert len(service.got) == busy


def test_a_service_is_left_alone_for_as_long_as_it_asks(
    db: Database, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices, _ = _notices(db, service)
    _add(db, service)
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    with monkeypatch.context() as patch:
        patch.setattr(outward, "post", lambda *_: Reply(429, "HTTP 429", "120"))
        assert notices.deliver(10, NOW).put_off == 1
    assert notices.deliver(10, NOW + 119 * SECOND).sent == 0
    assert notices.deliver(10, NOW + 121 * SECOND).sent == 1


def test_trouble_at_one_service_holds_up_no_other(
    db: Database, service: PushService, other: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "host", property(lambda self: self.endpoint[:24]))  # with the port
    notices, mail = _notices(db, service, other)
    fans = [f"acc_fan{n}" for n in range(IN_A_ROW + 3)]
    for fan in fans:
        _add(db, service, fan)
    _add(db, other)
    service.status = 503
    for fan in (*fans, "acc_ada"):
        notices.promise("your_turn", fan, SOON, fan, NOW)
    done = notices.deliver(20, NOW)
    assert service.calls == IN_A_ROW
    assert (done.put_off, done.sent) == (IN_A_ROW, len(mail.letters) + 1)
    service.status = 201
    notices.deliver(20, NOW + PAUSE_US + 10 * SECOND)
    assert len(service.got) == len(fans)
    assert _waiting(db) == []


def test_a_device_that_was_removed_meanwhile_is_not_told(
    db: Database, service: PushService
) -> None:
    notices, _ = _notices(db, service)
    device = _add(db, service)
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    service.status = 503
    notices.deliver(10, NOW)
    Devices(db).remove("acc_ada", device.device_id)
    notices.deliver(10, NOW + 4 * SECOND)
    assert service.calls == 1
    assert {n.reason for n in notices.records()} == {"", "the device was removed"}


def test_a_service_that_is_no_longer_allowed_is_not_called(
    db: Database, service: PushService
) -> None:
    notices, _ = _notices(db)
    _add(db, service)
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    notices.deliver(10, NOW)
    notices.deliver(10, NOW)
    assert service.calls == 0
    assert len(Devices(db).of("acc_ada")) == 1


def test_killed_between_pushing_and_recording_it_takes_its_own_place_on_the_device(
    db: Database, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    record_all = delivering.NoticeStore.record_all

    def killed(store: Any, kept: Any) -> None:
        if kept and kept[0][0].way == PUSH:
            raise Killed
        record_all(store, kept)

    notices, _ = _notices(db, service)
    _add(db, service)
    notices.promise("your_turn", "acc_ada", SOON, "one", NOW)
    with monkeypatch.context() as patch:
        patch.setattr(delivering.NoticeStore, "record_all", killed)
        with pytest.raises(Killed):
            notices.deliver(10, NOW)
    notices.deliver(10, NOW + 2 * delivering.LEASE_US)
    first, again = service.got
    assert first.headers["topic"] == again.headers["topic"]
    assert first.told["tag"] == again.told["tag"]


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://fcm.googleapis.com:443/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("https://par02p.notify.windows.com/w/?token=abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://evilnotify.windows.com/abc", False),
        ("https://user@fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com@10.0.0.8/abc", False),
        ("https://10.0.0.8/abc", False),
        ("https://fcm.googleapis.com:x/abc", False),
        ("https:///abc", False),
        ("", False),
    ],
)
def test_only_known_services_are_called(endpoint: str, allowed: bool) -> None:
    assert is_allowed(endpoint, SERVICES.split(",")) == allowed


def test_a_known_name_that_leads_into_our_network_is_not_called(
    monkeypatch: pytest.MonkeyPatch, service: PushService
) -> None:
    def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("10.0.0.8", 443))]

    monkeypatch.setattr(outward.socket, "getaddrinfo", looked_up)
    device = service.device("acc_ada")
    device = replace(device, endpoint="https://fcm.googleapis.com/fcm/send/abc")
    letter = _letter(device)
    with (
        PushSender(VOUCHER, SERVICES.split(",")).connected() as post,
        pytest.raises(Invalid, match="private network"),
    ):
        post.send(letter)


def _letter(device: Device) -> Any:
    from tests.boxoffice.notices.test_aws import LETTER

    return replace(LETTER, device=device)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("endpoint", {"endpoint": "https://push.example/abc"}),
        ("endpoint", {"endpoint": "https://fcm.googleapis.com/" + "x" * 1_000}),
        ("key", {"key": "AAAA"}),
        ("key", {"key": to_text(b"\x04" + bytes(64))}),
        ("key", {"key": "!"}),
        ("key", {"auth": to_text(bytes(15))}),
    ],
)
def test_what_no_browser_gives_is_refused_by_name(
    db: Database, service: PushService, field: str, change: dict[str, str]
) -> None:
    device = replace(service.device("acc_ada"), **change)
    with pytest.raises(Invalid) as caught:
        Devices(db).add(device, [service.url, *SERVICES.split(",")])
    assert caught.value.field == field
    assert Devices(db).of("acc_ada") == []


def test_a_device_is_kept_once_and_only_its_owner_removes_it(
    any_db: Database, service: PushService
) -> None:
    devices, one = Devices(any_db), service.device("acc_ada")
    assert [devices.add(one, [service.url]) for _ in range(2)] == [True, True]
    assert devices.of("acc_ada") == [one]
    assert one.device_id == id_of(one.endpoint)
    assert one.auth not in repr(one)
    devices.remove("acc_ben", one.device_id)
    assert devices.of("acc_ada") == [one]
    for _ in range(MOST - 1):
        assert not devices.add(service.device("acc_ada"), [service.url])
    with pytest.raises(Conflict, match="enough"):
        devices.add(service.device("acc_ada"), [service.url])
    for _ in range(2):
        devices.remove("acc_ada", one.device_id)
    assert len(devices.of("acc_ada")) == MOST - 1
