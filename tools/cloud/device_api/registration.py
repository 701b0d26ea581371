"""Register Device (dev.xyte.io register-device): a hardware key proves the model, credentials come once."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.cloud.addresses import called_host, from_template
from tools.cloud.answers import Refusal, json_answer
from tools.cloud.device_api.access import MAX_BODY_BYTES
from tools.cloud.records import devices, models
from tools.cloud.settings import Settings
from tools.cloud.state import Cloud
from tools.cloud.validation import object_field, parse_object, required_text, text_field
from tools.semver import is_semver

_OPTIONAL_TEXTS = ("sn", "mac", "cloud_id", "name", "sub_model", "host_address", "parent_id")
_MQTT_PORT = 8883  # as in the one quoted answer; nothing listens there: HTTP devices ignore it


async def register(request: Request) -> Response:
    cloud: Cloud = request.app.state.cloud
    raw = await request.body()
    if len(raw) > MAX_BODY_BYTES:
        raise Refusal(413, f"The message is larger than {MAX_BODY_BYTES} bytes")
    body = parse_object(raw)
    with cloud.store.transaction():
        model = _proven_model(cloud, body)
        fields = _checked(cloud.settings, model, body)
        _check_parent(cloud, fields)
        if part := devices.taken(cloud.store, model["id"], fields, cloud.settings["register_sn_unique"]):
            raise Refusal(cloud.settings["register_taken_status"], f"{part} has already been taken")
        device_id, access_key = devices.add(cloud.store, model["id"], fields, cloud.clock())
    answer = {"id": device_id, "access_key": access_key, **_hub_urls(cloud.settings, request)}
    if cloud.settings["device_id_in_answers"] == "all":
        answer["device_id"] = device_id
    return json_answer(answer, cloud.settings["register_success_status"])


def _proven_model(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    key = required_text(body, "hardware_key", cloud.settings["register_missing_field_status"])
    model = models.of_hardware_key(cloud.store, key)
    if model is None:
        raise Refusal(cloud.settings["register_wrong_key_status"], "No device model for this hardware_key")
    return model


def _checked(settings: Settings, model: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The registration's fields, checked by the rules of the model and the settings."""
    missing = settings["register_missing_field_status"]
    required = ["firmware_version"]
    required += ["sn"] if settings["register_requires_sn"] or model["authentication"] == "mac_sn" else []
    required += ["mac"] if model["authentication"] == "mac_sn" else ["cloud_id"]
    for name in required:
        required_text(body, name, missing)
    fields: dict[str, Any] = {name: text_field(body, name, missing) for name in _OPTIONAL_TEXTS}
    fields["firmware_version"] = body["firmware_version"]
    fields["details"] = object_field(body, "details", missing)
    if settings["register_requires_semver"] and not is_semver(fields["firmware_version"]):
        raise Refusal(settings["register_bad_version_status"], "firmware_version is not a semantic version")
    if fields["mac"] and settings["register_requires_valid_mac"] and not devices.is_mac(fields["mac"]):
        raise Refusal(missing, "mac is not a MAC address")
    if fields["cloud_id"] and not _is_cloud_id(fields["cloud_id"], model["short_code"]):
        raise Refusal(missing, "cloud_id must be the short code and 16 to 36 letters or digits")
    return fields


def _is_cloud_id(text: str, short_code: str) -> bool:
    """The form is that of Xyte's page "Generating a Cloud ID"."""
    return re.fullmatch(re.escape(short_code) + "[0-9A-Za-z]{16,36}", text, re.ASCII) is not None


def _check_parent(cloud: Cloud, fields: dict[str, Any]) -> None:
    if fields["parent_id"] and devices.get(cloud.store, fields["parent_id"]) is None:
        raise Refusal(cloud.settings["register_missing_field_status"], "parent_id names no device")


def _hub_urls(settings: Settings, request: Request) -> dict[str, str]:
    """Where the device shall go from now on: by default where it already is."""
    url = from_template(settings["hub_url"] or "{scheme}://{host}", request)
    if not settings["hub_url_scheme"]:
        url = url.partition("://")[2] or url
    urls = {"hub_url": url, "hub_url_static_cert": url}
    if settings["register_answers_mqtt_url"]:
        urls["mqtt_hub_url"] = f"mqtts://{re.sub(r':[0-9]+$', '', called_host(request))}:{_MQTT_PORT}"
    return urls


ROUTES = [Route("/v1/devices", register, methods=["POST"])]
