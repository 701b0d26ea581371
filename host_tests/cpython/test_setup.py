"""What `make setup` installs is exact and is what the tests run with."""

import importlib.metadata
import re

import pytest

from tools import setup


@pytest.mark.parametrize("pin", setup.pins("dev", "bench", "locked", "stubs"))
def test_every_requirement_is_exact(pin):
    assert re.fullmatch(r"[\w-]+(\[\w+\])?==[\w.]+", pin)


@pytest.mark.parametrize("pin", setup.pins("dev", "bench", "locked"))
def test_the_environment_has_what_is_pinned(pin):
    name, version = re.sub(r"\[.*\]", "", pin).split("==")
    assert importlib.metadata.version(name) == version, "the environment is not that of `make setup`"


def test_a_second_run_installs_nothing(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(setup, "must", lambda argv, doing: calls.append(argv))
    for pins in (["a==1"], ["a==1"], ["a==2"]):
        setup.install("packages", tmp_path / "stamp", pins)
    assert [call[-1] for call in calls] == ["a==1", "a==2"]


def test_without_rights_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    with pytest.raises(setup.SetupError, match=r"sudo apt-get install python3\.\d+-venv"):
        setup.install_venv_package()
