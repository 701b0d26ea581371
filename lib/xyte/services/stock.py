"""The stock `requests` (urequests) module in the place of `Session`.

It does not verify certificates and opens a connection for every call (micropython-lib issue 838), so it is for plain
http to a development host only: the agent refuses to hand it an https URL.
"""

import io

from xyte.core import url as urls
from xyte.core.values import JsonBuffer
from xyte.errors import LinkError, SettingsError


class StockSession:
    """The part of Session that the agent uses, on top of a module with urequests' `request`.

    opened: connections so far, as many as requests.
    """

    def __init__(self, module, body_bytes=2048):
        self._module = module
        self.opened = 0
        self.out = JsonBuffer(bytearray(body_bytes))

    def request(self, method, url, data=None, headers=None, timeout=30, keep_fields=True):
        """As Session.request. Raises LinkError, and SettingsError for an https URL."""
        if urls.split(url).tls:
            raise SettingsError("requests does not verify TLS: plain http only")
        if data is self.out:
            data = bytes(data.buf[data.start : data.end])
        try:
            self.opened += 1
            fields = dict(headers or {})  # a copy: some versions add to the dict they are given
            return _Whole(self._module.request(method, url, data=data, headers=fields, timeout=timeout))
        except (OSError, ValueError, NotImplementedError) as e:
            raise LinkError("requests: %r" % e)

    def disconnect(self):
        """Nothing is kept."""


class _Whole:
    """A response that has been read to its end."""

    def __init__(self, response):
        self.status_code = response.status_code
        self.raw = io.BytesIO(response.content)
        response.close()
        fields = response.headers
        self.headers = {name.lower(): fields[name] for name in fields}
        retry = self.headers.get("retry-after", "")
        self.retry_after_s = int(retry) if retry.isdigit() else 0
        self.readinto = self.raw.readinto  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def content(self):
        """What has not been read yet, as with Session."""
        return self.raw.read()  # pyright: ignore[reportAttributeAccessIssue]

    body = content

    def feed(self, sink):
        """As with Session."""
        content = self.content
        sink.feed(content, 0, len(content))

    def extend(self, seconds):
        """It is here already."""

    def close(self):
        """Nothing is open."""
