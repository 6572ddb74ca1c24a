"""The public log: one entry for each decision about a fan's place, turn or seat, with its reason.

Append-only, hashed as in RFC 6962 and published in the C2SP formats, so that anyone's verifier
can check it. `docs/ledger.md` describes the files and every entry field by field.
"""
