"""Builds the jobs of the end-to-end tests against the installation, once, as a user's project would be."""

import fcntl
import pathlib
import shutil
import subprocess

from cluster import DIST, ROOT

JOBS = ROOT / "build" / "e2e-jobs"


def build(*targets):
    """All of them, unless some are named."""
    JOBS.mkdir(parents=True, exist_ok=True)
    with open(JOBS / ".lock", "w") as lock:  # Of several tests that begin at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        forget_other_installations()
        build_now(targets)
    return JOBS


def forget_other_installations():
    """Installed headers are as old as their sources: what was compiled in between would not be compiled again."""
    library = (DIST / "lib" / "libweir.so").stat()
    installed = f"{DIST} {library.st_mtime_ns} {library.st_size}"
    known = JOBS / "built-against"
    if not known.exists() or known.read_text() != installed:
        for path in JOBS.iterdir():
            if path.name != ".lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        known.write_text(installed)


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
