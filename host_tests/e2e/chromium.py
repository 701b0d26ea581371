"""Finds a Chromium and starts it as a phone that is on a board's hot spot."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync"]
_VIEW = {"width": 390, "height": 844}  # a phone


def find() -> str:
    """The browser's path. Without one the test is skipped, or fails where CI is set."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        missing = "no Chromium here: `apt-get install chromium`, or name one in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(f"NOT TESTED, the set-up page in a browser: {missing}")
    return path


@contextlib.contextmanager
def on_hotspot(port: int) -> Iterator[Page]:
    """A page in a browser for which every name and address is the board's port 80. port: of this machine."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    lead = f"--host-resolver-rules=MAP * 127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=[*_QUIET, *root, lead])
        try:
            yield browser.new_page(viewport=_VIEW, device_scale_factor=1)
        finally:
            browser.close()
