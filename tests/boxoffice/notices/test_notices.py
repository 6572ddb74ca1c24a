from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from boxoffice.accounts.contacts import Contact
from boxoffice.dynamo import Database, Item
from boxoffice.notices.channels import ADDRESS, Channel
from boxoffice.notices.delivering import LEASE_US, MAX_ATTEMPTS
from boxoffice.notices.model import SMS, Delivery, Letter
from boxoffice.notices.service import Notices
from boxoffice.notices.smtp import SmtpSender
from boxoffice.notices.store import PAGE, NoticeStore
from boxoffice.notices.unsubscribing import Unsubscribing
from boxoffice.outbox import MAILS, SHARDS
from boxoffice.tables import NOTICES, OUTBOX
from fairness.errors import Invalid, Misconfigured, Unavailable
from tests.boxoffice.notices.mailbox import Mailbox, mailbox
from tests.boxoffice.shop import NOW, SECOND, Shop, faulty, rush

FULL = PAGE * SHARDS  # as many as are read at once of all shards
ABOUT = "Kullervo, Lahti, 22 Nov 2026"
DATA = {
    "order_id": "ord_1",
    "about": ABOUT,
    "seats": ["1-1", "1-2"],
    "total_cents": 18_000,
    "currency": "EUR",
    "code": "314159",
    "until_us": NOW,
    "sale_id": "sale_1",
    "answer": "You may go on.",
    "why": "taken: 1-1",
    "starts_at_us": NOW,
    "before_us": NOW,
    "endpoint_id": "hook_1",
    "passkey": "My phone",
    "at_us": NOW,
}


@dataclass
class People:
    """Everyone has an account: acc_ada is Ada at ada@example.org."""

    odd: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  # what all of them have in common
    dead: dict[str, str] = field(default_factory=dict)  # account -> why no mail arrives

    def get_many(self, account_ids: Sequence[str]) -> dict[str, Contact]:
        return {who: self._of(who) for who in account_ids if who != "acc_nobody"}

    def _of(self, account_id: str) -> Contact:
        name = account_id.removeprefix("acc_")
        to = self.odd.get(name, f"{name}@example.org")
        gone = int(account_id in self.dead)
        return Contact(account_id, to, name.title(), unreachable_us=gone, **self.more)

    def bounced(self, account_id: str, why: str, now_us: int) -> None:
        self.dead[account_id] = why


@dataclass
class Spy:
    """A way that keeps the letters it is given, and may be told what to say."""

    letters: list[Letter] = field(default_factory=list)
    says: Exception | None = None

    @contextmanager
    def connected(self) -> Iterator[Spy]:
        yield self

    def send(self, letter: Letter) -> None:
        if self.says:
            raise self.says
        self.letters.append(letter)


@dataclass
class Quota:
    """So many letters, and then no more."""

    left: int = 1_000

    def take(self, name: str, wanted: int, per_s: int) -> int:
        taken = min(wanted, self.left)
        self.left -= taken
        return taken


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


def _notices(db: Database, box: Mailbox, **odd: str) -> Notices:
    sender = SmtpSender(box.url, "FairTicket <tickets@fairticket.example>", timeout_s=5)
    return _by(db, {"mail": Channel(sender)}, People(odd))


def _by(db: Database, channels: dict[str, Channel], people: People, quota: int = 1_000) -> Notices:
    return Notices(
        db,
        channels,
        people,
        Quota(quota),
        domain="fairticket.example",
        site="https://fairticket.example",
        unsubscribing=Unsubscribing("pepper"),
    )


def _promised(notices: Notices, *names: str) -> None:
    for name in names:
        notices.promise("order_confirmed", f"acc_{name}", DATA, f"ord_{name}", NOW)


def _open(db: Database) -> int:
    return len(_rows(db))


def _rows(db: Database) -> list[Item]:
    return [row for kind in (*MAILS, SMS) for row in db.query(OUTBOX, kind=kind)]


def test_a_paid_order_is_mailed_once_with_what_it_is_about(any_db: Database, box: Mailbox) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2", person="ada")
    shop.orders.pay(order.order_id, shop.card(), NOW)
    notices = _notices(any_db, box)

    assert notices.deliver(10, NOW) == Delivery(sent=1)
    assert notices.deliver(10, NOW) == Delivery()

    (message,) = box.messages
    text = message.get_content()
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Your tickets: Kullervo, Lahti"
    assert message["Message-ID"].endswith("@fairticket.example>")
    assert message["X-FairTicket-Order"] == order.order_id
    assert "1-1, 1-2" in text
    assert "€180.00" in text
    assert f"https://fairticket.example/orders/{order.order_id}" in text
    assert _open(any_db) == 0
    (notice,) = notices.records()
    assert (notice.state, notice.account_id, notice.attempts) == ("sent", "acc_ada", 1)
    assert "ada@" not in str(list(any_db.scan(NOTICES)))


