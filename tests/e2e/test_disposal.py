"""Disposals on real daemons: what is in use elsewhere, paths that are no savepoints, files that hang."""

import os
import shutil
import tempfile
import time
import unittest

from cluster import ROOT, Cluster
from faults import Faults
from jobs_build import build

GOLDEN = ROOT / "tests" / "golden"


class DisposalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def start_counting(self, cluster, interval):
        job = cluster.run_detached(
            self.jobs / "counting", "--count", 10**9, "--rate", 1000, "--interval", interval, options=("-p", 2)
        )
        cluster.wait_running(job)
        return job

    def test_no_other_cluster_disposes_what_a_job_would_recover_from(self):
        with Cluster(task_managers=1, slots=2) as first, Cluster(task_managers=0) as second:
            job = self.start_counting(first, 3_600_000)  # Its savepoint stays the latest.
            path = first.savepoint(job, first.savepoints)
            before = first.files(first.savepoints) + first.files(first.checkpoints)
            refused = second.weir("savepoint", "-d", path, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(job, refused.stderr)
            self.assertEqual(first.files(first.savepoints) + first.files(first.checkpoints), before)
            first.weir("cancel", job)
            first.wait_state(job, "CANCELED")
            second.weir("savepoint", "-d", path)
            self.assertEqual(first.files(first.savepoints) + first.files(first.checkpoints), [])

    def test_the_mark_of_a_killed_job_manager_holds_nothing(self):
        with Cluster(task_managers=1, slots=2) as first, Cluster(task_managers=0) as second:
            job = self.start_counting(first, 3_600_000)
            path = first.savepoint(job, first.savepoints)
            first.jobmanager.kill()
            second.weir("savepoint", "-d", path)
            self.assertEqual(first.files(first.savepoints), [])

    def test_while_the_job_manager_of_jobs_that_outlive_it_is_away_its_marks_hold(self):
        with Cluster.keeping_jobs(self, task_managers=1, slots=2) as first, Cluster(task_managers=0) as second:
            job = self.start_counting(first, 3_600_000)
            path = first.savepoint(job, first.savepoints)
            first.jobmanager.kill()
            refused = second.weir("savepoint", "-d", path, check=False)
            self.assertEqual(refused.returncode, 1, refused.stdout)
            self.assertIn(job, refused.stderr)
            self.assertIn("--force", refused.stderr)
            found = second.weir("fsck", first.savepoints, check=False)
            self.assertNotIn("stale", found.stdout)
            first.restart_jobmanager()
            first.wait_running(job)
            first.weir("cancel", job)
            first.wait_state(job, "CANCELED")
            second.weir("savepoint", "-d", path)
            self.assertEqual(first.files(first.savepoints), [])

    def test_copies_of_snapshots_of_every_version_go_whole(self):
        with Cluster(task_managers=0) as cluster:
            for snapshot in GOLDEN.glob("*/*"):
                if snapshot.name in ("savepoint", "checkpoint"):
                    with self.subTest(snapshot=snapshot):
                        copy = cluster.folder / f"{snapshot.parent.name}-{snapshot.name}"
                        shutil.copytree(snapshot, copy)
                        cluster.weir("savepoint", "-d", copy)
                        self.assertFalse(copy.exists())

    def test_a_pipe_holds_up_nobody(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster, 100)
            folder = cluster.folder / "savepoint-pipe"
            folder.mkdir()
            os.mkfifo(folder / "metadata")
            started = time.monotonic()
            for command in (
                ("savepoint", "-d", folder),
                ("run", "-d", "-s", folder, self.jobs / "counting", "--count", 10, "--rate", 10),
            ):
                refused = cluster.weir(*command, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn("is no regular file", refused.stderr)
            self.assertLess(time.monotonic() - started, 15)
            self.assertTrue((folder / "metadata").exists())
            cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 2)
            cluster.weir("cancel", job)

    def test_a_file_system_that_hangs_keeps_neither_jobs_nor_the_job_manager_from_their_end(self):
        with tempfile.TemporaryDirectory(prefix="weir-e2e-") as folder:
            faults = Faults(folder)
            conf = {"jobmanager.files.timeout": "1 s"}
            with Cluster(0, 2, folder=folder, daemon_env=faults.environment(), conf=conf) as cluster:
                cluster.daemon_env = {}  # Only the job manager's operations hang.
                cluster.start_taskmanager()
                job = self.start_counting(cluster, 100)
                cluster.wait_checkpoints(job, 2)
                faults.set(fsync_millis=3_600_000)
                given_up = cluster.weir("savepoint", job, cluster.savepoints, check=False)
                self.assertEqual(given_up.returncode, 1)
                self.assertIn("hangs, and was given up after 1 s", given_up.stderr)
                cluster.weir("cancel", job)
                cluster.wait_state(job, "CANCELED", 20)
                self.assertEqual(cluster.jobmanager.stop(timeout=20), 0)


if __name__ == "__main__":
    unittest.main()
