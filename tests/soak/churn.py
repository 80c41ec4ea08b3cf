#!/usr/bin/env python3
"""Takes a job whose keys come and go through many incremental checkpoints on RocksDB: files and memory do not grow."""

import argparse
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from cluster import Cluster, wait_for  # noqa: E402
from jobs_build import build  # noqa: E402

PARALLELISM = 2
LIVE_KEYS = 20_000  # Of about 250 bytes each, against a cache of 256 KiB for each slot.
OPTIONS = (
    "state.backend=rocksdb", "state.backend.incremental=true", "state.backend.rocksdb.cache-memory=256 kb",
    "state.backend.rocksdb.writebuffer.size=2 mb", "state.backend.rocksdb.block.cache-size=2 mb",
)
# What is measured, and what the last quarter may have more than the second: the first one fills memory.
FACTOR = 1.25
ROOM = {
    "files of checkpoints": 20, "MB of checkpoints": 5, "files of workers": 40, "MB of workers' files": 10,
    "MB of workers": 30, "MB of the job manager": 30, "MB of the task manager": 30, "descriptors of workers": 40,
}


def megabytes_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1)) / 1024


def files_in(*folders):
    """Their number and megabytes; those that go meanwhile do not count."""
    count, size = 0, 0
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                try:
                    size += os.lstat(os.path.join(parent, name)).st_size
                    count += 1
                except OSError:
                    pass
    return count, size / 1e6


class Churn:
    """One run: a cluster, a job, and samples of what they hold until so many checkpoints are complete."""

    def __init__(self, checkpoints, interval=100, rate=10_000, say=print):
        self.checkpoints = checkpoints
        self.interval = interval
        self.rate = rate
        self.say = say
        self.samples = []  # Completed checkpoints, and what was measured then.

    def run(self):
        jobs = build("churning")
        begin = time.monotonic()
        with Cluster(task_managers=1, slots=PARALLELISM) as cluster:
            words = ("--live", LIVE_KEYS, "--interval", self.interval, "--rate", self.rate)
            options = [word for option in OPTIONS for word in ("-D", option)]
            job = cluster.run_detached(jobs / "churning", *words, options=("-p", PARALLELISM, *options))
            cluster.wait_running(job)
            completed = 0
            while completed < self.checkpoints:
                time.sleep(0.5)
                completed = self.sample(cluster, job)
            seconds = time.monotonic() - begin
            records = self.records(cluster, job)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            wait_for("no file of a checkpoint is left", lambda: not cluster.files(cluster.checkpoints), 30)
        self.check()
        self.say(f"churn: passed: {completed} checkpoints and {records} records in {seconds:.0f} s; " + self.summary())

    @staticmethod
    def records(cluster, job):
        return sum(vertex["metrics"]["write-records"] for vertex in cluster.job(job)["vertices"][:1])

    def sample(self, cluster, job):
        overview = cluster.get(f"/jobs/{job}/checkpoints")
        assert cluster.job(job)["state"] == "RUNNING", cluster.get(f"/jobs/{job}/exceptions")
        workers = cluster.workers()
        files, size = files_in(cluster.checkpoints)
        # Open files too, be they deleted: their room is not free.
        own, own_size = files_in(*cluster.folder.glob("tmp*"))
        values = (
            files, size, own, own_size, sum(map(megabytes_of, workers)), megabytes_of(cluster.jobmanager.pid),
            megabytes_of(cluster.taskmanagers[0].pid), sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in workers),
        )
        self.samples.append((overview["count"], dict(zip(ROOM, values))))
        return overview["count"]

    def quarter(self, number, what):
        """The most that was measured in the first (0) to last (3) quarter of the samples."""
        part = self.samples[number * len(self.samples) // 4:(number + 1) * len(self.samples) // 4]
        return max(values[what] for _, values in part)

    def check(self):
        grown = [
            f"{what}: {self.quarter(1, what):.1f} in the second quarter, {self.quarter(3, what):.1f} in the last"
            for what, room in ROOM.items()
            if self.quarter(3, what) > self.quarter(1, what) * FACTOR + room
        ]
        assert not grown, "; ".join(grown)
        assert self.quarter(3, "files of checkpoints") > 4, "nothing was checkpointed"

    def summary(self):
        return ", ".join(
            f"{what} " + "/".join(f"{self.quarter(number, what):.0f}" for number in range(4)) for what in ROOM
        ) + " (most in each quarter)"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=100, help="milliseconds")
    parser.add_argument("--rate", type=int, default=10_000, help="records a second and source")
    given = parser.parse_args()
    Churn(given.checkpoints, given.interval, given.rate).run()


if __name__ == "__main__":
    main()
