#!/usr/bin/env python3
"""Runs the test classes of a folder, several at once: most of their time they wait for daemons.

    tests/run_python.py [-j N] FOLDER [CLASS...]     # tests/e2e StopTest; default: all classes

Each class is a process of its own, the one with most tests first. Those that failed are shown whole, and the output of
each lies in build/FOLDER-logs. Fails when a test fails, when a class has none, or takes longer than its limit. A class
whose server cannot be downloaded here, or for which there are no network namespaces, is named at the end.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 1200  # Seconds for one class.
SHOWN = 20000  # Characters of the output of one that failed.
NO_SERVER = re.compile(r"^NO (?:SERVER|NETWORK): .*", re.M)
RAN = re.compile(r"^Ran (\d+) tests?", re.M)


def classes_of(folder):
    """{module.Class: number of tests}; ends when a module cannot be imported."""
    counts = {}

    def walk(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                walk(test)
            elif isinstance(test, unittest.loader._FailedTest):
                sys.exit(f"{test.id()}: {test._exception}")
            else:
                name = f"{type(test).__module__}.{type(test).__qualname__}"
                counts[name] = counts.get(name, 0) + 1

    walk(unittest.defaultTestLoader.discover(str(folder), pattern="test_*.py"))
    return counts


def run(folder, name, logs):
    """(whether it passed, tests run, seconds, output)"""
    begun = time.monotonic()
    log = logs / f"{name}.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "unittest", name], cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # With the daemons that it started.
            process.wait()
            out.write(f"\n{name} had not ended after {LIMIT} s\n".encode())
    output = log.read_text(errors="replace")
    ran = sum(int(number) for number in RAN.findall(output))
    passed = process.returncode == 0 and (ran > 0 or NO_SERVER.search(output) is not None)
    return passed, ran, time.monotonic() - begun, output


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("-j", type=int, default=3, help="classes at once")
    parser.add_argument("classes", nargs="*")
    options = parser.parse_args()
    folder = options.folder.resolve()
    counts = classes_of(folder)
    wanted = [name for name in counts if not options.classes or name.split(".")[-1] in options.classes]
    if len(wanted) < max(1, len(options.classes)):
        sys.exit(f"{options.folder} has none of these classes: {' '.join(options.classes)}")
    logs = ROOT / "build" / f"{folder.name}-logs"
    logs.mkdir(parents=True, exist_ok=True)
    printing = threading.Lock()
    begun = time.monotonic()
    total, failed, without = 0, [], []

    def one(name):
        nonlocal total
        passed, ran, seconds, output = run(folder, name, logs)
        with printing:
            total += ran
            without.extend(f"NOT RUN: {name}: {why}" for why in set(NO_SERVER.findall(output)))
            if not passed:
                failed.append(name)
                print(f"{'-' * 70}\n{output[-SHOWN:]}")
            print(f"{name}: {ran} tests in {seconds:.0f} s{'' if passed else ': FAILED'}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        list(pool.map(one, sorted(wanted, key=lambda name: -counts[name])))
    print("".join(f"{one}\n" for one in without), end="")
    if without and os.environ.get("WEIR_CRASH_LOG"):  # What they alone would have reached was not asked for.
        with open(os.environ["WEIR_CRASH_LOG"], "a") as log:
            log.writelines(f"not-run:{one.split()[2].split('.')[0]}\n" for one in without)
    print(f"Ran {total} tests in {time.monotonic() - begun:.3f}s\n\n{'FAILED: ' + ' '.join(failed) if failed else 'OK'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
