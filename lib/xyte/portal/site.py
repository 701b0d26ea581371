"""The set-up page's addresses, on microdot.

A page of somebody else's must not be able to set the board up through the phone that looks at it. So a request must
name this board by its address (names all lead here, also those of other sites), and what changes something must carry
the token of this opening and, where the browser tells, come from this page.
"""

from microdot import Microdot, Request, Response  # pyright: ignore[reportMissingImports] - deployed from its package

from xyte.portal.page import page

_LIMIT = 1024
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def site(portal):
    """The Microdot for a Portal."""
    Request.max_content_length = Request.max_body_length = Request.max_readline = _LIMIT
    app, home = Microdot(), "http://%s/" % portal.address
    _add_guard(app, portal, home)

    @app.get("/")
    def show(request):
        portal.looked_at()
        return Response(page(portal), headers=_HEADERS)

    @app.post("/join")
    def join(request):
        form = request.form
        portal.join(form.get("ssid") or form.get("other") or "", form.get("key") or "")
        return Response.redirect(home, 303)

    @app.post("/scan")
    def scan(request):
        portal.scan()
        return Response.redirect(home, 303)

    return app


def _add_guard(app, portal, home):
    """What is asked of every request before it is answered."""

    def elsewhere(request):
        """Not a page of ours. Under somebody else's name it is a phone that looks for the internet: it is led here."""
        return Response("", 404) if is_ours(request) else Response.redirect(home)

    def is_ours(request):
        return request.headers.get("Host", "").split(":")[0] == portal.address

    def may_change(request):
        origin = request.headers.get("Origin")
        return (request.form or {}).get("token") == portal.token and origin in (None, home[:-1])

    @app.before_request
    def guard(request):
        if not is_ours(request):
            return elsewhere(request)
        if request.method == "POST" and not may_change(request):
            return Response("This page is from an earlier time. Go back and load it again.", 403)

    app.error_handlers[404] = elsewhere
