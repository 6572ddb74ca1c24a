"""A code by e-mail or to the phone: the fan confirms that it is them, and keeps their place.

The code itself is never kept, only its keyed hash. Lifting the verdict after a right answer, and
sending the code, are the caller's. Other ways to confirm share the limit, by `spend`.
"""

from __future__ import annotations

import secrets

from redis import Redis

from fairness import keys, scripts
from fairness.errors import Invalid, NotFound, TooMany
from fairness.identity import keyed_hash

DIGITS = 6
LIVES_S = 15 * 60
MOST_TRIES = 5  # for one code
MOST_CODES = 5  # goes of one fan by all ways, until LIVES_S have passed without a new one


def issue(redis: Redis, sale_id: str, fan: str, *, pepper: str, way: str = "") -> str:
    """Return a new code of DIGITS digits, valid for LIVES_S; the one before it is void.

    TooMany after MOST_CODES, so that nobody's mailbox is flooded and nobody can guess for ever.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    hashed = _hashed(pepper, sale_id, fan, code)
    run = scripts.load(redis, "issue_code")
    if not run(keys=[keys.challenge(sale_id, fan)], args=[hashed, MOST_CODES, LIVES_S, way]):
        raise TooMany(
            "we have sent you several codes already; your place is kept",
            retry_after_s=max(redis.ttl(keys.challenge(sale_id, fan)), 1),
        )
    return code


def spend(redis: Redis, sale_id: str, fan: str) -> None:
    """Count one go by another way, as if a code had been issued; an open code stays open.

    TooMany after MOST_CODES.
    """
    key = keys.challenge(sale_id, fan)
    pipe = redis.pipeline(transaction=True)
    pipe.hincrby(key, "issued", 1)
    pipe.expire(key, LIVES_S, nx=True)
    pipe.ttl(key)
    issued, _set, left_s = pipe.execute()
    if issued > MOST_CODES:
        raise TooMany(
            "you have tried several times already; your place is kept",
            retry_after_s=max(left_s, 1),
        )


def answer(redis: Redis, sale_id: str, fan: str, code: str, *, pepper: str) -> str:
    """Return the way it was sent when the code is right; giving the right answer again is fine.

    Invalid when it is wrong, TooMany after MOST_TRIES, NotFound when no code is open. None of
    them costs the place. Spaces and hyphens in the code do not matter.
    """
    given = "".join(sign for sign in code if sign.isalnum())[: 2 * DIGITS]
    run = scripts.load(redis, "answer_code")
    hashed = _hashed(pepper, sale_id, fan, given)
    outcome, way = run(keys=[keys.challenge(sale_id, fan)], args=[hashed, MOST_TRIES])
    if outcome == "none":
        raise NotFound(
            "there is no open code, or it is older than 15 minutes; your place is kept",
            field="code",
            remedy="ask for a new code",
        )
    if outcome == "spent":
        raise TooMany(
            "that code was tried too often; your place is kept, please ask for a new code",
            retry_after_s=1,
        )
    if outcome != "right":
        raise Invalid(
            "this is not the code we sent you last; your place is kept",
            field="code",
            rule=f"the {DIGITS} digits of our newest message",
            remedy="look for the newest message from us, or ask for a new code",
        )
    return str(way)


def _hashed(pepper: str, sale_id: str, fan: str, code: str) -> str:
    return keyed_hash(pepper, "challenge", f"{sale_id}\0{fan}\0{code}")
