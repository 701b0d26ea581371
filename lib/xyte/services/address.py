"""Where the cloud is for this device, and what it is told in each request's head."""

from xyte.core import url


def use(cloud, identity):
    """See Cloud.use."""
    hub = url.allowed(identity["hub_url"] or cloud.settings.entry_url, cloud.settings)
    base = ("https://" if hub.tls else "http://") + hub.netloc + hub.path.rstrip("/")
    cloud.device = base + "/v1/devices/" + identity["id"]
    cloud.telemetry = cloud.device + "/telemetry"
    cloud.authorized = _headers(Authorization=identity["access_key"])


def entry(settings):
    """Where to register: (URL, headers). Raises SettingsError when that is a place that we may not talk to."""
    url.allowed(settings.entry_url, settings)
    return settings.entry_url.rstrip("/") + "/v1/devices", _headers()


def _headers(**more):
    return dict({"Content-Type": "application/json", "Accept": "application/json"}, **more)
