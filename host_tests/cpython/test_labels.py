"""Labels: what a phone reads from them, that all of it is on the label, sheets of several pages."""

import contextlib
import itertools
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from reportlab.pdfbase.pdfmetrics import stringWidth

from tools import __main__ as cli
from tools.labels import drawing, sheet, svg
from tools.labels.drawing import Label
from tools.labels.folder import LabelFolder
from tools.provision.audit import DONE, AuditLog
from tools.provision.problem import ProvisionError

DPI = 200  # a poor office printer
CLAIM = "https://cloud.acme.example/c/eX-N5DiKi34LdV5_qsYkEpKp"
PLAIN = Label("SN-1", "24:a1:60:00:00:01", CLAIM, "Greenhouse probe", "k7mh-29xd-qwpn")
NAMES = ["Probe", "Küche 3, Fühler am großen Fenster rechts", "W" * 256, "a <b> & \"c\"", "温室 7", ""]


def labels(count):
    return [Label(f"SN-{n:04}", f"24:a1:60:00:00:{n:02x}", f"{CLAIM}{n:04}", "Probe", "k7mh-29xd-qwpn")
            for n in range(count)]


def pages(pdf):
    """Each page's QR codes and text."""
    for page in pypdfium2.PdfDocument(pdf):
        image = page.render(scale=DPI / 72).to_pil()
        yield [code.text for code in zxingcpp.read_barcodes(image)], page.get_textpage().get_text_range()


def test_a_sheet_has_21_labels_a_page_and_each_can_be_scanned():
    made = labels(23)
    (first, text), (second, _) = pages(sheet.draw(made))
    assert sorted(first) == [label.claim for label in made[:21]]
    assert sorted(second) == [label.claim for label in made[21:]]
    assert all(label.sn in text and label.mac in text for label in made[:21])
    assert text.count("k7mh-29xd-qwpn") == 21
    assert sheet.draw(made) == sheet.draw(made)


def test_an_svg_label_can_be_scanned_and_read():
    root = ElementTree.fromstring(svg.draw(PLAIN))
    space = {"s": "http://www.w3.org/2000/svg"}
    scale = DPI / 25.4
    image = Image.new("L", (round(drawing.WIDTH * scale), round(drawing.HEIGHT * scale)), 255)
    for bar in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", root.find("s:path", space).get("d")):
        x, y, width, height = (float(number) * scale for number in bar)
        ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), fill=0)
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [CLAIM]
    texts = [text.text for text in root.findall("s:text", space)]
    assert texts == ["Greenhouse probe", "Serial number", "SN-1", "Set-up password", "k7mh-29xd-qwpn", "MAC",
                     "24:a1:60:00:00:01", "Scan to claim this device"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sn", ["SN-1", "LONG-SERIAL-NUMBER-2026", "X" * 128])
def test_nothing_leaves_the_label(sn, name):
    label = Label(sn, PLAIN.mac, CLAIM, name, PLAIN.setup_password)
    lines = list(drawing.texts(label))
    for text in lines:
        right = text.x + stringWidth(text.text, text.font, text.size) * drawing.MM_PER_POINT
        assert 1 < text.x and right < drawing.WIDTH - 1
        assert 2 < text.y < drawing.HEIGHT - 2 and text.size >= drawing.CAPTION_POINTS
    column = [text for text in lines if text.x > 30]
    assert all(below.y - above.y > 1.9 for above, below in itertools.pairwise(column)), "lines overlap"
    assert len(list(pages(sheet.draw([label])))) == 1
    ElementTree.fromstring(svg.draw(label))


@pytest.mark.parametrize(("sn", "lines"), [("SN-1", 1), ("A" * 20 + "B" * 12, 2)])
def test_a_long_serial_number_takes_two_lines(sn, lines):
    shown = shown_serial(sn)
    assert len(shown) == lines and "".join(shown) == sn


def test_a_serial_number_that_two_lines_cannot_hold_is_seen_to_be_cut():
    shown = shown_serial("X" * 128)
    assert len(shown) == 2 and re.fullmatch("X+…", "".join(shown))


def shown_serial(sn):
    texts = [text.text for text in drawing.texts(Label(sn, PLAIN.mac, CLAIM))]
    return texts[1:texts.index("MAC")]


def test_a_label_without_password_has_no_line_for_it():
    texts = [text.text for text in drawing.texts(Label("SN-1", PLAIN.mac, CLAIM))]
    assert "Set-up password" not in texts and "SN-1" in texts


def test_files_are_the_owners_and_sheets_are_not_overwritten(tmp_path):
    folder = LabelFolder(tmp_path / "labels")
    odd = Label("../AB 1/ü", PLAIN.mac, CLAIM)
    assert folder.keep(odd).name == "..%2FAB%201%2F%C3%BC.svg"
    assert [folder.keep_sheet([PLAIN]).name for _ in range(2)] == ["sheet-1.pdf", "sheet-2.pdf"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "labels").iterdir())


