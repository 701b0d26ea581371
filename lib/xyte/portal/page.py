"""The set-up page: one document, no script, nothing from elsewhere. Made in pieces: it is never whole in memory."""

_STYLE = """<style>
body{margin:0;font:1.05em/1.5 system-ui,sans-serif;color:#1c2430;background:#eef1f5}
main{max-width:30em;margin:auto;padding:1em 1em 3em}
h1{font-size:1.4em;margin:.6em 0}h2{font-size:1.05em;margin:1.6em 0 .4em}
form,dl,ul,.note{background:#fff;border-radius:.6em;padding:1em;margin:.8em 0;border:1px solid #d3d9e2}
.good{border-color:#1a7f4b;background:#e7f6ee}.bad{border-color:#b3261e;background:#fdeceb}
fieldset{border:0;margin:0 0 1em;padding:0}legend,.key{font-weight:600}
label{display:block;padding:.45em 0}small{color:#525d6e;float:right}
input[type=password],input[type=text]{box-sizing:border-box;width:100%;font:inherit;padding:.55em;
border:1px solid #76808f;border-radius:.4em;margin-top:.2em}
button{font:inherit;font-weight:600;width:100%;padding:.7em;border:0;border-radius:.4em;background:#1b56c4;color:#fff}
.plain button{background:#e3e8ef;color:#1c2430}.plain{padding:0;border:0}
:focus-visible{outline:3px solid #f2a33a;outline-offset:2px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.2em 1em}dt{color:#525d6e}dd{margin:0;overflow-wrap:anywhere}
ul{padding-left:2em;overflow-wrap:anywhere}svg{display:block;width:11em;margin:.5em auto;background:#fff}
</style>"""
_MARKS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


def escaped(text):
    """Fit for HTML, in attributes too."""
    for mark, entity in _MARKS:
        text = text.replace(mark, entity)
    return text


def page(portal):
    """The document's pieces. portal: see portal.py."""
    name = escaped(portal.name)
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>%s: Wi-Fi set-up</title>' % name
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    if portal.waiting:
        yield '<meta http-equiv="refresh" content="2">'
    yield _STYLE
    yield "</head><body><main><h1>%s</h1>" % name
    if portal.news:
        good, text = portal.news
        yield '<p class="note %s" role="status">%s</p>' % ("good" if good else "bad", escaped(text))
    if not portal.trial:
        yield from _form(portal)
    yield "<h2>This device</h2><dl>"
    for label, value in portal.facts:
        yield "<dt>%s</dt><dd>%s</dd>" % (label, escaped(value))
    yield "</dl>"
    yield from _claim_code(portal.claim_code())
    if portal.errors:
        yield "<h2>Last errors</h2><ul>"
        for text in portal.errors:
            yield "<li>%s</li>" % escaped(text)
        yield "</ul>"
    yield "</main></body></html>"


def _form(portal):
    token = '<input type="hidden" name="token" value="%s">' % portal.token
    yield '<form method="post" action="/join" autocomplete="off"><fieldset><legend>Wi-Fi network</legend>' + token
    for ssid, dbm, locked in portal.seen:
        signal = "strong" if dbm >= -60 else "good" if dbm >= -75 else "weak"
        yield '<label><input type="radio" name="ssid" value="%s"> %s <small>%s%s</small></label>' % (
            escaped(ssid), escaped(ssid), signal, "" if locked else ", open")
    yield '<label><input type="radio" name="ssid" value=""%s> Another one, by its name' % (
        "" if portal.seen else " checked")
    yield '<input type="text" name="other" maxlength="32" aria-label="Name of another network" autocapitalize="none">'
    yield '</label></fieldset><label class="key" for="key">Password</label>'
    yield '<input type="password" id="key" name="key" maxlength="64" autocomplete="off"><p><button>Connect</button></p>'
    yield '</form><form class="plain" method="post" action="/scan">%s<button>Search again</button></form>' % token


def _claim_code(lines):
    """The code on the device's label, as a picture. lines: its text, then one line of 0 and 1 for each row."""
    if not lines:
        return
    size = len(lines[1])
    yield '<h2>Claim this device</h2><svg viewBox="-4 -4 %d %d" role="img" aria-label="QR code: %s"><path d="' % (
        size + 8, size + 8, escaped(lines[0]))
    for y in range(size):
        row, x = lines[y + 1], 0
        for run in row.split("0"):
            if run:
                yield "M%d %dh%dv1h-%dz" % (x, y, len(run), len(run))
            x += len(run) + 1
    yield '" shape-rendering="crispEdges"/></svg><p class="note">%s</p>' % escaped(lines[0])
