"""What every answer says to the browser about what it may do with the page."""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask_cors import CORS

from workers.settings import settings

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_POLICY = "; ".join(f"{name} {value}" for name, value in _POLICY.items())

PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Where Stripe reads the card: https://docs.stripe.com/security/guide#content-security-policy
_WITH_STRIPE = {
    **_POLICY,
    "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
    "connect-src": "'self' https://api.stripe.com",
    "img-src": "'self' data: https://*.stripe.com",
    "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
}
_PAYMENT_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _WITH_STRIPE.items()),
    "Permissions-Policy": PAGE_HEADERS["Permissions-Policy"].replace(
        "payment=()", 'payment=(self "https://js.stripe.com")'
    ),
    # With "same-origin" the tab that some banks open could not come back to its page.
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
}

# A document of the API shows and loads nothing, and is asked for thousands of times a second.
API_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NOT_KEPT = ("Cache-Control", "private, no-store")
FOR_GOOD = ("Strict-Transport-Security", "max-age=31536000")
OPEN_PATHS = ("/ledger/", "/.well-known/")  # for anyone, on any site, to check us with


def other_sites() -> list[str]:
    """Return the other sites whose scripts may call the API."""
    return [origin.strip() for origin in settings().cors_origins.split(",") if origin.strip()]


def of_api() -> list[tuple[str, str]]:
    """Return the headers of an answer of the API that is for one caller only."""
    return [*API_HEADERS.items(), *([FOR_GOOD] if _secure() else []), NOT_KEPT]


def init_app(app: Flask) -> None:
    """Add the headers to every answer, and let the configured other sites call the API."""
    origins = other_sites()
    if origins:
        CORS(
            app,
            origins=origins,
            resources="/api/*",
            allow_headers=["Authorization", "Pass", "Content-Type", "Idempotency-Key"],
            expose_headers=["ETag", "Retry-After"],
        )
    secure = _secure()

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        usual = _at_gate() if request.path.startswith("/gate/") else PAGE_HEADERS
        usual = API_HEADERS if request.path.startswith("/api/") else usual
        usual = _PAYMENT_HEADERS if g.get("loads_stripe") else usual
        for name, value in usual.items():
            headers.add(name, value)
        if request.path.startswith(OPEN_PATHS):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if secure:
            headers.add(*FOR_GOOD)
        if "Cache-Control" not in headers:
            headers.add(*NOT_KEPT)
        return response


def _at_gate() -> dict[str, str]:
    """Return the headers of the gate's page, which alone may use the camera."""
    allowed = PAGE_HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
    return {**PAGE_HEADERS, "Permissions-Policy": allowed}


def _secure() -> bool:
    return settings().public_url.startswith("https://")
