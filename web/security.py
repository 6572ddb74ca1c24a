"""What every answer says to the browser about what it may do with the page."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_cors import CORS

from workers.settings import settings

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# A document of the API shows and loads nothing, and is asked for thousands of times a second.
API_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
OPEN_PATHS = ("/ledger/", "/.well-known/")  # for anyone, on any site, to check us with


def init_app(app: Flask) -> None:
    """Add the headers to every answer, and let the configured other sites call the API."""
    origins = [origin.strip() for origin in settings().cors_origins.split(",") if origin.strip()]
    if origins:
        CORS(
            app,
            origins=origins,
            resources="/api/*",
            allow_headers=["Authorization", "Pass", "Content-Type", "Idempotency-Key"],
            expose_headers=["ETag", "Retry-After"],
        )
    secure = settings().public_url.startswith("https://")

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        usual = API_HEADERS if request.path.startswith("/api/") else PAGE_HEADERS
        for name, value in usual.items():
            headers.add(name, value)
        if request.path.startswith(OPEN_PATHS):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if secure:
            headers.add("Strict-Transport-Security", "max-age=31536000")
        if "Cache-Control" not in headers:
            headers.add("Cache-Control", "private, no-store")
        return response
