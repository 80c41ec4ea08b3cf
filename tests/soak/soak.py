"""Kills and freezes processes of a counting job, slows and fills its disk, and checks the result and what is left."""

import argparse
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from cluster import Cluster, wait_for  # noqa: E402
from faults import Faults  # noqa: E402
from jobs_build import build  # noqa: E402

from disturbances import Disturbances  # noqa: E402

PARALLELISM = 3
SLOTS = 2
KEYS = {"heap": 1000, "rocksdb": 30_000}
# A slot's cache holds a fraction of the keys, so that they come and go.
BACKENDS = {
    "heap": {},
    "rocksdb": {
        "state.backend": "rocksdb", "state.backend.incremental": "true", "state.backend.rocksdb.cache-memory": "128 kb",
    },
}
RATE = 2000  # Numbers a second and source.
INTERVAL_MILLIS = 500
SAVEPOINTS_KEPT = 1
ENDED = ("FINISHED", "FAILED", "CANCELED", "SUSPENDED")
UPGRADED = re.compile(r"^Job [0-9a-f]{32} was upgraded to job ([0-9a-f]{32}),", re.M)
PATH = re.compile(r"^Savepoint completed\. Path: (\S+)$", re.M)
SETTLED_SECONDS = 20  # After so long a daemon has taken the memory that it needs.
GROWN_MEGABYTES = 80
GROWN_DESCRIPTORS = 40


