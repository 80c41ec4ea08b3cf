"""Keyed state in RocksDB on real daemons: more than its cache holds, stored, restored into either backend, recovered."""

import os
import pathlib
import re
import shutil
import signal
import tempfile
import unittest

from cluster import Cluster, wait_for
from faults import Faults
from jobs_build import build
from test_jobs import expected

KEYS = 20_000
COUNT = 90_000
HEAP = ("-D", "state.backend=filesystem")
ROCKS = ("-D", "state.backend=rocksdb", "-D", "state.backend.rocksdb.cache-memory=64 kb")


def stores(cluster):
    """Directories of RocksDB below the temporary directories of task managers."""
    return [path.parent for path in cluster.folder.glob("tmp/**/weir-state-*/CURRENT")]


def last_counts(cluster):
    """key -> its last count; what a subtask remembers goes to another at another parallelism, so several know a key."""
    found = {}
    for file in (cluster.folder / "out").iterdir():
        for line in file.read_text().splitlines():
            key, count = line.split()
            found[key] = max(found.get(key, 0), int(count))
    return found


class RocksDbTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def start(self, cluster, backend, parallelism, *more, out="out", rate=10_000):
        job = cluster.run_detached(
            self.jobs / "counting",
            *("--count", COUNT, "--keys", KEYS, "--rate", rate, "--out", cluster.folder / out),
            options=(*backend, "-p", parallelism, *more),
        )
        cluster.wait_running(job)
        return job

    def end_with_savepoint(self, cluster, job):
        cluster.wait_checkpoints(job, 3)
        path = cluster.savepoint(job, cluster.savepoints)
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")
        return path

    def test_a_savepoint_restores_into_the_other_backend_both_ways_and_at_another_parallelism(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            job = self.start(cluster, ROCKS, 2, rate=4000)
            wait_for("state below the cache", lambda: len(stores(cluster)) == 2)
            first = self.end_with_savepoint(cluster, job)
            wait_for("nothing left", lambda: not stores(cluster))
            job = self.start(cluster, HEAP, 3, "-s", first, rate=3000)
            self.assertEqual(stores(cluster), [])
            second = self.end_with_savepoint(cluster, job)
            job = self.start(cluster, ROCKS, 3, "-s", second)
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
            self.assertEqual(cluster.weir("savepoint", "check", second, self.jobs / "counting", check=False).returncode, 0)
            wait_for("nothing left", lambda: not stores(cluster))

    def test_a_killed_worker_takes_its_files_along_and_the_job_goes_on_from_its_checkpoint(self):
        with Cluster(task_managers=2, slots=1) as cluster:
            job = self.start(cluster, ROCKS, 2)
            cluster.wait_checkpoints(job, 3)
            before = set(stores(cluster))
            self.assertTrue(before)
            os.kill(cluster.workers()[0], signal.SIGKILL)
            wait_for("a restart", lambda: cluster.restarts(job) == 1)
            wait_for("the killed one's files are gone", lambda: not before & set(stores(cluster)))
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
            wait_for("nothing left", lambda: not stores(cluster))

    def test_without_the_library_the_job_fails_for_good_and_says_what_to_install(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            missing = ("-D", "state.backend.rocksdb.library=libnot-there.so.1")
            done = cluster.weir("run", *ROCKS, *missing, "-p", 2, self.jobs / "counting", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("state.backend: rocksdb needs the library libnot-there.so.1", done.stderr)
            self.assertIn("install Debian's package librocksdb7.8", done.stderr)


SHARING = (*ROCKS, "-D", "state.backend.incremental=true")


class IncrementalTest(unittest.TestCase):
    """Periodic checkpoints that share tables."""

    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def start(self, cluster, backend, parallelism, *options, out="out", rate=4000, count=COUNT, **flags):
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        job = cluster.run_detached(
            self.jobs / "counting",
            *("--count", count, "--keys", KEYS, "--rate", rate, "--interval", 200, "--out", cluster.folder / out, *words),
            options=(*backend, "-p", parallelism, *options),
        )
        cluster.wait_running(job)
        return job

    @staticmethod
    def shared(cluster):
        return {path.name for path in cluster.checkpoints.glob("*/shared/*")}

    @staticmethod
    def newest(cluster):
        whole = [path.parent for path in cluster.checkpoints.glob("*/chk-*/metadata")]
        return max(whole, key=lambda path: int(path.name.split("-")[1]))

    def left_by_a_crash(self, cluster):
        """The newest checkpoint of a job that nobody will end."""
        job = self.start(cluster, SHARING, 2)
        wait_for("shared files", lambda: self.shared(cluster))
        cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 4)
        for daemon in [cluster.jobmanager, *cluster.taskmanagers]:
            daemon.kill()
        cluster.taskmanagers.clear()
        cluster.start()
        return self.newest(cluster)

    def test_files_are_shared_and_do_not_add_up(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, SHARING, 2, rate=2000)
            wait_for("shared files", lambda: self.shared(cluster))
            seen, most = [], 0
            while len(seen) < 12 or (not seen[0] - seen[-1] and len(seen) < 60):  # Tables are merged after each 16th.
                cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 1)
                seen.append(self.shared(cluster))
                most = max(most, len(seen[-1]))
            self.assertTrue(any(before & after for before, after in zip(seen, seen[2:])))
            self.assertTrue(seen[0] - seen[-1], "what no checkpoint needs goes")
            self.assertLess(most, 150)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            wait_for("only the savepoint is left", lambda: not self.shared(cluster))
            job = self.start(cluster, HEAP, 2, "-s", path, rate=50_000)
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))

    def test_a_checkpoint_restores_at_any_parallelism_on_any_backend_and_stays_whole(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            path = self.left_by_a_crash(cluster)
            copy = cluster.folder / "copy"
            cluster.weir("savepoint", "export", path, copy)
            for number, (backend, parallelism, source) in enumerate(
                ((SHARING, 2, path), (SHARING, 3, path), (HEAP, 2, path), (ROCKS, 3, copy))
            ):
                with self.subTest(backend=backend, parallelism=parallelism, source=source):
                    job = self.start(cluster, backend, parallelism, "-s", source, rate=50_000, out=f"out{number}")
                    cluster.wait_state(job, "FINISHED")
                    found = {}
                    for file in (cluster.folder / f"out{number}").iterdir():
                        for line in file.read_text().splitlines():
                            key, count = line.split()
                            found[key] = max(found.get(key, 0), int(count))
                    self.assertEqual(found, expected(COUNT, KEYS))
                    cluster.weir("savepoint", "verify", path)
            cluster.weir("savepoint", "verify", copy)
            cluster.weir("savepoint", "inspect", path)
            cluster.weir("fsck", cluster.checkpoints, "--repair", "--older-than", "0 s")
            self.assertIn(" 0 things found.", cluster.weir("fsck", cluster.checkpoints).stdout)
            cluster.weir("savepoint", "verify", path)
            victim = next(iter(cluster.checkpoints.glob("*/shared/*")))
            bytes_before = victim.read_bytes()
            victim.write_bytes(bytes_before[:-1] + bytes([bytes_before[-1] ^ 1]))
            damaged = cluster.weir("savepoint", "verify", path, check=False)
            self.assertNotEqual(damaged.returncode, 0)
            self.assertIn(victim.name, damaged.stdout + damaged.stderr)

    def test_a_killed_worker_and_task_manager_lose_nothing_and_leave_nothing(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            job = self.start(cluster, SHARING, 2, rate=10_000)
            wait_for("shared files", lambda: self.shared(cluster))
            os.kill(cluster.workers()[0], signal.SIGKILL)
            wait_for("a restart", lambda: cluster.restarts(job) == 1)
            cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 2)
            cluster.taskmanagers[0].kill()
            cluster.wait_state(job, "FINISHED", timeout=120)
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
            wait_for("nothing is left", lambda: not list(cluster.checkpoints.glob("*/*")))

    def test_a_killed_job_manager_counts_on(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-incremental-"))
        self.addCleanup(shutil.rmtree, folder)
        conf = {"recovery.mode": "filesystem", "recovery.filesystem.dir": folder / "ha"}
        with Cluster(folder=folder, task_managers=1, slots=2, conf=conf) as cluster:
            job = self.start(cluster, SHARING, 2)
            wait_for("shared files", lambda: self.shared(cluster))
            cluster.jobmanager.kill()
            cluster.start_jobmanager()
            cluster.wait_running(job)
            before = self.shared(cluster)
            wait_for("what the dead one left goes", lambda: not before & self.shared(cluster), timeout=60)
            cluster.wait_state(job, "FINISHED", timeout=120)
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
            wait_for("nothing is left", lambda: not list(cluster.checkpoints.glob("*/*")))

    def test_a_worker_that_dies_while_it_shares_loses_nothing(self):
        for point in ("tables.settled", "tables.linked", "snapshot.shared"):
            with self.subTest(point=point), Cluster(task_managers=1, slots=2) as cluster:
                marker = cluster.folder / "once"
                job = self.start(cluster, SHARING, 2, rate=10_000, crash_at=point, marker=marker)
                cluster.wait_state(job, "FINISHED", timeout=120)
                self.assertTrue(marker.exists())
                self.assertGreater(cluster.restarts(job), 0)
                self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
                wait_for("nothing is left", lambda: not list(cluster.checkpoints.glob("*/*")))

    def test_removals_that_are_cut_short_leave_what_fsck_finds(self):
        with Cluster(task_managers=1, slots=2, daemon_env={"WEIR_CRASH_AT": "checkpoint.shared"}) as cluster:
            self.start(cluster, SHARING, 2)
            wait_for("killed", lambda: cluster.jobmanager.process.poll() is not None, timeout=60)
            cluster.daemon_env = {"WEIR_CRASH_AT": "disposal.shared"}
            for daemon in cluster.taskmanagers:
                daemon.kill()
            cluster.taskmanagers.clear()
            cluster.start()
            path = self.newest(cluster)
            cluster.weir("savepoint", "verify", path)
            cluster.weir("savepoint", "export", path, cluster.folder / "copy", check=False, env={"WEIR_CRASH_AT": "export.tables"})
            self.assertFalse((cluster.folder / "copy").exists())
            cluster.weir("savepoint", "-d", path, "--force", check=False)
            wait_for("killed", lambda: cluster.jobmanager.process.poll() is not None)
            cluster.daemon_env = {}
            cluster.start_jobmanager()
            cluster.weir("fsck", cluster.checkpoints, "--repair", "--older-than", "0 s")
            self.assertIn(" 0 things found.", cluster.weir("fsck", cluster.checkpoints).stdout)
            self.assertEqual(self.shared(cluster), set())


if __name__ == "__main__":
    unittest.main()


class FullDiskTest(unittest.TestCase):
    """A disk on which state has no more room."""

    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def test_fails_the_checkpoint_and_then_the_task_and_loses_nothing(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-full-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        faults = Faults(folder)
        with Cluster(task_managers=1, slots=2, daemon_env=faults.environment()) as cluster:
            job = cluster.run_detached(
                self.jobs / "counting",
                *("--count", COUNT, "--keys", KEYS, "--rate", 4000, "--interval", 200, "--out", cluster.folder / "out"),
                options=(*SHARING, "-p", 2, "-D", "execution.checkpointing.tolerable-failed-checkpoints=1000"),
            )
            cluster.wait_checkpoints(job, 2)
            full = wait_for("stores", lambda: stores(cluster))
            faults.set(full=full)
            wait_for("a restart", lambda: cluster.restarts(job) > 0)
            where = r"RocksDB in \S+/weir-state-\w+, where the disk has \d+ bytes left: .*No space left on device"
            checkpoints = re.sub(r"\s+", " ", cluster.weir("checkpoints", job).stdout)
            self.assertRegex(checkpoints, "failed: declined by task Count .*could not write the files of " + where)
            self.assertRegex(cluster.get(f"/jobs/{job}/exceptions")["root-exception"], "'Count'.* could not write to " + where)
            self.assertIn("set taskmanager.tmp.dirs to a larger disk", checkpoints)
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(last_counts(cluster), expected(COUNT, KEYS))
