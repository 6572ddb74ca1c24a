"""Words as they are compared: without case, accents and signs."""

from __future__ import annotations

import re
import unicodedata

# Letters that stay whole under decomposition, as people type them without the key for it.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def fold(text: str) -> str:
    """Return `text` as it is compared: "Sinfonía No. 9" gives "sinfonia no 9"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    # An apostrophe joins: "Paul's" is found as "pauls".
    return " ".join(re.findall(r"\w+", re.sub(r"['’`]", "", bare)))


def words(text: str) -> list[str]:
    """Return the folded words of `text`, each once, in their order."""
    return list(dict.fromkeys(fold(text).split()))
