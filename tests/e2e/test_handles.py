"""State handles of users' own making: discarded exactly once, by a worker process of their program."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from cluster import Cluster, wait_for
from jobs_build import build


class HandlesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def setUp(self):
        self.outside = pathlib.Path(tempfile.mkdtemp(prefix="weir-handles-"))
        self.addCleanup(shutil.rmtree, self.outside)

    def start(self, cluster, *more):
        job = cluster.run_detached(self.jobs / "handles", "--dir", self.outside, *more, options=("-p", 2))
        cluster.wait_checkpoints(job, 3)
        return job

    def cancel(self, cluster, job):
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")

    def live(self):
        self.assertFalse((self.outside / "twice").exists(), "a handle was discarded twice")
        return sorted(file.name for file in self.outside.glob("live-*"))

    def gone(self):
        return sorted(file.name for file in self.outside.glob("gone-*"))

    def test_a_job_discards_the_handles_of_its_checkpoints_and_ends_without_any(self):
        for settings in ({}, {"state.backend": "jobmanager"}):
            with self.subTest(settings=settings), Cluster(task_managers=2, slots=1, conf=settings) as cluster:
                job = self.start(cluster)
                wait_for("discarded handles", lambda: len(self.gone()) >= 6)
                self.assertLessEqual(len(self.live()), 12)
                self.cancel(cluster, job)
                self.assertEqual(self.live(), [])

    def test_a_savepoint_keeps_its_handles_and_its_program_disposes_them_in_another_cluster(self):
        with Cluster(task_managers=1, slots=2) as first:
            job = self.start(first)
            path = first.savepoint(job, first.savepoints)
            self.cancel(first, job)
            kept = self.live()
            self.assertEqual(len(kept), 2)
            for daemon in [*first.taskmanagers, first.jobmanager]:
                daemon.stop()
            with Cluster(task_managers=1, slots=1) as second:
                second.weir("savepoint", "-d", path)
                self.assertEqual(self.live(), [])
                self.assertEqual(first.files(first.savepoints) + first.files(first.checkpoints), [])

    def test_a_restored_job_goes_on_with_its_handles_and_disposal_waits_for_nothing(self):
        with Cluster(task_managers=1, slots=2, conf={"state.backend": "jobmanager"}) as cluster:
            job = self.start(cluster)
            path = cluster.savepoint(job, cluster.savepoints)
            wait_for("newer checkpoints", lambda: len(self.gone()) > 20)
            self.cancel(cluster, job)
            self.assertEqual(len(self.live()), 2)
            again = cluster.run_detached(
                self.jobs / "handles", "--dir", self.outside, options=("-p", 2, "-s", path)
            )
            cluster.wait_checkpoints(again, 2)
            cluster.weir("savepoint", "-d", path)
            self.cancel(cluster, again)
            self.assertEqual(self.live(), [])

    def test_without_a_program_nothing_is_deleted_and_with_one_everything(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster)
            path = cluster.savepoint(job, cluster.savepoints)
            self.cancel(cluster, job)
            shutil.rmtree(pathlib.Path(path.removeprefix("file:")) / "program")
            files = cluster.files(cluster.savepoints) + cluster.files(cluster.checkpoints)
            refused = cluster.weir("savepoint", "-d", path, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("'Keeper'", refused.stderr)
            self.assertIn("weir savepoint -d PATH PROGRAM", refused.stderr)
            other = cluster.weir("savepoint", "-d", path, self.jobs / "counting", check=False)
            self.assertEqual(other.returncode, 1)
            self.assertIn("has no operator with id", other.stderr)
            self.assertEqual(cluster.files(cluster.savepoints) + cluster.files(cluster.checkpoints), files)
            self.assertEqual(len(self.live()), 2)
            cluster.weir("savepoint", "-d", path, self.jobs / "handles")
            self.assertEqual(self.live(), [])
            self.assertEqual(cluster.files(cluster.savepoints) + cluster.files(cluster.checkpoints), [])

    def test_heap_savepoints_go_with_their_handles_when_disposed_or_when_the_job_manager_stops(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster)
            first = cluster.savepoint(job)
            cluster.savepoint(job)
            self.cancel(cluster, job)
            self.assertEqual(len(self.live()), 4)
            cluster.weir("savepoint", "-d", first)
            self.assertEqual(len(self.live()), 2)
            self.assertEqual(cluster.jobmanager.stop(), 0)
            self.assertEqual(self.live(), [])

    def test_what_discarding_throws_is_told_and_the_savepoint_goes_all_the_same(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, "--trouble", "throw")
            path = cluster.savepoint(job)
            self.cancel(cluster, job)
            done = cluster.weir("savepoint", "-d", path)
            self.assertIn("'Keeper' (1/2)", done.stderr)
            self.assertIn("cannot discard on purpose", done.stderr)
            self.assertEqual(cluster.weir("savepoint", "list").stdout, "No savepoints.\n")

    def test_a_discard_that_crashes_is_told_and_the_other_handles_are_discarded(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, "--trouble", "crash")
            path = cluster.savepoint(job)
            self.cancel(cluster, job)
            done = cluster.weir("savepoint", "-d", path)
            self.assertIn("SIGABRT", done.stderr)
            self.assertFalse((self.outside / "twice").exists())

    def test_no_handle_is_discarded_twice_when_workers_and_task_managers_are_killed(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            job = self.start(cluster)
            for _ in range(6):
                seen = len(self.gone())
                for worker in cluster.workers():
                    try:
                        os.kill(worker, signal.SIGKILL)
                    except ProcessLookupError:
                        pass  # A worker that discards ends by itself.
                cluster.wait_running(job)
                wait_for("more discarded handles", lambda seen=seen: len(self.gone()) > seen + 2)
            cluster.taskmanagers[0].kill()
            seen = len(self.gone())
            wait_for("more discarded handles", lambda: len(self.gone()) > seen + 4, timeout=60)
            self.cancel(cluster, job)
            self.live()

    def test_a_program_started_by_hand_discards_its_handles_itself(self):
        done = subprocess.run(
            [self.jobs / "handles", "--dir", self.outside, "--bounded", "yes"], capture_output=True, text=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.live(), [])
        self.assertGreater(len(self.gone()), 2)


if __name__ == "__main__":
    unittest.main()
