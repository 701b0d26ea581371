"""The ASGI application: every call of the cloud, wired to one state."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tools.cloud import control_api, control_files, downloads
from tools.cloud.answers import Refusal, error_answer, refusal_answer
from tools.cloud.device_api import commands, device, files, registration, telemetry
from tools.cloud.fault_actions import Faulty
from tools.cloud.journal import kind_of
from tools.cloud.operator_api import commands as operator_commands
from tools.cloud.operator_api import devices as operator_devices
from tools.cloud.operator_api import histories as operator_histories
from tools.cloud.recorder import Recorder
from tools.cloud.state import Cloud

# A subject joins by its line here. Order matters where one path fits two: histories before devices/{id}.
_SUBJECTS = (
    registration,
    device,
    telemetry,
    commands,
    files,
    downloads,
    operator_histories,
    operator_devices,
    operator_commands,
    control_api,
    control_files,
)
_FILE_HOST = (downloads,)


def build(cloud: Cloud, verbose: bool = False, file_host: bool = False) -> ASGIApp:
    """The application around `cloud`: journal outside, then faults, then the calls.

    file_host: with nothing in it but downloads, as at a storage provider that knows nothing of devices.
    """
    calls = Starlette(
        routes=[route for subject in (_FILE_HOST if file_host else _SUBJECTS) for route in subject.ROUTES],
        exception_handlers={Refusal: _refused, HTTPException: _unknown, Exception: _failed},
    )
    calls.router.redirect_slashes = False
    calls.state.cloud = cloud
    return Recorder(Faulty(calls, cloud.faults), cloud, verbose)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refusal_answer(error)


def _unknown(request: Request, error: Exception) -> Response:
    """No such path, or no such method on it: both are 404 for Xyte's calls, as are those not served yet."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and kind_of(request.url.path) == "control":
        return error_answer(405, "Method not allowed", error.headers)
    return error_answer(404, "Not found")


def _failed(_request: Request, _error: Exception) -> Response:
    """A bug of ours; the server logs it with its traceback."""
    return error_answer(500, "Internal error of the local cloud")
