"""The stock `requests` (urequests) module in the place of `Session`.

It does not verify certificates and opens a connection for every call (micropython-lib issue 838), so it is for plain
http to a development host only: the agent refuses to hand it an https URL.
"""

from xyte.core import url as urls
from xyte.core.encoder import JsonBuffer
from xyte.errors import LinkError, SettingsError
from xyte.services.response import Headers


class StockSession:
    """The part of Session that the agent uses, on top of a module with urequests' `request`."""

    def __init__(self, module, body_bytes=2048):
        self._module = module
        self.out = JsonBuffer(bytearray(body_bytes))

    def request(self, method, url, data=None, headers=None, timeout=30, keep_fields=True):
        """As Session.request. Raises LinkError, and SettingsError for an https URL."""
        if urls.split(url).tls:
            raise SettingsError("the stock requests module does not verify TLS; use it with plain http only")
        if data is self.out:
            data = data.content()
        try:
            fields = dict(headers or {})  # a copy: some versions add to the dict they are given
            return _StockResponse(self._module.request(method, url, data=data, headers=fields, timeout=timeout))
        except (OSError, ValueError, NotImplementedError) as e:
            raise LinkError("requests: %r" % e)

    def disconnect(self):
        """Nothing is kept."""


class _StockResponse:
    def __init__(self, response):
        self._response = response
        self.status_code = response.status_code
        self._content = None
        self._at = 0
        self.raw = self

    @property
    def headers(self):
        fields = self._response.headers
        return Headers({name.lower(): fields[name] for name in fields})

    @property
    def retry_after_s(self):
        value = self.headers.get("retry-after", "")
        return int(value) if value.isdigit() else 0

    @property
    def content(self):
        if self._content is None:
            try:
                self._content = self._response.content
            except (OSError, ValueError) as e:
                raise LinkError("requests: %r" % e)
        return self._content

    def readinto(self, buf, limit=-1):
        count = min(len(buf) if limit < 0 else limit, len(self.content) - self._at)
        buf[:count] = self.content[self._at : self._at + count]
        self._at += count
        return count

    def close(self):
        self._response.close()
