"""Every key in the store, spelled once. One sale's keys share a Cluster slot: {sale}.

Unless it says otherwise a key lives from the opening of the line until `Line.forget`. A fan is
written here as their commitment in this sale, never as an account.
"""

from __future__ import annotations

LIVE_SALES = "sales:live"  # SET: sale ids whose line the ticks look after
COMPLETE = "sales:complete"  # STRING: no line of a closed sale is missing here. Lives for ever


def everything(sale_id: str) -> str:
    """Return the pattern that all keys of one sale match, and no other's."""
    return f"sale:{{{sale_id}}}:*"


def state(sale_id: str) -> str:
    """HASH: the manifest, what an organiser set since, and how far the line has come.

    manifest (JSON); opens_at_us, ends_at_us, shut_us (end of the opening window), tie_us, turn_us,
    away_us; status, rate_per_s, capacity, message; last_us (newest arrival), closed_us (end of the
    newest closed window), served (newest place called or passed over), bucket_us (the rate's
    bucket fills since then), drawing, drawing_order, drawing_from, drawing_done, drawing_total
    (the draw under way), moved (fans who went from arrivals to roll), noted (the log says
    that the line is there). In a line that was rebuilt also: rebuilt_us (when), rebuilt_from
    (entries of the log it was made from), and until its lost arrivals have had time to come back,
    grace_us (no window closes before). Where arrivals come in at several stores: shard, shards.
    """
    return f"sale:{{{sale_id}}}:state"


def arrivals(sale_id: str) -> str:
    """ZSET: fan -> arrival time, µs by the store's clock, strictly increasing.

    Who gets a place goes from here into `line` and `roll`, which together take less room.
    """
    return f"sale:{{{sale_id}}}:arrivals"


def roll(sale_id: str) -> str:
    """HASH: n -> arrival times of places 128 n + 1 … 128 n + 128, µs, 7 bytes each, big-endian."""
    return f"sale:{{{sale_id}}}:roll"


def visits(sale_id: str) -> str:
    """HASH, this name and ":<window>": fan -> JSON of what the front door saw at their first join.

    For screening. Removed, all of a window at once, when it is committed: it is by far the
    largest thing about a fan.
    """
    return f"sale:{{{sale_id}}}:visits"


def merged(sale_id: str) -> str:
    """HASH: fan -> the fan whose place they share."""
    return f"sale:{{{sale_id}}}:merged"


def verdicts(sale_id: str) -> str:
    """HASH: fan -> JSON of the verdict with its findings; absent means admit."""
    return f"sale:{{{sale_id}}}:verdicts"


def windows(sale_id: str) -> str:
    """HASH: window number -> closed, decided, screened or committed. A drawn window is removed.

    decided: what screening says is fixed, in `decided`, and being written into the line.
    """
    return f"sale:{{{sale_id}}}:windows"


def decided(sale_id: str) -> str:
    """LIST, this name and ":<window>": what screening decided, in parts that are to be applied.

    Each is JSON: merges, verdicts, late, as lists of pairs. While it is being laid down it ends in
    a name of its own, and goes by itself after an hour.
    """
    return f"sale:{{{sale_id}}}:decided"


def late(sale_id: str) -> str:
    """HASH, this name and ":<window>": fan -> findings as JSON, to be told when it is committed.

    Fans of earlier windows whose place turned out to be of very many accounts; "" for those of
    the window itself, who are told already.
    """
    return f"sale:{{{sale_id}}}:late"


def many(sale_id: str) -> str:
    """SET: fans who were told once that their place is of very many accounts."""
    return f"sale:{{{sale_id}}}:many"


def line(sale_id: str) -> str:
    """ZSET: fan -> place, from 1; immutable once drawn."""
    return f"sale:{{{sale_id}}}:line"


def left(sale_id: str) -> str:
    """SET: fans who left the line of their own will."""
    return f"sale:{{{sale_id}}}:left"


def apart(sale_id: str) -> str:
    """HASH: fan who was merged and is no longer -> the fan right behind whom their place is."""
    return f"sale:{{{sale_id}}}:apart"


def behind(sale_id: str) -> str:
    """HASH: those of `apart` whose place was not reached yet -> likewise."""
    return f"sale:{{{sale_id}}}:behind"


def turns(sale_id: str) -> str:
    """ZSET: called fan -> end of their turn, µs by the store's clock."""
    return f"sale:{{{sale_id}}}:turns"


def slots(sale_id: str) -> str:
    """ZSET: fan in the shop, or just called -> when the slot lapses, µs by the store's clock."""
    return f"sale:{{{sale_id}}}:slots"


def recalled(sale_id: str) -> str:
    """ZSET: fan -> place, for fans passed over while a verdict stood that is now lifted."""
    return f"sale:{{{sale_id}}}:recalled"


def deferred(sale_id: str) -> str:
    """ZSET: fan -> µs they asked not to be called before; removed when it has come."""
    return f"sale:{{{sale_id}}}:deferred"


def deferrals(sale_id: str) -> str:
    """HASH: fan -> how often they asked so."""
    return f"sale:{{{sale_id}}}:deferrals"


def holding(sale_id: str) -> str:
    """ZSET: fan with a turn who holds seats -> until when, µs, at most the end of the turn."""
    return f"sale:{{{sale_id}}}:holding"


def eta(sale_id: str) -> str:
    """STRING: what is known about the waiting and about past estimates of it, as JSON."""
    return f"sale:{{{sale_id}}}:eta"


def called(sale_id: str) -> str:
    """ZSET: fan -> number of the call, from 1: the served order."""
    return f"sale:{{{sale_id}}}:called"


def inside(sale_id: str) -> str:
    """SET: fans who used their turn to enter the shop, until it is over."""
    return f"sale:{{{sale_id}}}:inside"


