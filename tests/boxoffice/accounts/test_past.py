"""What earlier sales say of an account: counted once per sale, whatever happens in between."""

from __future__ import annotations

from boxoffice.accounts.model import NewAccount
from boxoffice.accounts.past import Past, PastStore
from boxoffice.accounts.service import Accounts
from boxoffice.dynamo import Database

ONE = Past(sales=1, full=1, bought=4, returned=1)


def test_a_sale_is_added_once_and_another_city_counts(any_db: Database) -> None:
    accounts, past = Accounts(any_db, "pepper"), PastStore(any_db)
    first, second = accounts.import_accounts(
        [NewAccount("ada@example.org", "Ada"), NewAccount("bob@example.org", "Bob")], "hash"
    )
    for _ in range(2):
        past.add("sale_1", {first.account_id: ONE, second.account_id: ONE}, "Lahti")
    past.add(
        "sale_2",
        {first.account_id: Past(sales=1, bought=2, missed=2, reported=1), "acc_gone": ONE},
        "",
    )
    past.add("sale_3", {first.account_id: ONE}, "Turku")
    assert accounts.get(first.account_id).past == Past(3, 2, 0, 10, 2, 2, 1, 2)
    assert accounts.get(second.account_id).past == Past(1, 1, 0, 4, 1, 0, 0, 1)
    # Signing up again, or an import that is repeated, takes none of it away.
    again = accounts.import_accounts([NewAccount("ada@example.org", "Ada")], "hash")
    assert again[0].past.sales == 3


def test_who_never_bought_has_no_past(db: Database) -> None:
    accounts = Accounts(db, "pepper")
    (new,) = accounts.import_accounts([NewAccount("ada@example.org", "Ada")], "hash")
    assert accounts.get(new.account_id).past == new.past == Past()
