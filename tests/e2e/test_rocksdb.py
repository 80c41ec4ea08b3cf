"""Keyed state in RocksDB on real daemons: more than its cache holds, stored, restored into either backend, recovered."""

import os
import signal
import unittest

from cluster import Cluster, wait_for
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
        cls.jobs = build()

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


if __name__ == "__main__":
    unittest.main()
