"""The command line: help everywhere, clear words for a wrong command, a quiet Ctrl-C."""

import importlib
import os
import signal
import subprocess
import sys

import pytest

from command_line import tools
from tools import ROOT
from tools import __main__ as cli


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_overview_names_every_command(words):
    done = tools(*words)
    assert done.returncode == 0
    for name, (_, summary) in cli.COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert summary in done.stdout


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_of_a_command(name):
    done = tools(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m tools {name}")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_keeps_the_contract(name):
    module = importlib.import_module(cli.COMMANDS[name][0])
    assert isinstance(module.HELP, str) and "\n" not in module.HELP
    assert callable(module.configure) and callable(module.run)


def test_an_unknown_command_is_told_what_there_is():
    done = tools("bord")
    assert done.returncode == 2
    assert "no command 'bord'" in done.stderr and "board" in done.stderr


def test_a_missing_package_says_make_setup(monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "cloud", ("tools_not_there", ""))
    assert cli.main(["cloud"]) == 2
    assert "'tools_not_there' is missing" in (told := capsys.readouterr().err) and "make setup" in told


def test_only_the_chosen_module_is_imported():
    code = ("import sys; from tools.__main__ import main; main(['--help']); "
            "print([name for name in sys.modules if name.startswith('tools.')])")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "['tools.ending', 'tools.__main__']"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_is_quiet_and_other_signals_are_the_same(tmp_path, number):
    (tmp_path / "slow.py").write_text("""
import signal, sys, time
from tools import __main__ as cli
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
configure = lambda parser: None
def run(args):
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleared up", flush=True)
if __name__ == "__main__":
    cli.COMMANDS["slow"] = ("slow", "")
    sys.exit(cli.main(["slow"]))
""")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    with subprocess.Popen([sys.executable, str(tmp_path / "slow.py")], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "cleared up\n"
        assert process.wait(10) == 130
        assert process.stderr.read() == ""


def test_the_size_of_a_slot_is_a_number():
    done = tools("verify", "app.tar", "--slot", "zz")
    assert done.returncode == 2 and "'zz' is no number of bytes, as 0x" in done.stderr, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["build", "--help"], ["board", "new", "FOLDER", "--stock"], ["firmware"],
                                   ["keys", "new", "k", "--dir", "FOLDER"]])
def test_a_closed_pipe_is_quiet(words, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    words = [word.replace("FOLDER", str(tmp_path / "b")) for word in words]
    done = subprocess.run([sys.executable, "-u", "-m", "tools", *words], cwd=ROOT, check=False,
                          stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode in (0, 128 + signal.SIGPIPE)  # 0: argparse itself passes over a closed pipe


def test_micropython_gets_its_arguments_and_gives_its_status():
    done = tools("micropython", "--", "-X", "heapsize=56wK", "-c", "import sys; sys.exit(7)")
    assert done.returncode == 7, done.stderr
    done = tools("micropython", "--path")
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
