#!/usr/bin/env python3
"""Kills and freezes everything that a highly available job needs, and checks the result, the history and what is left.

    tests/soak/high_availability_soak.py [--storage hdfs|s3|directory] [--minutes M] [--seed N]
"""

import argparse
import collections
import contextlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "e2e"), str(HERE.parent / "services")]
import ha_storage  # noqa: E402
import services  # noqa: E402
from cluster import wait_for  # noqa: E402
from ha_faults import Faults  # noqa: E402
from ha_memory import Memory  # noqa: E402
from high_availability import HighAvailability  # noqa: E402
from jobs_build import build  # noqa: E402
from test_jobs import counts_in, expected  # noqa: E402

RATE = 500  # Numbers a second and source.
PARALLELISM = 2
RECOVERY_SECONDS = 180  # From the end of a fault to the next checkpoint, at the worst.
SAVEPOINTS_KEPT = 1
STORAGES = {"hdfs": ha_storage.Hdfs, "s3": ha_storage.S3}


class HighAvailabilitySoak:
    """One run: three ZooKeeper servers, two job managers, three task managers, a storage, one job, and a seeded series."""

    def __init__(self, test, storage, seconds, seed, say=print, first=()):
        """test.addClassCleanup() ends the servers; `first` names the first faults, the others are drawn."""
        self.seconds, self.seed, self.say = seconds, seed, say
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ha-"))
        self.ensemble = services.ZooKeeper(test, servers=3)
        self.storage = STORAGES[storage](test) if storage in STORAGES else ha_storage.Directory(self.folder / "storage")
        root = self.storage.root
        self.cluster = HighAvailability(
            self.ensemble, self.folder, task_managers=3,
            conf={
                **self.storage.settings,
                "recovery.zookeeper.storageDir": f"{root}/ha",
                "state.backend.fs.checkpointdir": f"{root}/checkpoints",
                "savepoints.state.backend.fs.dir": f"{root}/savepoints",
                "heartbeat.interval": "500 ms",
                "heartbeat.timeout": "5 s",
            },
        )
        self.faults = Faults(self, first)
        self.spared_master = None  # Frozen, never killed: in the second half somebody must get old.
        self.spared_task_manager = None
        self.count = int(0.9 * PARALLELISM * RATE * seconds)  # While it is down it does not go on.
        self.savepoints = []
        self.done = collections.Counter()
        self.slowest = (0, "")

    def run(self):
        """Raises AssertionError when anything is lost, twice, obeyed too late, or left over; keeps the folder then."""
        program = build("counting") / "counting"
        out = self.folder / "out"
        try:
            with self.cluster as cluster:
                self.memory = Memory(self.processes)
                self.job = cluster.run_detached(
                    program, "--count", self.count, "--rate", RATE, "--interval", 500, "--out", out,
                    "--text", f"{self.storage.root}/text", options=("-p", PARALLELISM),
                )
                cluster.wait_running(self.job)
                self.disturb()
                self.finish(out)
                self.check_text()
                self.check_nothing_is_left()
                epochs = cluster.check_history()
                self.say(f"history: {len(cluster.history())} orders were obeyed, of epochs {epochs}")
                for line in self.memory.check():
                    self.say(line)
        except BaseException:
            self.say(f"FAILED with --seed {self.seed}; configuration and logs are in {self.folder}")
            raise
        finally:
            self.faults.thaw_all()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(f"passed, --seed {self.seed}: " + ", ".join(f"{what} {n}" for what, n in sorted(self.done.items())) +
                 f"; slowest recovery {self.slowest[0]:.1f} s after: {self.slowest[1]}")

    def processes(self):
        found = {one.pid: "job manager" for one in self.cluster.living()}
        found |= {one.pid: "task manager" for one in self.cluster.taskmanagers if one.process.poll() is None}
        return found | dict.fromkeys(self.cluster.workers(), "worker")

    # ---- faults

    def disturb(self):
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < self.seconds and self.state() != "FINISHED":
            if now > self.seconds / 2 and not self.spared_master:
                self.spared_master = self.cluster.living()[-1]
                self.spared_task_manager = self.faults.living()[-1]
            before = self.newest_checkpoint()
            taking = self.begin_savepoint() if self.random.random() < 0.3 else None
            faults = self.faults.draw()
            what = (" and ".join(one.what for one in faults) or "nothing") + (" during a savepoint" if taking else "")
            self.apply(faults)
            ended = time.monotonic()
            self.wait_checkpoint_after(before, what)
            took = time.monotonic() - ended
            self.slowest = max(self.slowest, (took, what))
            self.say(f"{now:6.0f} s: {what}: a checkpoint {took:.1f} s after its end")
            self.done["faults"] += len(faults)
            if taking:
                self.end_savepoint(taking)

    def apply(self, faults):
        began = time.monotonic()
        for one in faults:
            one.begin()
        for one in sorted(faults, key=lambda fault: fault.seconds):
            time.sleep(max(0, began + one.seconds - time.monotonic()))
            one.end()

    def state(self):
        return self.cluster.run_state(self.job)

    def newest_checkpoint(self):
        self.cluster.leader()
        found = self.cluster.try_get(f"/jobs/{self.job}/checkpoints") or {}
        return max((one["id"] for one in found.get("history", [])), default=0)

    def wait_checkpoint_after(self, before, what):
        """One that was triggered after those that may have been under way."""
        def completed():
            assert self.state() not in ("FAILED", "CANCELED"), self.cluster.try_get(f"/jobs/{self.job}/exceptions")
            return self.newest_checkpoint() > before + 1 or self.state() == "FINISHED"
        wait_for(f"a checkpoint after: {what}", completed, RECOVERY_SECONDS)

    def begin_savepoint(self):
        return subprocess.Popen(
            [self.cluster.dist / "bin" / "weir", "savepoint", self.job], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.cluster.environment(),
        )

    def end_savepoint(self, taking):
        said, failed = taking.communicate(timeout=RECOVERY_SECONDS)
        if taking.returncode != 0:  # Its task died, or the job is restarting: that has to be said.
            last = failed.splitlines()[-1] if failed else ""
            assert last.startswith("weir: "), f"no reason for a failed savepoint: {failed!r}"
            self.done["refused savepoints"] += 1
            self.say(f"          {last}")
            return
        path = said.split("Path: ")[1].split()[0]
        self.cluster.weir("savepoint", "verify", path)
        self.done["savepoints"] += 1
        self.savepoints.append(path)
        if len(self.savepoints) > SAVEPOINTS_KEPT:
            self.cluster.weir("savepoint", "-d", self.savepoints.pop(0))

    # ---- what has to hold

    def finish(self, out):
        wait_for("all is counted", lambda: self.state() == "FINISHED", 120 + self.seconds)
        wait_for("it is written", lambda: out.exists() and counts_in(out) == expected(self.count, 100), 10)
        while self.savepoints:
            self.cluster.weir("savepoint", "-d", self.savepoints.pop())

    def check_text(self):
        """Every number stands on one line of one file, whole."""
        texts = self.storage.texts("text")
        hidden = [path for path in texts if "/." in path.removeprefix(str(self.folder))]
        assert not hidden, f"hidden files of the output are left, of parts or of copies cut short: {hidden[:10]}"
        lines = collections.Counter(line for text in texts.values() for line in text.splitlines())
        wanted = collections.Counter(map(str, range(self.count)))
        assert lines == wanted, (
            f"text: missing {list((wanted - lines).items())[:5]}, too much {list((lines - wanted).items())[:5]}"
        )
        self.say(f"output: {len(texts)} files with each of {self.count} numbers once")

    def left(self):
        """Of the job, anywhere; programs stay in their cache."""
        nodes = [path for path in self.cluster.left_over() if path.startswith(self.cluster.root)]
        return nodes + [path for name in ("ha", "checkpoints", "savepoints") for path in self.storage.files(name)
                        if "/blobs/" not in path]

    def check_nothing_is_left(self):
        """But for what `weir fsck` takes away: temporary files of processes that were killed as they wrote them."""
        cluster = self.cluster
        wait_for("no worker is left", lambda: not cluster.workers(), 60)
        deadline = time.monotonic() + 60
        while left := [path for path in self.left() if not is_temporary(path)]:
            assert time.monotonic() < deadline, f"is left over: {left}"
            time.sleep(0.2)
        if temporary := self.left():
            self.say(f"fsck: {len(temporary)} temporary files of killed processes: {temporary[:5]}")
            cluster.weir("fsck", "--repair", "--older-than", "0 s", check=False)
        self.say("fsck: " + cluster.weir("fsck").stdout.splitlines()[-1].strip())
        assert not self.left(), f"is left over even after weir fsck --repair: {self.left()}"


def is_temporary(path):
    name = path.rsplit("/", 1)[1]
    return name.startswith("probe-") or (name.startswith(".") and name.endswith(".tmp"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storage", choices=[*STORAGES, "directory"], default="hdfs")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    say = lambda text: print(text, flush=True)  # noqa: E731
    say(f"{options.minutes:g} minutes on {options.storage} with --seed {options.seed}")
    with contextlib.ExitStack() as stack:
        stack.addClassCleanup = stack.callback
        try:
            HighAvailabilitySoak(stack, options.storage, options.minutes * 60, options.seed, say).run()
        except unittest.SkipTest:
            return services.CANNOT_DOWNLOAD
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