def test_a_label_without_a_claim_code_has_neither_it_nor_its_caption():
    bare = replace(PLAIN, claim="")
    texts = [text.text for text in drawing.texts(bare)]
    assert "Scan to claim this device" not in texts and PLAIN.setup_password in texts
    ((found, text),) = pages(sheet.draw([bare]))
    assert found == [] and PLAIN.setup_password in text


@pytest.mark.parametrize("less", [{"setup_password": ""}, {"claim": ""}])
def test_a_label_is_not_replaced_by_one_that_says_less(tmp_path, less):
    folder = LabelFolder(tmp_path)
    path = folder.keep(PLAIN)
    before = path.read_text()
    assert folder.keep(replace(PLAIN, **less)) is None and path.read_text() == before
    assert folder.keep(replace(PLAIN, setup_password="another-one")) == path
    assert "another-one" in path.read_text()


def test_any_serial_number_has_a_file_name_of_its_own(tmp_path):
    folder = LabelFolder(tmp_path)
    made = [folder.keep(replace(PLAIN, sn="Ж" * length)) for length in (60, 127, 128)]
    assert len(set(made)) == 3 and all(path.exists() for path in made)


@pytest.mark.parametrize(("name", "fault"), [("Küche €…", False), ("Ω 3", False), ("温室 7", True), ("Łódź", True)])
def test_letters_that_the_sheet_cannot_show_are_told(name, fault):
    told = list(sheet.faults([replace(PLAIN, name=name)]))
    assert len(told) == fault and all(text.startswith("SN-1: ") for text in told)


def test_labels_of_the_log_leave_the_passwords_of_those_that_are_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with AuditLog(Path("log")) as log:
        log.write(DONE, sn=PLAIN.sn, mac=PLAIN.mac, cloud_id="eXaaaaaaaaaaaaaaaa")
        log.write(DONE, sn="SN-2", mac="24:a1:60:00:00:02")
    LabelFolder(Path("labels")).keep(PLAIN)
    assert cli.main(["labels", "--log", "log", "--portal", "cloud.acme.example", "--out", "labels"]) == 0
    assert "SN-1: the label that is there says more than this one, and stays" in capsys.readouterr().out
    assert PLAIN.setup_password in Path("labels/SN-1.svg").read_text()
    assert "SN-2" in Path("labels/SN-2.svg").read_text()


def test_a_port_that_fails_leaves_the_labels_of_the_others(tmp_path, monkeypatch, capsys):
    class Board:
        """Its answer to the only question there is."""

        def call(self, name, function):
            return {"firmware": "", "agent": "1.0.0", "mac": PLAIN.mac, "registered": True,
                    "kept": {"sn": "SN-1", "setup_password": "k7mh-29xd-qwpn"}}

    @contextlib.contextmanager
    def stopped(port, say):
        if port == "bad":
            raise ProvisionError("no answer")
        yield Board()

    monkeypatch.setattr("tools.labels.cli.stopped", stopped)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["labels", "--ports", "bad", "good", "--out", "labels"]) == 1
    assert "bad: NOT DONE: no answer" in capsys.readouterr().out
    assert "k7mh-29xd-qwpn" in Path("labels/SN-1.svg").read_text() and Path("labels/sheet-1.pdf").exists()


def test_passwords_do_not_show_in_a_traceback():
    assert PLAIN.setup_password not in repr(PLAIN)
