"""Kills processes of a counting job at random for minutes, takes and disposes savepoints, and checks the result."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from cluster import Cluster, wait_for  # noqa: E402
from jobs_build import build  # noqa: E402

PARALLELISM = 3
TASK_MANAGERS = 3
SLOTS = 2
KEYS = 1000
RATE = 2000  # Numbers a second and source.
INTERVAL_MILLIS = 500
SAVEPOINTS_KEPT = 1
ENDED = ("FINISHED", "FAILED", "CANCELED", "SUSPENDED")


class Soak:
    """One run: a cluster, a job, and a seeded series of faults."""

    def __init__(self, seconds, seed, say=print):
        self.seconds = seconds
        self.seed = seed
        self.say = say
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-soak-"))
        self.cluster = Cluster(task_managers=TASK_MANAGERS, slots=SLOTS, folder=self.folder)
        # As long as there are kills the job is set back, so that it needs more than these seconds.
        self.count = int(PARALLELISM * RATE * seconds * 0.6)
        self.job = None
        self.paths = []  # Of savepoints not disposed yet, oldest first.
        self.due = []  # When a killed task manager is started again.
        self.done = {"workers killed": 0, "task managers killed": 0, "savepoints": 0, "refused savepoints": 0,
                     "disposed": 0}

    def run(self):
        """Raises AssertionError when anything is lost, twice or left over; keeps the folder then."""
        begin = time.monotonic()
        jobs = build()
        out = self.folder / "out"
        try:
            with self.cluster as cluster:
                self.job = cluster.run_detached(
                    jobs / "counting", "--count", self.count, "--rate", RATE, "--keys", KEYS,
                    "--interval", INTERVAL_MILLIS, "--out", out, options=("-p", PARALLELISM),
                )
                cluster.wait_checkpoints(self.job, 1)
                self.disturb(begin + self.seconds)
                self.finish()
                self.check_counts(out)
                self.check_nothing_is_left()
                summary = self.summary(time.monotonic() - begin)
        except BaseException:
            self.say(f"soak: FAILED with --seed {self.seed}; files and logs are in {self.folder}")
            raise
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(summary)
        return summary

    # ---- faults

    def disturb(self, until):
        actions = 0
        while time.monotonic() < until and self.state() not in ENDED:
            self.pause(self.random.uniform(2, 6))
            actions += 1
            if actions % 3 == 0:
                self.take_savepoint()
            elif self.random.random() < 0.6:
                self.kill_worker()
            else:
                self.kill_task_manager()
            self.check_state()

    def pause(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            while self.due and self.due[0] <= time.monotonic():
                self.due.pop(0)
                self.cluster.start_taskmanager()
            time.sleep(0.05)

    def kill_worker(self):
        workers = self.cluster.workers()
        if workers:
            try:
                os.kill(self.random.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                return  # It ended by itself, with an attempt that was cancelled.
            self.done["workers killed"] += 1

    def kill_task_manager(self):
        alive = [d for d in self.cluster.taskmanagers if d.process.poll() is None]
        if len(alive) < TASK_MANAGERS - 1:  # Four slots suffice, two do not.
            return
        self.random.choice(alive).kill()
        self.done["task managers killed"] += 1
        self.due.append(time.monotonic() + self.random.uniform(0.5, 5))
        self.due.sort()

    def take_savepoint(self):
        done = self.cluster.weir("savepoint", self.job, self.cluster.savepoints, check=False)
        if done.returncode != 0:
            # While a job restarts or a task dies there can be none; but it has to be said why.
            last = done.stderr.splitlines()[-1] if done.stderr else ""
            assert last.startswith("weir: "), f"no reason for a failed savepoint: {done.stderr!r}"
            self.done["refused savepoints"] += 1
            return
        self.paths.append(done.stdout.split("Path: ")[1].split()[0])
        self.done["savepoints"] += 1
        if len(self.paths) > SAVEPOINTS_KEPT:
            self.dispose(self.paths.pop(0))

    def dispose(self, path):
        self.cluster.weir("savepoint", "-d", path)
        self.done["disposed"] += 1

    # ---- what has to hold

    def state(self):
        return self.cluster.job(self.job)["state"]

    def check_state(self):
        state = self.state()
        if state in ("FAILED", "CANCELED", "SUSPENDED"):
            causes = self.cluster.try_get(f"/jobs/{self.job}/exceptions")
            raise AssertionError(f"the job is {state}: {causes}")
        if self.cluster.jobmanager.process.poll() is not None:
            raise AssertionError(f"the job manager ended:\n{self.cluster.jobmanager.tail()}")

    def finish(self):
        self.due = [0] * len(self.due)
        self.pause(0.1)
        # Records since the last checkpoint before a kill are read again, a few seconds of them each.
        patience = 60 + self.count / (PARALLELISM * RATE)
        deadline = time.monotonic() + patience
        while self.state() != "FINISHED":
            self.check_state()
            if time.monotonic() > deadline:
                raise AssertionError(f"the job is {self.state()} and has not finished within {patience:.0f} s")
            time.sleep(0.2)
        self.completed = self.cluster.completed_checkpoints(self.job)
        for path in self.paths:
            self.dispose(path)

    def check_counts(self, out):
        counted = {}
        for file in out.iterdir():
            for line in file.read_text().splitlines():
                key, count = map(int, line.split())
                assert key not in counted, f"key {key} stands in two subtasks"
                counted[key] = count
        wrong = []
        for key in range(KEYS):
            expected = len(range(key, self.count, KEYS))
            if counted.get(key) != expected:
                wrong.append(f"key {key}: {counted.get(key)} instead of {expected}")
        if wrong or len(counted) != KEYS:
            raise AssertionError(f"{len(wrong)} of {KEYS} counts are wrong: " + ", ".join(wrong[:10]))

    def check_nothing_is_left(self):
        cluster = self.cluster
        wait_for("no worker is left", lambda: not cluster.workers(), 30)
        wait_for("no process is left of killed task managers", lambda: not self.strays(), 30)
        wait_for("all slots are free", lambda: cluster.overview()["slots-available"] == TASK_MANAGERS * SLOTS, 30)
        wait_for("no checkpoint file is left", lambda: not cluster.files(cluster.checkpoints), 30)
        wait_for("no savepoint file is left", lambda: not cluster.files(cluster.savepoints), 30)

    def strays(self):
        """Processes other than the daemons whose working directory lies in the folder."""
        known = {d.pid for d in [self.cluster.jobmanager, *self.cluster.taskmanagers]}
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in known:
                try:
                    directory = os.readlink(entry / "cwd")
                except OSError:
                    continue
                if directory.startswith(str(self.folder)):
                    found.append(int(entry.name))
        return found

    def restarts(self):
        vertex = self.cluster.job(self.job)["vertices"][0]["id"]
        return max(t["attempt"] for t in self.cluster.get(f"/jobs/{self.job}/vertices/{vertex}")["subtasks"])

    def summary(self, seconds):
        parts = [f"{number} {what}" for what, number in self.done.items()]
        parts += [f"{self.restarts()} restarts", f"{self.completed} checkpoints", f"{self.count} records"]
        return f"soak: passed, --seed {self.seed}: " + ", ".join(parts) + f", {seconds:.0f} s"


def main():
    parser = argparse.ArgumentParser(prog="tests/soak/run.sh", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"soak: {options.minutes:g} minutes with --seed {options.seed}", flush=True)
    try:
        Soak(options.minutes * 60, options.seed).run()
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
