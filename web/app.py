"""The application: the fairness service, the box office, or both in one process."""

from __future__ import annotations

from typing import Literal

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import BaseConverter

from web import (
    access,
    account_pages,
    aftersale_api,
    aftersale_pages,
    boxoffice_api,
    desk_api,
    desk_pages,
    device_pages,
    fairness_api,
    gate_api,
    gate_organiser_api,
    gate_pages,
    health,
    hot,
    leaving_pages,
    line_pages,
    metrics,
    moving,
    notice_pages,
    order_pages,
    organiser_api,
    organiser_pages,
    organiser_seats,
    organiser_seats_editor,
    pages,
    passkey_api,
    passkey_pages,
    payments,
    problems,
    public_log,
    receipt_pages,
    report_page,
    resale_api,
    resale_pages,
    review_api,
    review_pages,
    security,
    shop_pages,
    static_files,
    tour_api,
    tour_console,
    tour_pages,
    transfer_api,
    transfer_pages,
    views,
    webhooks,
)
from workers import trace
from workers.settings import settings

Service = Literal["fairness", "boxoffice", "all"]
BODY_LIMIT = 2 * 1024 * 1024

EVERYWHERE = (health.bp, static_files.bp)
FAIRNESS = (
    fairness_api.bp,
    line_pages.bp,
    receipt_pages.bp,
    tour_api.bp,
    tour_pages.bp,
    report_page.bp,
    public_log.bp,
)
BOXOFFICE = (
    boxoffice_api.bp,
    organiser_api.bp,
    desk_api.bp,
    review_api.bp,
    resale_api.bp,
    pages.bp,
    account_pages.bp,
    passkey_pages.bp,
    passkey_api.bp,
    leaving_pages.bp,
    leaving_pages.api,
    shop_pages.bp,
    order_pages.bp,
    payments.bp,
    webhooks.bp,
    webhooks.api,
    payments.api,
    payments.hooks,
    aftersale_api.bp,
    aftersale_pages.bp,
    transfer_api.bp,
    transfer_pages.bp,
    organiser_pages.bp,
    moving.bp,
    moving.api,
    notice_pages.bp,
    device_pages.bp,
    device_pages.moves,
    notice_pages.one_press,
    organiser_seats.bp,
    organiser_seats.api,
    organiser_seats_editor.bp,
    organiser_seats_editor.api,
    desk_pages.bp,
    review_pages.bp,
    resale_pages.bp,
    tour_console.bp,
    gate_api.bp,
    gate_organiser_api.bp,
    gate_pages.bp,
)
BLUEPRINTS = {
    "fairness": (*EVERYWHERE, *FAIRNESS),
    "boxoffice": (*EVERYWHERE, *BOXOFFICE),
    "all": (*EVERYWHERE, *FAIRNESS, *BOXOFFICE),
}
SHORT = {"fairness": hot.LINE, "boxoffice": hot.SHOP, "all": (*hot.LINE, *hot.SHOP)}
# Called by programs with a bearer token; a cookie only reads there, so there is nothing to forge.
WITHOUT_FORMS = (
    fairness_api.bp,
    tour_api.bp,
    boxoffice_api.bp,
    passkey_api.bp,
    leaving_pages.api,
    organiser_api.bp,
    organiser_seats.api,
    organiser_seats_editor.api,
    moving.api,
    notice_pages.one_press,  # mail programs press it; the link is the proof
    device_pages.moves,  # a browser's worker sends it; the old address is the proof
    aftersale_api.bp,
    transfer_api.bp,
    payments.api,
    webhooks.api,
    payments.hooks,  # signed by whoever sends them
    gate_api.bp,
    gate_organiser_api.bp,
    desk_api.bp,
    review_api.bp,
    resale_api.bp,
)


class IdConverter(BaseConverter):
    """An id of ours in a path; anything else is no address of ours."""

    regex = r"[A-Za-z0-9_-]{1,64}"


class PageSessions(SecureCookieSessionInterface):
    """Sessions for the pages, whose forms need one. The API has none to open or to save."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a page; one that cannot be written for the API."""
        if request.path.startswith("/api/"):
            return self.make_null_session(app)
        return super().open_session(app, request)


def create_app(service: Service = "all") -> Flask:
    """Return the WSGI application of a service. Nothing is connected before the first request."""
    app = Flask("web", static_folder=None)
    app.config.update(
        SERVICE=service,
        SECRET_KEY=settings().session_key,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().public_url.startswith("https://"),
        WTF_CSRF_SSL_STRICT=False,  # the token decides; Referrer-Policy may hide the rest
        WTF_CSRF_TIME_LIMIT=4 * 3600,
    )
    app.session_interface = PageSessions()
    app.url_map.converters["id"] = IdConverter
    app.before_request(_take_up_trace)
    metrics.init_app(app)
    problems.init_app(app)
    app.before_request(access.guard)
    app.before_request(hot.raise_failed)
    csrf = CSRFProtect(app)
    for blueprint in WITHOUT_FORMS:
        csrf.exempt(blueprint)
    for blueprint in BLUEPRINTS[service]:
        app.register_blueprint(blueprint)
    views.init_app(app)
    security.init_app(app)
    app.after_request(_tell_trace)
    app.wsgi_app = hot.HotPath(app, SHORT[service])  # type: ignore[method-assign]
    return app


def _take_up_trace() -> None:
    """Go on with the gateway's request id, or begin one: the tasks of this request carry it."""
    g.trace_id = trace.begin(request.headers.get("X-Request-Id", ""))


def _tell_trace(response: Response) -> Response:
    if "trace_id" in g:
        response.headers["X-Request-Id"] = g.trace_id
    return response