class Soak:
    """One run: a cluster, a job, and a seeded series of disturbances."""

    TASK_MANAGERS = 3
    OURS = ("take_savepoint", "move", "upgrade")

    def __init__(self, seconds, seed, backend="heap", say=print, first=(), freezes=(1, 30), recovers=False):
        """`recovers`: a job manager that comes back takes its job up by itself; else the soak submits it again. `first` names the first actions, methods of Disturbances or of OURS; the others are drawn."""
        self.seconds = seconds
        self.keys = KEYS[backend]
        self.seed = seed
        self.say = say
        self.first = list(first)
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-soak-"))
        self.faults = Faults(self.folder)
        self.cluster = Cluster(
            task_managers=self.TASK_MANAGERS,
            slots=SLOTS,
            folder=self.folder,
            daemon_env=self.faults.environment(),
            conf={
                "heartbeat.interval": "500 ms",
                "heartbeat.timeout": "5 s",
                "savepoints.state.backend": "filesystem",  # For those of upgrades; others name a directory.
                "savepoints.state.backend.fs.dir": f"file:{self.folder / 'savepoints'}",
                **BACKENDS[backend],
                **(self.recovery() if recovers else {}),
            },
        )
        self.recovers = recovers
        self.disturbances = Disturbances(self, freezes)
        # As long as there are disturbances the job is set back, so that it needs more than these seconds.
        self.count = int(PARALLELISM * RATE * seconds * 0.5)
        self.out = self.folder / "out"
        self.text = self.folder / "text"
        self.program = None
        self.job = None
        self.jobs = []  # All that there were.
        self.lost_jobs = []  # With their job managers.
        self.paths = []  # Of savepoints not disposed yet, oldest first.
        self.samples = {}  # By process: seconds, descriptors and megabytes when it had settled.
        self.parallelism = PARALLELISM
        self.moved = 0  # Restores: those at another parallelism let a key's last count lie in two subtasks.
        self.done = {
            "savepoints": 0, "refused savepoints": 0, "verified": 0, "exports": 0, "rescaled": 0, "disposed": 0,
            "upgrades": 0, "refused upgrades": 0, **({"adopted": 0, "taken up": 0} if recovers else {}),
        }

    def run(self):
        """Raises AssertionError when anything is lost, twice or left over; keeps the folder then."""
        begin = time.monotonic()
        self.program = build("counting") / "counting"
        try:
            with self.cluster as cluster:
                self.job = self.submit()
                cluster.wait_checkpoints(self.job, 1)
                self.disturb(begin + self.seconds)
                self.finish()
                self.check_counts()
                self.check_text()
                self.check_nothing_is_left()
                summary = self.summary(time.monotonic() - begin)
        except BaseException:
            self.say(f"soak: FAILED with --seed {self.seed}; files and logs are in {self.folder}")
            raise
        finally:
            self.disturbances.undo_freezes()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(summary)
        return summary

    def recovery(self):
        return {"recovery.mode": "filesystem", "recovery.filesystem.dir": self.folder / "recovery"}

    def words(self):
        """The program and its arguments."""
        return (
            self.program, "--count", self.count, "--rate", RATE, "--keys", self.keys, "--interval", INTERVAL_MILLIS,
            "--out", self.out, "--text", self.text,
        )

    def submit(self, *restore):
        job = self.cluster.run_detached(*self.words(), options=("-p", self.parallelism, *restore))
        self.jobs.append(job)
        return job

    # ---- disturbances

    def disturb(self, until):
        actions = 0
        while time.monotonic() < until and self.state() not in ENDED:
            self.disturbances.pause(self.random.uniform(2, 6))
            actions += 1
            if self.first and self.first[0] in self.OURS:
                getattr(self, self.first.pop(0))()
            elif self.first:
                self.disturbances.disturb(self.first.pop(0))
            elif actions % 12 == 0:
                self.upgrade()
            elif actions % 9 == 0:
                self.move()
            elif actions % 3 == 0:
                self.take_savepoint()
            else:
                self.disturbances.disturb()
            self.check_state()
            self.sample()

    def take_savepoint(self, *command):
        """With `savepoint JOB` or another command that takes one; its path, or None where it was refused."""
        words = command or ("savepoint", self.job, self.cluster.savepoints)
        done = self.cluster.weir(*words, check=False)
        if done.returncode != 0:
            # While a job restarts, a task dies or the disk is full there can be none; but it has to be said why.
            last = done.stderr.splitlines()[-1] if done.stderr else ""
            assert last.startswith("weir: "), f"no reason for a failed savepoint: {done.stderr!r}"
            self.done["refused savepoints"] += 1
            return None
        path = done.stdout.split("Path: ")[1].split()[0]
        self.done["savepoints"] += 1
        self.keep(path)
        return path

    def keep(self, path):
        """Verifies it, now and after it was moved, and disposes an older one."""
        self.verify(path)
        self.paths.append(path)
        if len(self.paths) > SAVEPOINTS_KEPT:
            self.dispose(self.paths.pop(0))

    def verify(self, path):
        self.cluster.weir("savepoint", "verify", path)
        self.done["verified"] += 1

    def export(self, path):
        """Its copy, which was moved once more after it was made."""
        made = self.folder / "exports" / f"made-{self.done['exports']}"
        moved = made.with_name(made.name.replace("made", "moved"))
        made.parent.mkdir(exist_ok=True)
        self.cluster.weir("savepoint", "export", path, made)
        made.rename(moved)
        self.done["exports"] += 1
        self.keep(moved)
        return moved

    def dispose(self, path):
        # A job that was lost with its job manager would still recover from it, for all that anybody knows.
        force = ["--force"] if self.lost_jobs else []
        done = self.cluster.weir("savepoint", "-d", *force, path, check=False)
        if done.returncode != 0 and "no checkpoint of its own" in done.stderr:
            self.paths.append(path)  # The job that was restored from it: later.
            return
        assert done.returncode == 0, f"{path} was not disposed: {done.stderr}"
        self.done["disposed"] += 1

    def move(self):
        """Ends the job with a savepoint and goes on from it, or from its export, at another parallelism."""
        path = self.take_savepoint("cancel", "-s", self.cluster.savepoints, self.job)
        if path is None:
            return
        wait_for("the job has ended", lambda: self.state() == "CANCELED", 60)
        self.disturbances.undo()  # What is refused to a command on a full disk says nothing about the restore.
        if self.random.random() < 0.5:
            path = self.export(path)
        self.parallelism = self.another_parallelism()
        self.cluster.weir("savepoint", "check", "-p", self.parallelism, path, *self.words())
        wait_for("there are slots for it", lambda: self.slots_free() >= self.parallelism, 60)
        self.job = self.submit("-s", path)
        self.moved += 1
        self.done["rescaled"] += 1
        self.say(f"soak: goes on as {self.job} at parallelism {self.parallelism} from {path}")

    def upgrade(self):
        """Another parallelism takes over; where it does not, one job goes on, and why has to be said."""
        parallelism = self.another_parallelism()
        done = self.cluster.weir("upgrade", "-p", parallelism, self.job, *self.words(), check=False, timeout=240)
        upgraded = UPGRADED.search(done.stdout)
        if upgraded:
            self.job = upgraded.group(1)
            self.jobs.append(self.job)
            self.parallelism = parallelism
            self.done["upgrades"] += 1
            self.say(f"soak: upgraded to {self.job} at parallelism {parallelism}")
        else:
            last = done.stderr.splitlines()[-1] if done.stderr else ""
            assert last.startswith("weir: "), f"no reason for a failed upgrade: {done.stderr!r}"
            self.done["refused upgrades"] += 1
            self.say(f"soak: not upgraded: {last}")
            wait_for("one job goes on", lambda: len(self.running()) == 1 or self.state() in ENDED, 60)
            self.job = (self.running() or [self.job])[0]
            self.jobs.append(self.job)
        self.moved += 1
        for path in PATH.findall(done.stdout + done.stderr):
            self.keep(path)

    def running(self):
        return [one["jid"] for one in self.cluster.get("/joboverview")["running"]]

    def another_parallelism(self):
        return self.random.choice([p for p in (1, 2, 3, 4) if p != self.parallelism])

    def replace_job_manager(self, pause):
        """Kills it; the next one takes the job up, or its operator goes on with the latest checkpoint."""
        if self.state() in ENDED:
            return False
        self.cluster.jobmanager.kill()
        self.disturbances.pause(pause)
        self.cluster.start_jobmanager()
        self.resubmit() if not self.recovers else self.taken_up()
        return True

    def taken_up(self):
        wait_for("the next job manager has taken the job up", self.runs, 120)
        outcome = self.cluster.job(self.job).get("adoption", "")
        self.done["adopted" if outcome.startswith("adopted") else "taken up"] += 1
        self.say(f"soak: job manager killed, {outcome or 'no attempt to adopt'}")

    def runs(self):
        self.disturbances.undo(time.monotonic())
        return self.state() in ("RUNNING", *ENDED)

    def resubmit(self):
        wait_for("the task managers are back", lambda: self.slots_free() >= self.parallelism, 60)
        lost, self.job = self.job, self.submit("-s", self.latest_checkpoint(self.job))
        self.lost_jobs.append(lost)
        self.say(f"soak: job manager killed, {lost} goes on as {self.job}")

    def slots_free(self):
        self.disturbances.undo(time.monotonic())
        return self.cluster.overview()["slots-available"]

    def latest_checkpoint(self, job):
        found = [path.parent for path in (self.cluster.checkpoints / job).glob("chk-*/metadata")]
        assert found, f"job {job} left no checkpoint"
        return max(found, key=lambda path: int(path.name.split("-")[1]))

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

    def sample(self):
        """Descriptors and memory of daemons: what they had once they had settled is what they may have."""
        now = time.monotonic()
        for daemon in [self.cluster.jobmanager, *self.disturbances.living()]:
            try:
                status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
                descriptors = len(os.listdir(f"/proc/{daemon.pid}/fd"))
            except OSError:
                continue  # It has just been killed.
            megabytes = int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1)) // 1024
            begin, most_descriptors, most_megabytes = self.samples.get(daemon.pid, (now, 0, 0))
            if now - begin < SETTLED_SECONDS:
                most_descriptors = max(descriptors, most_descriptors)
                most_megabytes = max(megabytes, most_megabytes)
            self.samples[daemon.pid] = (begin, most_descriptors, most_megabytes)
            assert descriptors <= most_descriptors + GROWN_DESCRIPTORS, (
                f"{daemon.name} holds {descriptors} descriptors, {most_descriptors} after {SETTLED_SECONDS} s"
            )
            assert megabytes <= most_megabytes + GROWN_MEGABYTES, (
                f"{daemon.name} holds {megabytes} MB, {most_megabytes} after {SETTLED_SECONDS} s"
            )

    def finish(self):
        self.disturbances.undo()
        self.disturbances.undo_freezes()
        # Records since the last checkpoint before a fault are read again, a few seconds of them each.
        patience = 90 + self.count / (PARALLELISM * RATE)
        deadline = time.monotonic() + patience
        while self.state() != "FINISHED":
            self.check_state()
            self.sample()
            if time.monotonic() > deadline:
                raise AssertionError(f"the job is {self.state()} and has not finished within {patience:.0f} s")
            time.sleep(0.2)
        self.completed = self.cluster.completed_checkpoints(self.job)
        kept, self.paths = self.paths, []
        for path in kept:
            self.dispose(path)
        assert not self.paths, f"a job that has finished is in the way of disposals: {self.paths}"
        for job in self.lost_jobs:
            shutil.rmtree(self.cluster.checkpoints / job, ignore_errors=True)

    def check_counts(self):
        counted = {}
        for file in self.out.iterdir():
            for line in file.read_text().splitlines():
                key, count = map(int, line.split())
                assert self.moved or key not in counted, f"key {key} stands in two subtasks"
                counted[key] = max(count, counted.get(key, 0))
        wrong = []
        for key in range(self.keys):
            expected = len(range(key, self.count, self.keys))
            if counted.get(key) != expected:
                wrong.append(f"key {key}: {counted.get(key)} instead of {expected}")
        if wrong or len(counted) != self.keys:
            raise AssertionError(f"{len(wrong)} of {self.keys} counts are wrong: " + ", ".join(wrong[:10]))

    def check_text(self):
        """Every number stands on one line of one file, whole."""
        times = bytearray(self.count)
        torn = []
        for file in self.cluster.files(self.text):
            for line in file.read_text(errors="replace").splitlines():
                if line.isdigit() and int(line) < self.count and line == str(int(line)):
                    times[int(line)] = min(times[int(line)] + 1, 255)
                else:
                    torn.append(line)
        missing, twice = times.count(0), sum(1 for one in times if one > 1)
        if missing or twice or torn:
            raise AssertionError(f"text: {missing} of {self.count} numbers are missing, {twice} stand there more than "
                                 f"once, {len(torn)} lines are torn: {torn[:5]}")

    def check_nothing_is_left(self):
        cluster = self.cluster
        wait_for("no worker is left", lambda: not cluster.workers(), 30)
        wait_for("no process is left of killed task managers", lambda: not self.strays(), 30)
        wait_for("all slots are free", lambda: self.slots_free() == self.TASK_MANAGERS * SLOTS, 60)
        wait_for("no checkpoint file is left", lambda: not cluster.files(cluster.checkpoints), 30)
        wait_for("no savepoint file is left", lambda: not cluster.files(cluster.savepoints), 30)
        assert not cluster.files(self.folder / "exports"), "something of an export is left"
        cluster.weir("fsck", cluster.checkpoints)
        # A run in which every savepoint was refused never made the folder of savepoints.
        if cluster.savepoints.exists() or self.done["savepoints"]:
            cluster.weir("fsck", cluster.savepoints)
        if self.recovers:
            wait_for("nothing of its jobs is left in the journal", lambda: not self.stored(), 30)

    def stored(self):
        """Ids of the soak's jobs, which have all ended, that the journal still names."""
        journal = b"".join(path.read_bytes() for path in self.cluster.files(self.folder / "recovery"))
        return [job for job in self.jobs if bytes.fromhex(job) in journal]

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

    def summary(self, seconds):
        done = {name.replace("_", " "): number for name, number in self.disturbances.done.items()} | self.done
        parts = [f"{what} {number}" for what, number in done.items()]
        parts += [f"restarts {self.cluster.restarts(self.job)}", f"checkpoints {self.completed}", f"records {self.count}"]
        return f"soak: passed, --seed {self.seed}: " + ", ".join(parts) + f", {seconds:.0f} s"


def main():
    parser = argparse.ArgumentParser(prog="tests/soak/run.sh", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="heap", help="state.backend of the job")
    parser.add_argument("--recovery", action="store_true", help="with recovery.mode: filesystem")
    options = parser.parse_args()
    print(f"soak: {options.minutes:g} minutes with --seed {options.seed} --backend {options.backend}"
          f"{' --recovery' if options.recovery else ''}", flush=True)
    try:
        Soak(options.minutes * 60, options.seed, options.backend, recovers=options.recovery).run()
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
