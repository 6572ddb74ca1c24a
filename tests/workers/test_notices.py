"""Who is reminded, and who is told of a change."""

from __future__ import annotations

import pytest

from boxoffice.languages import moment
from boxoffice.notices.news import GIVEN_UP_US, News
from boxoffice.orders.ending import WARN_US
from fairness.clock import SECOND, now_us
from tests.workers import stage
from workers import clients, notices

DAY = 86_400 * SECOND


def _crowd() -> stage.Crowd:
    """Return two fans with an order of a seat each; the first one has paid."""
    crowd = stage.crowd(fans=2)
    clients.sales().open(crowd.sale_id, crowd.sale.organiser_id, now_us())
    crowd.line.open(crowd.sale.manifest)
    for number in range(2):
        account_id, fan = crowd.accounts[number], f"fan_{number}"
        stage.allocate(f"ord_{number}", crowd.sale_id, account_id, fan, [f"A-{number}"], None)
    stage.pay("ord_0", crowd.token())
    return crowd


def _deliver(mailbox: stage.Mailbox) -> list[tuple[str, str]]:
    mailbox.messages.clear()
    notices.deliver()
    return sorted((m["To"], m["Subject"].strip().partition(":")[0]) for m in mailbox.messages)


def test_a_hold_that_ends_soon_is_told_once_and_only_to_who_has_not_paid(
    mailbox: stage.Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = _crowd()
    order = clients.orders().get("ord_1", crowd.accounts[1])
    _deliver(mailbox)
    notices.holds()
    assert _deliver(mailbox) == []
    for ahead_s in (5, 15):
        at = order.held_until_us - WARN_US + ahead_s * SECOND
        monkeypatch.setattr(notices, "now_us", lambda at=at: at)
        notices.holds()
    ((to, subject),) = _deliver(mailbox)
    assert to == crowd.emails[1]
    assert subject.strip() == "Your seats are kept for a few minutes more"


def test_who_has_tickets_is_told_of_a_new_time_once(mailbox: stage.Mailbox) -> None:
    crowd, now = _crowd(), now_us()
    _deliver(mailbox)
    performance = clients.catalogue().performance(crowd.sale.performance_id)
    news, moved = News(clients.database()), performance.starts_at_us + DAY
    news.moved(performance.performance_id, performance.starts_at_us, moved, now)
    notices.news()
    assert _deliver(mailbox) == []  # it is not moved yet
    clients.catalogue().change_performance(
        performance.performance_id, crowd.sale.organiser_id, starts_at_us=moved
    )
    notices.news()
    assert _deliver(mailbox) == [(crowd.emails[0], "A new time")]
    assert list(news.open()) == []


def test_a_change_that_was_never_made_is_told_to_nobody(mailbox: stage.Mailbox) -> None:
    crowd = _crowd()
    _deliver(mailbox)
    news = News(clients.database())
    news.moved(crowd.sale.performance_id, 1, 2, now_us() - 2 * GIVEN_UP_US)
    notices.news()
    assert _deliver(mailbox) == []
    assert list(news.open()) == []


def test_the_day_before_who_has_tickets_is_reminded_once(mailbox: stage.Mailbox) -> None:
    crowd = _crowd()
    _deliver(mailbox)
    for _ in range(2):
        notices.soon()
        clients.redis().flushdb()  # also when the store forgot
    assert _deliver(mailbox) == [(crowd.emails[0], _subject(crowd))]


def _subject(crowd: stage.Crowd) -> str:
    day = clients.catalogue().performance(crowd.sale.performance_id).starts_at_us
    return f"Your tickets for {moment(day)}".partition(":")[0]