def test_the_same_promise_is_one_mail_also_after_it_was_sent(
    any_db: Database, box: Mailbox
) -> None:
    notices = _notices(any_db, box)
    for _ in range(2):
        _promised(notices, "ada")
    assert notices.deliver(10, NOW).sent == 1
    _promised(notices, "ada")
    assert notices.deliver(10, NOW) == Delivery()
    assert len(box.messages) == 1


def test_many_mails_are_promised_at_once_and_each_is_one(any_db: Database, box: Mailbox) -> None:
    notices = _notices(any_db, box)
    mails = [(f"acc_fan{n}", DATA, f"turn-{n}") for n in range(70)]
    notices.promise("your_turn", *mails[60], NOW)
    for _ in range(2):
        notices.promise_all("your_turn", mails, NOW)
    assert _open(any_db) == 70
    with pytest.raises(Invalid):
        notices.promise_all("spam", mails, NOW)


def test_mails_behind_the_first_page_that_are_due_are_found(db: Database, box: Mailbox) -> None:
    notices, store = _notices(db, box), NoticeStore(db)
    mails = [(f"acc_fan{n}", DATA, f"turn-{n:03}") for n in range(FULL + 2)]
    notices.promise_all("your_turn", mails, NOW)
    for _ in range(FULL // 64):
        store.claim_all(list(store.due(NOW))[:64], NOW, NOW + 10**6)
    assert [promise.account_id for promise in store.due(NOW)] == [m[0] for m in mails[FULL:]]


def test_two_workers_at_once_send_each_mail_once(any_db: Database, box: Mailbox) -> None:
    notices = _notices(any_db, box)
    names = [f"fan{n}" for n in range(12)]
    _promised(notices, *names)
    results = rush(4, lambda _: notices.deliver(20, NOW))
    assert sum(r.sent for r in results if isinstance(r, Delivery)) == 12
    assert sorted(m["To"] for m in box.messages) == sorted(f"{n}@example.org" for n in names)
    assert _open(any_db) == 0


def test_the_race_is_real(any_db: Database, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the claim, workers at once send mails more than once."""
    monkeypatch.setattr(NoticeStore, "claim_all", lambda _self, promises, _now, _until: promises)
    notices = _notices(any_db, box)
    _promised(notices, *[f"fan{n}" for n in range(12)])
    rush(4, lambda _: notices.deliver(20, NOW))
    assert len(box.messages) > 12


def test_killed_between_sending_and_recording_it_is_the_same_mail_again(
    any_db: Database, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    notices = _notices(any_db, box)
    _promised(notices, "ada")
    with monkeypatch.context() as patch:
        patch.setattr(NoticeStore, "record_all", killed)
        with pytest.raises(Killed):
            notices.deliver(1, NOW)

    assert notices.deliver(1, NOW + SECOND) == Delivery()  # someone may still be sending it
    assert notices.deliver(1, NOW + 2 * LEASE_US) == Delivery(sent=1)

    first, second = box.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert len(list(notices.records())) == 1


@pytest.mark.parametrize("fault", ["conflict", "throttled", "lost reply", "sent twice"])
def test_a_fault_at_any_call_loses_no_mail_and_repeats_none_under_a_new_name(
    any_db: Database, box: Mailbox, fault: str
) -> None:
    for number in range(5):
        _promised(_notices(any_db, box), f"fan{number}")
        at = NOW + number * 10 * LEASE_US
        try:
            _notices(faulty(any_db, fault, number)[0], box).deliver(1, at)
        except Unavailable:
            _notices(any_db, box).deliver(1, at + 2 * LEASE_US)
    _notices(any_db, box).deliver(10, NOW + 99 * LEASE_US)
    assert _open(any_db) == 0
    assert len({m["Message-ID"] for m in box.messages}) == 5
    assert len(box.messages) == 5
    assert len(list(any_db.scan(NOTICES))) == 5


def test_a_bad_address_is_recorded_and_not_tried_for_ever(any_db: Database, box: Mailbox) -> None:
    box.answers["gone@example.org"] = "550 <gone@example.org>: no such user"
    notices = _notices(any_db, box, broken="not an address\n")
    _promised(notices, "gone", "nobody", "broken", "ada")
    assert notices.deliver(10, NOW) == Delivery(sent=1, failed=3)
    assert notices.deliver(10, NOW + LEASE_US) == Delivery()
    reasons = {n.account_id: n.reason for n in notices.records() if n.state == "failed"}
    assert "550 <…>: no such user" in reasons["acc_gone"]
    assert not any("@" in reason for reason in reasons.values()), "a record outlives its account"
    assert "no such account" in reasons["acc_nobody"]
    assert [m["To"] for m in box.messages] == ["ada@example.org"]


@pytest.mark.parametrize("international", [True, False])
def test_an_address_of_any_alphabet_is_written_to_where_the_server_can(
    db: Database, international: bool
) -> None:
    with mailbox(international) as box:
        notices = _notices(db, box, uml="jürgen@exämple.org")
        _promised(notices, "uml", "ada")
        assert notices.deliver(2, NOW) == Delivery(1 + international, 1 - international)
        assert "ada@example.org" in [m["To"] for m in box.messages]


def test_a_busy_mailbox_is_tried_later_and_later(any_db: Database, box: Mailbox) -> None:
    box.answers["ada@example.org"] = "450 try again later"
    notices = _notices(any_db, box)
    _promised(notices, "ada", "ben")
    assert notices.deliver(10, NOW) == Delivery(sent=1, put_off=1)
    assert notices.deliver(10, NOW + SECOND) == Delivery()
    assert notices.deliver(10, NOW + 3 * SECOND) == Delivery(put_off=1)
    assert notices.deliver(10, NOW + 6 * SECOND) == Delivery()
    box.answers.clear()
    assert notices.deliver(10, NOW + 60 * SECOND) == Delivery(sent=1)
    assert sorted(m["To"] for m in box.messages) == ["ada@example.org", "ben@example.org"]


def test_a_mailbox_that_stays_busy_is_given_up_in_the_end(any_db: Database, box: Mailbox) -> None:
    box.answers["ada@example.org"] = "450 try again later"
    notices = _notices(any_db, box)
    _promised(notices, "ada")
    runs = [notices.deliver(1, NOW + n * 3_700 * SECOND) for n in range(MAX_ATTEMPTS)]
    assert runs == [Delivery(put_off=1)] * (MAX_ATTEMPTS - 1) + [Delivery(failed=1)]
    assert _open(any_db) == 0


def test_a_mail_server_in_trouble_is_left_alone_for_the_moment(db: Database, box: Mailbox) -> None:
    box.answers["DATA"] = "451 disk full"
    notices = _notices(db, box)
    _promised(notices, *[f"fan{n}" for n in range(10)])
    assert notices.deliver(10, NOW) == Delivery(put_off=3)


def test_a_dead_mail_server_is_unavailable_and_nothing_counts_as_tried(db: Database) -> None:
    dead = Mailbox()
    dead.url = "smtp://127.0.0.1:9"
    notices = _notices(db, dead)
    assert notices.deliver(1, NOW) == Delivery()
    _promised(notices, "ada")
    with pytest.raises(Unavailable, match="mail server does not answer"):
        notices.deliver(1, NOW)
    (row,) = _rows(db)
    assert "attempts" not in row


def test_a_limit_leaves_the_rest_for_the_next_run(db: Database, box: Mailbox) -> None:
    notices = _notices(db, box)
    _promised(notices, "ada", "ben", "cy")
    assert notices.deliver(2, NOW).sent == 2
    assert notices.deliver(2, NOW).sent == 1


def test_a_promise_without_its_words_fails_by_name(db: Database, box: Mailbox) -> None:
    notices = _notices(db, box)
    notices.promise("challenge_code", "acc_ada", {}, "one", NOW)
    assert notices.deliver(1, NOW) == Delivery(failed=1)
    (notice,) = notices.records()
    assert "code" in notice.reason
    assert notices.find(notice.notice_id) == notice
    with pytest.raises(Invalid, match="no such template"):
        notices.promise("spam", "acc_ada", {}, "two", NOW)


@pytest.mark.parametrize("url", ["", "http://host", "smtp://"])
def test_a_wrong_smtp_address_is_named_at_the_start(url: str) -> None:
    with pytest.raises(Misconfigured, match="not an SMTP address"):
        SmtpSender(url, "tickets@fairticket.example")


def test_who_cannot_be_reached_is_noted_and_not_written_to_again(
    any_db: Database, box: Mailbox
) -> None:
    box.answers |= {"ada@example.org": "550 5.1.1 no such user", "ben@example.org": "550 5.7.1 no"}
    people = People()
    notices = _by(any_db, {"mail": Channel(SmtpSender(box.url, "us@fairticket.example"))}, people)
    _promised(notices, "ada", "ben")
    assert notices.deliver(10, NOW) == Delivery(failed=2)
    assert list(people.dead) == ["acc_ada"]  # the other refusal is about us, not about Ben
    box.answers.clear()
    notices.promise("money_back", "acc_ada", DATA, "two", NOW)
    assert notices.deliver(10, NOW) == Delivery()
    assert {n.state for n in notices.records()} == {"failed", "unreachable"}
    assert _open(any_db) == 0


def test_an_urgent_notice_also_goes_by_short_message_to_who_wants_it_once(any_db: Database) -> None:
    mail, sms = Spy(), Spy()
    both = {"phone": "+491512", "wants": {"your_turn": ["mail", "sms"]}}
    notices = _by(any_db, {"mail": Channel(mail), "sms": Channel(sms)}, People(more=both))
    data = DATA | {"until_us": NOW + 10 * LEASE_US}
    for template in ("your_turn", "money_back"):
        notices.promise(template, "acc_ada", data, template, NOW)
    mail.says = Unavailable("not now")
    assert notices.deliver(10, NOW).put_off == 2
    mail.says = None
    for number in range(1, 4):  # the mail is tried again, and the short message goes once
        notices.deliver(10, NOW + number * 5 * SECOND)
    assert [letter.to for letter in sms.letters] == ["+491512"]
    assert sms.letters[0].short.startswith("It is your turn: Kullervo")
    assert len(mail.letters) == 2
    assert _open(any_db) == 0


def test_a_short_message_that_would_come_too_late_is_not_sent(db: Database) -> None:
    sms = Spy()
    both = {"phone": "+491512", "wants": {"your_turn": ["sms"]}}
    notices = _by(db, {"mail": Channel(Spy()), "sms": Channel(sms)}, People(more=both))
    notices.promise("your_turn", "acc_ada", DATA | {"until_us": NOW}, "one", NOW)
    notices.deliver(10, NOW)
    notices.deliver(10, NOW + 60 * SECOND)
    assert sms.letters == []
    assert {n.state for n in notices.records()} == {"unwanted"}


def test_a_reminder_that_is_not_wanted_is_not_sent_and_what_concerns_money_is(db: Database) -> None:
    mail = Spy()
    nothing = {"wants": {"your_turn": [], "money_back": []}}
    notices = _by(db, {"mail": Channel(mail)}, People(more=nothing))
    for template in ("your_turn", "money_back"):
        notices.promise(template, "acc_ada", DATA, template, NOW)
    notices.deliver(10, NOW)
    assert [letter.subject for letter in mail.letters] == ["Your money is on its way: " + ABOUT]


def test_a_way_takes_no_more_letters_than_its_limit_and_the_rest_waits(db: Database) -> None:
    mail = Spy()
    notices = _by(db, {"mail": Channel(mail, per_s=3)}, People(), quota=3)
    _promised(notices, *[f"fan{n}" for n in range(5)])
    assert notices.deliver(10, NOW).sent == 3
    assert _open(db) == 2


def test_a_way_with_a_limit_holds_no_other_up(db: Database) -> None:
    mail, sms = Spy(), Spy()
    both = {"phone": "+491512", "wants": {"your_turn": ["mail", "sms"]}}
    channels = {"mail": Channel(mail), "sms": Channel(sms, per_s=1)}
    notices = _by(db, channels, People(more=both), quota=1)
    data = DATA | {"until_us": NOW + 10 * LEASE_US}
    for number in range(4):
        notices.promise("your_turn", f"acc_fan{number}", data, f"{number}", NOW)
    for _ in range(3):  # two at a time: the short messages that wait are older than the mails
        notices.deliver(2, NOW)
    assert (len(mail.letters), len(sms.letters)) == (4, 1)
    assert _open(db) == 3


def test_only_reminders_can_be_ended_with_one_press(db: Database, box: Mailbox) -> None:
    notices = _notices(db, box)
    for template in ("your_turn", "money_back"):
        notices.promise(template, "acc_ada", DATA, template, NOW)
    notices.deliver(10, NOW)
    turn, money = sorted(box.messages, key=lambda m: m["Subject"])
    assert turn["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"  # RFC 8058, section 3.1
    assert turn["List-Unsubscribe"].strip("<>") in turn.get_content()
    assert money["List-Unsubscribe"] is None


def test_a_way_that_says_nobody_is_there_marks_only_mail_addresses(db: Database) -> None:
    sms, people = Spy(says=Invalid("gone", field=ADDRESS)), People()
    people.more = {"phone": "+491512", "wants": {"your_turn": ["sms"]}}
    notices = _by(db, {"mail": Channel(Spy()), "sms": Channel(sms)}, people)
    data = DATA | {"until_us": NOW + 10 * LEASE_US}
    notices.promise("your_turn", "acc_ada", data, "one", NOW)
    assert notices.deliver(10, NOW) == Delivery(failed=1)
    assert people.dead == {}
