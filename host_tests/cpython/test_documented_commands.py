"""Every command that a README shows is one that the command line takes."""

import argparse
import importlib
import re
import shlex

import pytest

from device_code import ROOT, shown
from tools import __main__ as cli

READMES = [path for folder in ("", "firmware", "host_tests", "lib", "tools")
           for path in (ROOT / folder).glob("**/README.md" if folder else "README.md")]


def commands(text: str) -> list[list[str]]:
    """The words after `python -m tools` in a README's indented lines; forms with [options] or … are no commands."""
    lines = re.findall(r"^    .*?python3? -m tools (.*)$", text.replace("\\\n", " "), re.MULTILINE)
    plain = [re.split(r"  #|&&|[|>]", line)[0] for line in lines if not re.search(r"[\[…]", line)]
    return [shlex.split(line) for line in plain]


@pytest.mark.parametrize("path", READMES, ids=shown)
def test_a_documented_command_is_taken(path):
    for name, *words in commands(path.read_text()):
        assert name in cli.COMMANDS, f"there is no command {name}"
        parser = argparse.ArgumentParser()
        importlib.import_module(cli.COMMANDS[name][0]).configure(parser)
        try:
            parser.parse_args(words)
        except SystemExit as refused:
            assert not refused.code, f"{shown(path)}: {name} {shlex.join(words)}"


def test_commands_are_found():
    assert sum(len(commands(path.read_text())) for path in READMES) > 15
    assert commands("    x=1 python -m tools cloud \\\n  --data D  # note\n    python -m tools board [new]\n") == [
        ["cloud", "--data", "D"]]


@pytest.mark.parametrize("path", READMES, ids=shown)
def test_curl_sends_the_whole_value(path):
    """It takes a semicolon in the value of -F for the beginning of its own options; --form-string does not."""
    assert not re.findall(r"""-F ("[^"]*;|'[^']*;|[^ "']*;)""", path.read_text())
