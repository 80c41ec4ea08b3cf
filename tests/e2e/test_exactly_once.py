"""What sinks commit to the outside: each record once, whatever dies when, also right after a savepoint or a restore."""

import collections
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from cluster import Cluster, files_below, wait_for
from jobs_build import build

TRANSACTION = ("transaction.prepared", "transaction.begun", "transaction.committed", "transaction.aborted")
PARTS = ("commit.named",)
TEXT = ("commit.sealed", "commit.copied", "commit.appended", "commit.removed")
COUNT = 2000
HOUR = 3_600_000


class ExactlyOnceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("committing")

    def setUp(self):
        self.outside = pathlib.Path(tempfile.mkdtemp(prefix="weir-once-"))
        self.addCleanup(shutil.rmtree, self.outside)

    def start(self, cluster, out, *options, **flags):
        flags = {"dir": out / "dir", "text": out / "text", "buckets": out / "buckets", "count": COUNT, "rate": 1000, **flags}
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        return cluster.run_detached(self.jobs / "committing", *words, options=options)

    def committed(self, out):
        """How often each number is in the files of each sink that a reader would look at."""
        counts = []
        for folder in (out / "dir", out / "text", out / "buckets"):
            files = files_below(folder, hidden=False)
            counts.append(collections.Counter(line for path in files for line in path.read_text().splitlines()))
        return counts

    def assert_none_twice(self, out):
        for counts in self.committed(out):
            self.assertEqual([line for line, times in counts.items() if times > 1], [])

    def assert_all_once(self, out):
        for counts in self.committed(out):
            self.assertEqual(counts, collections.Counter(map(str, range(COUNT))))

    def assert_nothing_else(self, out):
        self.assertEqual([str(path) for path in out.rglob(".*")], [])

    def kill_worker(self, cluster, job):
        restarts = cluster.restarts(job)
        os.kill(cluster.workers()[0], signal.SIGKILL)
        wait_for("restarted", lambda: cluster.restarts(job) > restarts)

    def test_a_worker_that_dies_at_a_step_of_a_commit_after_a_rescaling_restore(self):
        with Cluster(task_managers=1, slots=3) as cluster:
            for number, point in enumerate((*TRANSACTION, *TEXT, *PARTS)):
                with self.subTest(point=point):
                    out = self.outside / point
                    first = self.start(cluster, out, "-p", 2, interval=HOUR, rate=200)
                    cluster.wait_running(first)
                    path = cluster.savepoint(first, cluster.savepoints)
                    cluster.weir("cancel", first)
                    cluster.wait_state(first, "CANCELED")
                    self.assert_none_twice(out)
                    wide = 3 if number % 2 else 1
                    marker = self.outside / f"{point}.once"
                    job = self.start(cluster, out, "-p", wide, "-s", path, crash_at=point, marker=marker)
                    wait_for("was killed", lambda: cluster.restarts(job) > 0, timeout=60)
                    self.assert_none_twice(out)
                    cluster.wait_state(job, "FINISHED")
                    self.assertTrue(marker.exists())
                    self.assert_all_once(out)

    def test_a_failure_right_after_a_savepoint_and_after_a_restore(self):
        with Cluster(task_managers=1, slots=3) as cluster:
            job = self.start(cluster, self.outside, "-p", 2, interval=HOUR, rate=200)
            cluster.wait_running(job)
            path = cluster.savepoint(job, cluster.savepoints)
            self.kill_worker(cluster, job)
            cluster.wait_running(job)
            self.assert_none_twice(self.outside)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            again = self.start(cluster, self.outside, "-p", 3, "-s", path, interval=HOUR, rate=500)
            cluster.wait_running(again)
            self.kill_worker(cluster, again)
            cluster.wait_state(again, "FINISHED")
            self.assert_all_once(self.outside)

    def test_through_worker_kills_between_checkpoints(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, self.outside, "-p", 2, interval=100, rate=200)
            for _ in range(3):
                cluster.wait_running(job)
                cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 2)
                self.kill_worker(cluster, job)
                self.assert_none_twice(self.outside)
            cluster.wait_state(job, "FINISHED")
            self.assert_all_once(self.outside)

    def test_files_of_buckets_are_small_whole_and_where_they_belong(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, self.outside, "-p", 2, interval=HOUR)
            cluster.wait_state(job, "FINISHED")
        for path in (self.outside / "buckets").rglob("part-*"):
            lines = path.read_text().splitlines()
            rest = 0 if path.parent.name == "buckets" else int(path.parent.name)
            self.assertEqual({int(line) % 3 for line in lines}, {rest}, path)
            self.assertTrue(path.name.startswith(f"part-{job}-"), path)
            self.assertLess(path.stat().st_size, 200 + 5, path)

    def test_a_bounded_job_commits_everything_and_leaves_nothing_else(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            for interval in (0, HOUR, 100):
                with self.subTest(interval=interval):
                    out = self.outside / str(interval)
                    job = self.start(cluster, out, "-p", 2, interval=interval)
                    cluster.wait_state(job, "FINISHED")
                    self.assert_all_once(out)
                    self.assert_nothing_else(out)


if __name__ == "__main__":
    unittest.main()
