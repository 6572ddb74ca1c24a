"""Rules about what only the page in a browser can tell, found by disguising real browsers.

`python -m bench.disguises` shows which disguise is noticed by which of them. People change what
their browsers say, too, with add-ons: what has one cause is one finding.
"""

from __future__ import annotations

from fairness.screening import claims
from fairness.screening.agents import CHROMIUM
from fairness.screening.case import Case
from fairness.screening.model import Finding

NOBODY, NO_MOUSE = "nobody", "no-mouse"
_WITH_FRAMES = ("Windows", "macOS")  # elsewhere whole screens are usual: tablets, tiling, kiosks


def contradicting_worker(case: Case) -> Finding | None:
    """Firm: a page's worker is told of another machine than the page; weak: of another tongue.

    Whoever feigns a machine does it in the page; its workers still run on the true one. Where a
    developer's tools show a page as a phone would see it, both are told of the true machine. An
    iPad tells its pages that it is a Mac, and its workers the truth.
    """
    visit = case.visit
    told, expected = visit.worker_platform, claims.PLATFORMS.get(case.agent.system)
    machine = bool(
        told and visit.platform and expected
        and (told == claims.SERVER or not told.startswith(expected))
    )  # fmt: skip
    tongue = bool(
        visit.worker_language
        and visit.language
        and _tongue(visit.worker_language) != _tongue(visit.language)
    )
    if (machine and _is_named(case)) or not (machine or tongue):
        return None
    return Finding("contradicting_worker", 0.5 if machine else 0.2, claims.UNUSUAL)


def _is_named(case: Case) -> bool:
    """Return whether a firm finding has named the same feigned machine."""
    others = (claims.contradicting_page, claims.contradicting_hints, claims.missing_hints)
    return any((found := rule(case)) and found.weight >= 0.5 for rule in others)


def _tongue(tag: str) -> str:
    return tag.partition("-")[0].lower()


def unlikely_press(case: Case) -> Finding | None:
    """Weak: the button was pressed by a script, or by a mouse where there is none.

    Add-ons that let one browse by voice or by keys press as scripts do. Keys, fingers, pens and
    screen readers are hands.
    """
    press = case.visit.press
    if press == NOBODY:
        return Finding(
            "unlikely_press",
            0.2,
            "The button to join was pressed without a hand or a key. Add-ons for voice or keys can "
            "do this.",
        )
    if press == NO_MOUSE and case.agent.engine == CHROMIUM:
        return Finding(
            "unlikely_press",
            0.25,
            "The button to join was pressed with a mouse, though your browser says there is none.",
        )
    return None


def frameless_window(case: Case) -> Finding | None:
    """Weak: a window of Chrome on Windows or a Mac that has nothing around the page.

    So are the windows that automation makes. In full screen, as F11 or a kiosk shows a page, the
    script tells nothing; Brave's windows may look like this by chance.
    """
    agent = case.agent
    if not case.visit.frameless or not agent.plain or agent.system not in _WITH_FRAMES:
        return None
    return Finding(
        "frameless_window",
        0.2,
        "Your browser's window has no frame and no address bar, as automated ones have none.",
    )


def patched_page(case: Case) -> Finding | None:
    """Very weak: a script has changed what the browser says of itself. Privacy add-ons do.

    Where name, hints and page do not fit together, that has named what the script did.
    """
    others = (claims.contradicting_page, claims.contradicting_hints)
    if not case.visit.patched or any(rule(case) for rule in others):
        return None
    return Finding(
        "patched_page",
        0.1,
        "Something has changed what your browser says of itself. Privacy add-ons do this. That is "
        "fine on its own.",
    )
