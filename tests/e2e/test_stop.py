"""Jobs that stop: nothing is processed behind the savepoint, and whatever dies when, a job runs on or has stopped with it."""

import collections
import json
import re
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

COUNT = 2000
KEYS = 100
# Of the job manager: before the savepoint is what the job has stopped with, and from then on.
STILL_RUNNING = ("snapshot.acknowledged", "savepoint.entry")
STOPPED = ("stop.stored", "stop.finish")


class StopTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("committing", "counting")

    def cluster(self, **more):
        cluster = Cluster.keeping_jobs(self, task_managers=1, slots=3, **more)
        self.out = cluster.folder / "out"
        return cluster

    def start(self, cluster, *options, program="committing", **flags):
        if program == "committing":
            flags = {"dir": self.out / "dir", **flags}
        flags = {"text": self.out / "text", "count": COUNT, "rate": 200, "interval": 200, **flags}
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        return cluster.run_detached(self.jobs / program, *words, options=options)

    def begin_stop(self, cluster, job, *options):
        return cluster.begin_weir(self, "stop", *options, job)

    def path_in(self, told):
        match = re.search(r"^Savepoint completed\. Path: (\S+)$", told, re.M)
        self.assertTrue(match, told)
        return match.group(1)

    def stop(self, cluster, job, *options):
        """Where the savepoint is. The job is FINISHED when the command has ended."""
        done = cluster.weir("stop", *options, job)
        self.assertIn(f"Stopped job {job}.", done.stderr)
        self.assertEqual(cluster.job(job)["state"], "FINISHED")
        return self.path_in(done.stdout)

    def lines(self, folder):
        """How often each line is in the files that a reader would look at."""
        files = [path for path in folder.glob("*") if path.is_file() and not path.name.startswith(".")]
        return collections.Counter(line for path in files for line in path.read_text().splitlines())

    def assert_committed_alike(self):
        """Both sinks have committed the same records, each once: those in front of one barrier."""
        directory, text = self.lines(self.out / "dir"), self.lines(self.out / "text")
        self.assertEqual([line for line, times in directory.items() if times > 1], [])
        self.assertEqual(directory, text)
        self.assertGreater(len(directory), 0)
        self.assertLess(len(directory), COUNT)

    def assert_goes_on_exactly(self, cluster, path, parallelism=2):
        cluster.weir("savepoint", "verify", path)
        job = self.start(cluster, "-p", parallelism, "-s", path, rate=1000)
        cluster.wait_state(job, "FINISHED")
        for folder in (self.out / "dir", self.out / "text"):
            self.assertEqual(self.lines(folder), collections.Counter(map(str, range(COUNT))))

    def test_what_was_committed_is_what_the_savepoint_holds_and_the_rest_follows_from_it(self):
        with self.cluster() as cluster:
            job = self.start(cluster, "-p", 2)
            cluster.wait_checkpoints(job, 2)
            path = self.stop(cluster, job)
            self.assert_committed_alike()
            self.assert_goes_on_exactly(cluster, path, parallelism=3)
            again = cluster.weir("stop", job, check=False)
            self.assertEqual(again.returncode, 1)
            self.assertEqual(len(again.stderr.strip().splitlines()[-1:]), 1)

    def test_a_drained_job_gives_its_last_results_and_has_no_input_left(self):
        with self.cluster() as cluster:
            results = self.out / "counts"
            job = self.start(cluster, "-p", 2, program="counting", out=results, keys=KEYS)
            cluster.wait_checkpoints(job, 2)
            done = cluster.weir("stop", "--json", "--drain", "-p", cluster.savepoints, job)
            path = json.loads(done.stdout)["path"]
            self.assertTrue(path.startswith(f"file:{cluster.savepoints}/savepoint-"), path)
            self.assertIn("A job that starts from this savepoint has no input left.", done.stderr)
            self.assertEqual(cluster.job(job)["state"], "FINISHED")
            lines = self.lines(self.out / "text")
            self.assertLess(len(lines), COUNT)
            expected = collections.Counter(int(line) % KEYS for line in lines)
            counts = dict(line.split() for file in results.iterdir() for line in file.read_text().splitlines())
            self.assertEqual(counts, {str(key): str(times) for key, times in expected.items()})
            after = self.start(cluster, "-p", 2, "-s", path, program="counting", out=results, keys=KEYS)
            cluster.wait_state(after, "FINISHED")
            self.assertEqual(self.lines(self.out / "text"), lines)

    def test_a_job_that_takes_no_checkpoints_is_not_stopped(self):
        with self.cluster() as cluster:
            job = self.start(cluster, interval=0)
            cluster.wait_running(job)
            refused = cluster.weir("stop", job, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("checkpointing is disabled", refused.stderr)
            self.assertEqual(cluster.job(job)["state"], "RUNNING")
            cluster.weir("cancel", job)

    def test_a_job_has_stopped_though_its_job_manager_dies_once_that_is_stored(self):
        for point in STOPPED:
            with self.subTest(point=point), self.cluster() as cluster:
                cluster.restart_jobmanager(crash_at=point)
                job = self.start(cluster, "-p", 2)
                cluster.wait_checkpoints(job, 2)
                client = self.begin_stop(cluster, job)
                cluster.wait_killed(point)
                cluster.restart_jobmanager()
                told, said = client.communicate(timeout=90)
                self.assertEqual(client.returncode, 0, said)
                cluster.wait_state(job, "FINISHED")
                self.assert_committed_alike()
                self.assert_goes_on_exactly(cluster, self.path_in(told))

    def test_a_job_runs_on_or_has_stopped_when_its_job_manager_dies_before_that(self):
        for point in STILL_RUNNING:
            with self.subTest(point=point), self.cluster() as cluster:
                job = self.start(cluster, "-p", 2, interval=3_600_000)
                cluster.wait_running(job)
                cluster.restart_jobmanager(crash_at=point)
                cluster.wait_running(job)
                client = self.begin_stop(cluster, job)
                cluster.wait_killed(point)
                cluster.restart_jobmanager()
                told, said = client.communicate(timeout=90)
                if client.returncode == 0:  # The next job manager did what was asked for.
                    path = self.path_in(told)
                else:
                    self.assertEqual(len(said.strip().splitlines()[-1:]), 1)
                    cluster.wait_running(job)
                    path = self.stop(cluster, job)
                cluster.wait_state(job, "FINISHED")
                self.assert_committed_alike()
                self.assert_goes_on_exactly(cluster, path)

    def test_a_job_runs_on_when_a_worker_dies_before_the_savepoint_is_complete(self):
        with self.cluster() as cluster:
            marker = cluster.folder / "once"
            job = self.start(cluster, "-p", 2, crash_at="stop.halted", marker=marker)
            cluster.wait_checkpoints(job, 2)
            failed = cluster.weir("stop", job, check=False)
            self.assertEqual(failed.returncode, 1)
            self.assertIn(f"stop {job}", failed.stderr)
            wait_for("restarted", lambda: cluster.restarts(job) > 0)
            cluster.wait_running(job)
            path = self.stop(cluster, job)
            self.assert_committed_alike()
            self.assert_goes_on_exactly(cluster, path)

    def test_a_job_has_stopped_though_a_worker_dies_while_it_commits(self):
        for point in ("stop.committed", "transaction.committed"):
            with self.subTest(point=point), self.cluster() as cluster:
                marker = cluster.folder / "once"
                # Without checkpoints before it, the first commit is that of the stop.
                job = self.start(cluster, "-p", 2, interval=3_600_000, crash_at=point, marker=marker)
                cluster.wait_running(job)
                path = self.stop(cluster, job)
                self.assertGreater(cluster.restarts(job), 0)
                self.assert_committed_alike()
                self.assert_goes_on_exactly(cluster, path)


if __name__ == "__main__":
    unittest.main()
