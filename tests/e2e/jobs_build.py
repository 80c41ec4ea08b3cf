"""Builds the jobs of the end-to-end tests against the installation, once, as a user's project would be."""

import fcntl
import pathlib
import subprocess

from cluster import DIST, ROOT

JOBS = ROOT / "build" / "e2e-jobs"


def build(*targets):
    """All of them, unless some are named."""
    JOBS.mkdir(parents=True, exist_ok=True)
    with open(JOBS / ".lock", "w") as lock:  # Of several tests that begin at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_now(targets)
    return JOBS


def build_now(targets):
    source = pathlib.Path(__file__).resolve().parent / "jobs"
    for command in (
        ["cmake", "-S", source, "-B", JOBS, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={DIST}", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"],
        ["cmake", "--build", JOBS, *(("--target", *targets) if targets else ())],
    ):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
