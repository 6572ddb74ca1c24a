"""Whether a deployment can take money as its settings say; found out before it starts."""

from __future__ import annotations

from collections.abc import Mapping

from fairness.errors import Misconfigured

TEST, STRIPE = "test", "stripe"
PROVIDERS = (TEST, STRIPE)
BEGINNINGS = {
    "stripe_secret_key": ("sk_", "rk_"),
    "stripe_publishable_key": ("pk_",),
    "stripe_webhook_secret": ("whsec_",),
}


def check(provider: str, keys: Mapping[str, str]) -> None:
    """Raise Misconfigured unless there is such a provider and it has its keys (by setting).

    No part of a key is repeated.
    """
    if provider not in PROVIDERS:
        raise _wrong("payment_provider", "is no way to be paid", f"one of {', '.join(PROVIDERS)}")
    if provider != STRIPE:
        return
    for name, key in keys.items():
        if not key:
            raise _wrong(name, "is not set, and Stripe takes the payments", "required")
        if not key.startswith(BEGINNINGS[name]):
            raise _wrong(name, "is not such a key", f"begins with {' or '.join(BEGINNINGS[name])}")
    live = {"_live_" in key for name, key in keys.items() if name != "stripe_webhook_secret"}
    if len(live) > 1:
        rule = "both keys are for tests, or both are live"
        raise _wrong("stripe_publishable_key", "does not go with the secret key", rule)


def _wrong(name: str, what: str, rule: str) -> Misconfigured:
    field = f"FAIRTICKET_{name.upper()}"
    remedy = "set it in the environment; docs/payments.md says where each key is found"
    return Misconfigured(f"{field} {what}", field=field, rule=rule, remedy=remedy)
