from __future__ import annotations

import pytest

from fairness.screening.emails import domain, normalise


@pytest.mark.parametrize(
    "alias",
    [
        "anna.smith@gmail.com",
        "Anna.Smith@Gmail.com",
        "a.n.n.a.s.m.i.t.h@googlemail.com",
        "annasmith+sale7@gmail.com",
        " annasmith@gmail.com. ",
    ],
)
def test_aliases_of_one_gmail_mailbox_have_one_spelling(alias: str) -> None:
    assert normalise(alias) == "annasmith@gmail.com"


def test_dots_elsewhere_belong_to_the_name() -> None:
    assert normalise("anna.smith@example.org") != normalise("annasmith@example.org")


def test_a_plus_tag_is_dropped_everywhere() -> None:
    assert normalise("anna+tickets@example.org") == "anna@example.org"


def test_proton_reads_its_domains_and_signs_as_one() -> None:
    assert normalise("An-na_S@protonmail.com") == normalise("annas@pm.me")


def test_a_name_that_is_all_tag_or_all_dots_is_kept() -> None:
    assert normalise("+one@example.org") != normalise("+two@example.org")
    assert normalise("...@gmail.com") == "...@gmail.com"


def test_a_quoted_at_sign_does_not_move_the_domain() -> None:
    assert domain('"a@b"@example.org') == "example.org"


def test_the_domain_is_ascii_and_lower_case() -> None:
    assert domain("x@BÜCHER.example") == "xn--bcher-kva.example"


def test_what_is_no_address_comes_back_without_a_domain() -> None:
    assert (normalise("  Nobody "), domain("nobody")) == ("nobody", "")


def test_a_domain_that_idna_refuses_is_kept_as_it_is() -> None:
    assert domain(f"x@{'a' * 70}.example") == f"{'a' * 70}.example"