def done(sale_id: str) -> str:
    """HASH: fan -> how their turn ended: "bought", "lapsed", or what `Line.finish` was told."""
    return f"sale:{{{sale_id}}}:done"


def decisions(sale_id: str) -> str:
    """STREAM: decisions made inside a script, on their way to the log."""
    return f"sale:{{{sale_id}}}:decisions"


def rebuilding(sale_id: str) -> str:
    """STRING: who is rebuilding this line. Lives ten seconds beyond their last sign of life.

    What they prepare has the names of the line's keys with a suffix of their own, for an hour.
    """
    return f"sale:{{{sale_id}}}:rebuilding"


def board(sale_id: str) -> str:
    """STRING: the board, as JSON; rewritten at most once a second."""
    return f"sale:{{{sale_id}}}:board"


def taken(sale_id: str) -> str:
    """HASH: seat -> "sold", "blocked" or "held:<until µs>". A cache: DynamoDB decides."""
    return f"sale:{{{sale_id}}}:taken"


def lane(sale_id: str, name: str) -> str:
    """STREAM: work (JSON) that waits to be done in batches, such as the wishes for one tier."""
    return f"sale:{{{sale_id}}}:lane:{name}"


def awake(sale_id: str, name: str) -> str:
    """STRING: the token of the worker that has this lane. Lives ten seconds after its last sign."""
    return f"sale:{{{sale_id}}}:awake:{name}"


def pace(sale_id: str, name: str) -> str:
    """STRING: how many ms a batch of this lane took of late. Lives a minute after the last one."""
    return f"sale:{{{sale_id}}}:pace:{name}"


def standing(order_id: str) -> str:
    """STRING: an order as JSON, for those who ask every second. A cache; lives some seconds."""
    return f"order:{order_id}"


def ties(sale_id: str) -> str:
    """HASH: the earliest fan of a group -> who is in it and why, as JSON. Lives 30 days."""
    return f"sale:{{{sale_id}}}:ties"


def links(sale_id: str, kind: str) -> str:
    """SET at `…:<field>:<mark>`: fans who share one attribute, if many do. 30 days.

    Those who are not in `linked`: a NUL and 16 bytes for a fan, else the name as it is.
    """
    return f"sale:{{{sale_id}}}:links:{kind}"


def linked(sale_id: str, kind: str) -> str:
    """HASH: number -> records of the fans who have attributes of a kind, such as a device. 30 days.

    A record is 22 bytes: 6 of the attribute's keyed hash, 16 of the fan.
    """
    return f"sale:{{{sale_id}}}:linked:{kind}"


def screened_by(sale_id: str) -> str:
    """HASH: window -> version of the screening that judged it; until the window is committed."""
    return f"sale:{{{sale_id}}}:screened_by"


def screening_faults(sale_id: str) -> str:
    """HASH: screening rule -> how often it failed; its findings were dropped."""
    return f"sale:{{{sale_id}}}:screening_faults"


def screening_sample(sale_id: str) -> str:
    """HASH: fan -> what is looked at of their visit, as JSON; of 2,048 at most, what is usual."""
    return f"sale:{{{sale_id}}}:screening_sample"


def screening_spent(sale_id: str) -> str:
    """HASH: window (screened last), before, after: what was spent of the budget, as text."""
    return f"sale:{{{sale_id}}}:screening_spent"


def swept(sale_id: str) -> str:
    """STRING: the orders of a sale were looked over of late. Lives five minutes."""
    return f"sale:{{{sale_id}}}:swept"


def challenge(sale_id: str, fan: str) -> str:
    """HASH: code (keyed hash), way, tries, issued, answered of a challenge. Lives 15 minutes."""
    return f"sale:{{{sale_id}}}:challenge:{fan}"


def beat_lease() -> str:
    """STRING: which beat process may tick. Lives a few seconds."""
    return "beat:lease"


def beat_number() -> str:
    """STRING: how often the lease changed hands; in the lease's Cluster slot. Lives for ever."""
    return "{beat:lease}:number"


def sent(sale_id: str, step: str) -> str:
    """STRING: this step's task was sent by the tick of late. Lives a few seconds."""
    return f"sale:{{{sale_id}}}:sent:{step}"


def awaited(sale_id: str) -> str:
    """STRING: the round of a public beacon that the next draw waits for, as JSON. At most a day."""
    return f"sale:{{{sale_id}}}:awaited"


def beacon_round(chain: str, number: int) -> str:
    """HASH: signature (hex, checked) of a round, or missing: why no relay had it. Lives a day."""
    return f"beacon:{chain}:{number}"


def asking(chain: str, number: int) -> str:
    """STRING: relays are being asked for a round. Lives as long as that may take."""
    return f"beacon:{chain}:{number}:asking"


def bucket(name: str) -> str:
    """HASH: left, at_us of the letters that may go by a way. Lives a minute."""
    return f"bucket:{name}"


def reminded(performance_id: str, starts_at_us: int) -> str:
    """STRING: who has tickets for this was reminded of it. Lives two days."""
    return f"reminded:{performance_id}:{starts_at_us}"


def ceremony(name: str) -> str:
    """STRING: JSON of purpose, account, challenge (hex) of asking for a passkey. Lives 5 minutes.

    Removed by the answer.
    """
    return f"ceremony:{name}"


def tries(who: str) -> str:
    """STRING: wrong sign-ins with one address or passkey, by keyed hash. Lives a minute."""
    return f"tries:{who}"


def signed_out() -> str:
    """ZSET: account -> s of when all its sign-ins ended. An entry lives as long as a sign-in."""
    return "signed_out"


def idempotency(name: str) -> str:
    """STRING: a digest of the body that came with an Idempotency-Key. Lives a day."""
    return f"idempotency:{name}"
