"""A limit of so many a second over all workers: a bucket of tokens in the store."""

from __future__ import annotations

from redis import Redis

from fairness import keys, scripts


class Bucket:
    """Buckets by name; one holds the tokens of one second."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = scripts.load(redis, "bucket")

    def take(self, name: str, wanted: int, per_s: int) -> int:
        """Return how many of those wanted may go now, at most `per_s` in a second and one burst."""
        return int(self._script(keys=[keys.bucket(name)], args=[wanted, per_s]))
