#!/usr/bin/env python3
"""Holds the crash points in the code against the tests that kill a process there.

    tests/check_crash_points.py [LOG]

Fails where
  - a point is named twice in the code, or not as "what.step",
  - no test that sets WEIR_CRASH_AT names a point of the code,
  - no process was killed at a point while the tests ran whose WEIR_CRASH_LOG was LOG; but for points of tests that LOG
    says have not run, as a server for them could not be downloaded ("not-run:FILE", which run_python.py writes).
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
POINT = re.compile(r'crashPoint\(\s*"([^"]*)"\s*\)')
NAME = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")
SETS_IT = re.compile(r"\bkCrashAt\b|\bWEIR_CRASH_AT\b|\bcrash_at\b")


def texts(*patterns):
    names = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name: (ROOT / name).read_text() for name in names.split() if (ROOT / name).exists()}


def main():
    reached = set(pathlib.Path(sys.argv[1]).read_text().split()) if len(sys.argv) > 1 else None
    not_run = {f"{line.removeprefix('not-run:')}.py" for line in reached or () if line.startswith("not-run:")}
    code = texts("*.cc", "*.h")
    tests = {name: text for name, text in code.items() if name.startswith("tests/")} | texts("tests/*.py")
    places = collections.defaultdict(list)
    for name, text in code.items():
        if not name.startswith("tests/"):
            for point in POINT.findall(text):
                places[point].append(name)
    killing = {name: text for name, text in tests.items() if SETS_IT.search(text) and name != "tests/check_crash_points.py"}
    problems, left_out = [], []
    for point, where in sorted(places.items()):
        if len(where) > 1:
            problems.append(f"{point}: is named in {', '.join(where)}")
        if not NAME.fullmatch(point):
            problems.append(f"{point}: is no name of the form what.step")
        named = {pathlib.Path(name).name for name, text in killing.items() if f'"{point}"' in text}
        if not named:
            problems.append(f"{point}: no test kills a process there ({where[0]})")
        elif reached is not None and point not in reached and named <= not_run:
            left_out.append(point)
        elif reached is not None and point not in reached:
            problems.append(f"{point}: a test names it, but no process was killed there ({where[0]})")
    told = "each with a test" if reached is None else "a process was killed at each"
    print("\n".join(problems) if problems else f"crash points: {len(places)}, {told}")
    if left_out:
        print(f"NOT RUN: nobody was killed at {', '.join(left_out)}: their tests had no server")
    return 1 if problems or not places else 0


if __name__ == "__main__":
    sys.exit(main())
