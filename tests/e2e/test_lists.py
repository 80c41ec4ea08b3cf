"""List state on the job manager's memory, restored at another parallelism: every element comes back, once."""

import os
import signal
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

PARALLELISM = 40


class ListsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("lists")

    def cluster(self, **conf):
        return Cluster(
            task_managers=2,
            slots=21,
            conf={"state.backend": "jobmanager", "state.backend.fs.checkpointdir": None, **conf},
        )

    def arguments(self, cluster, elements, size):
        return [self.jobs / "lists", "--elements", elements, "--bytes", size,
                "--go", cluster.folder / "go", "--out", cluster.folder / "out"]

    def savepoint(self, cluster, *what):
        job = cluster.run_detached(*self.arguments(cluster, *what), options=("-p", PARALLELISM))
        cluster.wait_running(job)
        path = cluster.savepoint(job)
        cluster.weir("cancel", job)
        return path

    def finish(self, cluster, job, elements):
        (cluster.folder / "go").touch()
        cluster.wait_state(job, "FINISHED")
        lines = []
        for file in (cluster.folder / "out").iterdir():
            lines += file.read_text().split()
        self.assertEqual(sorted(map(int, lines)), list(range(PARALLELISM * elements)))
        self.assertEqual(cluster.overview()["taskmanagers"], 2)
        for daemon in cluster.taskmanagers:
            self.assertNotIn("lost the job manager", daemon.log.read_text())

    def rescale(self, elements, size, to=PARALLELISM + 1):
        with self.cluster() as cluster:
            path = self.savepoint(cluster, elements, size)
            job = cluster.run_detached(*self.arguments(cluster, elements, size), options=("-p", to, "-s", path))
            cluster.wait_running(job)
            self.finish(cluster, job, elements)

    def test_a_little_travels_inside_of_the_deployment(self):
        self.rescale(3, 2000)

    def test_sixty_kilobytes_a_subtask_are_spread_over_one_subtask_more(self):
        self.rescale(3, 20_000)

    def test_sections_that_are_blobs_themselves_are_spread_over_fewer(self):
        self.rescale(5, 60_000, to=13)

    def test_a_failed_attempt_is_restored_from_the_same_savepoint_again(self):
        with self.cluster() as cluster:
            path = self.savepoint(cluster, 3, 20_000)
            job = cluster.run_detached(
                *self.arguments(cluster, 3, 20_000), options=("-p", PARALLELISM + 1, "-s", path)
            )
            cluster.wait_running(job)
            for restart in range(1, 3):
                os.kill(cluster.workers()[0], signal.SIGKILL)
                wait_for("the job restarted", lambda: cluster.restarts(job) >= restart)
                cluster.wait_running(job)
            self.finish(cluster, job, 3)

    def test_a_deployment_that_is_too_large_fails_its_job_alone(self):
        with self.cluster(**{"jobmanager.max-deployment-size": "20 kb"}) as cluster:
            other = cluster.run_detached(*self.arguments(cluster, 1, 10), options=("-p", 1))
            cluster.wait_running(other)
            job = cluster.run_detached(*self.arguments(cluster, 1, 10), "--unused", "x" * 40_000, options=("-p", 2))
            wait_for("the job fails", lambda: cluster.job(job)["state"] == "FAILED")
            cause = cluster.get(f"/jobs/{job}/exceptions")["root-exception"]
            self.assertIn(f"of job {job} ('lists')", cause)
            self.assertIn("jobmanager.max-deployment-size", cause)
            self.assertEqual(cluster.job(other)["state"], "RUNNING")
            self.assertEqual(cluster.restarts(other), 0)


if __name__ == "__main__":
    unittest.main()
