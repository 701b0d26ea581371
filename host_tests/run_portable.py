"""Runs host_tests/portable/ under MicroPython: every function test_* of every test_*.py, in written order.

    python -m tools micropython -- -X heapsize=512wK host_tests/run_portable.py [PART-OF-A-FILE-NAME ...]

Prints PASS or FAIL with a traceback for each, then `N passed, M failed`. The exit status is 0 only when at
least one test ran and none failed.
"""

import gc
import os
import sys

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."


def test_files(wanted):
    """Module names in portable/, sorted, whose name holds one of the wanted words."""
    names = sorted(name[:-3] for name in os.listdir(HERE + "/portable") if is_test_file(name))
    return [name for name in names if not wanted or any(word in name for word in wanted)]


def is_test_file(name):
    return name.startswith("test_") and name.endswith(".py")


def tests_of(source_path):
    """Names of the test functions in a file, in the order written: a module's dict does not keep it."""
    with open(source_path) as file:
        return [line[4:].split("(")[0] for line in file if line.startswith("def test_")]


def run_file(name):
    """Import one test module and call its tests; (passed, failed)."""
    passed = failed = 0
    try:
        module = __import__(name)
    except Exception as error:
        report("FAIL", name, "import", error)
        return 0, 1
    for test in tests_of(HERE + "/portable/" + name + ".py"):
        gc.collect()
        try:
            getattr(module, test)()
            report("PASS", name, test)
            passed += 1
        except Exception as error:
            report("FAIL", name, test, error)
            failed += 1
    return passed, failed


def report(verdict, name, test, error=None):
    print(verdict, name + "." + test)
    if error is not None:
        sys.print_exception(error, sys.stdout)


def main(wanted):
    sys.path[:0] = [HERE + "/portable", HERE + "/../lib", HERE, HERE + "/shims"]
    passed = failed = 0
    for name in test_files(wanted):
        more_passed, more_failed = run_file(name)
        passed += more_passed
        failed += more_failed
        sys.modules.pop(name, None)  # its data would weigh on the heap of the tests that follow
    if "places" in sys.modules:
        sys.modules["places"].remove_all()
    print(passed, "passed,", failed, "failed")
    return 0 if passed and not failed else 1


sys.exit(main(sys.argv[1:]))
