"""Must show: the portal's whole way in headless Chromium, against a real board and a real cloud.

PORTAL_SCREENSHOT=FILE keeps a picture of the page, the one in lib/xyte/portal/README.md.
"""

import io
import json
import os

import chromium
import zxingcpp
from phone import ADDRESS, RIGHT, WRONG, board_to_set_up
from PIL import Image
from playwright.sync_api import expect
from rig import Powered, identity, the_device, told

from tools import claim_code

CLAIM = "https://customers.example.com/claim?id=ACMEx1Kq0Zr7LwN4tB8sVyD2"
SPARE = {"ssid": "Elsewhere", "key": "other-key-1"}


def test_scan_choose_wrong_key_right_key_registered(tmp_path, cloud):
    chromium.find()
    board = board_to_set_up(tmp_path / "board", cloud, settings={"wifi": [SPARE], "setup_after_s": 10},
                            files={claim_code.PATH: claim_code.board_file(CLAIM)})
    with Powered(board) as run:
        run.wait("portal: open")
        with chromium.on_hotspot(board.portal_ports[0]) as page:
            asked, said = [], []
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: said.append(message.text))
            page.goto("http://connectivity.example.com/generate_204")  # what a phone does on a new network
            expect(page).to_have_url(f"http://{ADDRESS}/")
            expect(page.get_by_role("heading", level=1)).to_contain_text("Pump 7")
            assert page.title().endswith("Wi-Fi set-up")
            expect(page.get_by_text(json.loads(board.read_file("/settings.json"))["sn"])).to_be_visible()

            page.get_by_role("radio", name="Barn & <Yard>").check()
            page.get_by_role("radio", name="HomeNet").check()
            keep_picture(page)
            assert the_code_on(page) == CLAIM
            join(page, WRONG)
            status = page.get_by_role("status")
            expect(status).to_have_text("HomeNet: wrong password. Nothing was changed.", timeout=20000)
            assert json.loads(board.read_file("/settings.json"))["wifi"] == [SPARE]
            expect(page.get_by_label("Password")).to_have_value("")

            page.get_by_role("radio", name="HomeNet").check()
            join(page, RIGHT)
            expect(status).to_contain_text("Connected to HomeNet.", timeout=20000)
            assert page.get_by_role("button").count() == 0
            assert not [url for url in asked if not url.startswith((f"http://{ADDRESS}/", "http://connectivity."))]
            assert not [text for text in said if "favicon" not in text and "404" not in text], said
        run.wait("registered as")
        run.reports(2)
    assert the_device(cloud)["id"] == identity(board)["id"] and told(cloud, "answer") == [42]
    networks = json.loads(board.read_file("/settings.json"))["wifi"]
    assert networks == [{"ssid": "HomeNet", "key": RIGHT}, SPARE]


def join(page, key):
    page.get_by_label("Password").fill(key)
    page.get_by_role("button", name="Connect").click()


def the_code_on(page):
    """What a phone's camera reads off the page."""
    picture = page.get_by_role("img").screenshot()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return found[0].text if found else None


def keep_picture(page):
    if path := os.environ.get("PORTAL_SCREENSHOT"):
        page.screenshot(path=path, full_page=True)
