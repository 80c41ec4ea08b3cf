"""The test kit and clusters: each goes on with the other's savepoints."""

import subprocess
import unittest

from cluster import Cluster
from jobs_build import build


class TestingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        jobs = build("tally", "tally_test")
        cls.program, cls.kit = jobs / "tally", jobs / "tally_test"
        cls.cluster = Cluster(task_managers=1, slots=4)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        cls.folder = cls.cluster.folder

    def in_kit(self, *arguments):
        done = subprocess.run([str(one) for one in (self.kit, *arguments)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def counts(self, directory):
        """Of each digit the largest: a subtask may also have kept what another one has counted on."""
        largest = {}
        for path in directory.iterdir():
            for digit, count in (map(int, line.split()) for line in path.read_text().splitlines()):
                largest[digit] = max(largest.get(digit, 0), count)
        return largest

    def test_a_cluster_goes_on_with_a_savepoint_of_the_kit(self):
        path = self.in_kit("savepoint", 2, 10_000, self.folder, self.folder / "never")
        self.cluster.weir("savepoint", "verify", path)
        out = self.folder / "of-cluster"
        done = self.cluster.weir("run", "-p", 3, "-s", path, self.program, 10_000, 0, out)
        self.assertIn("counts", done.stderr)
        self.assertEqual(self.counts(out), {digit: 1000 for digit in range(10)})

    def test_the_kit_goes_on_with_a_savepoint_of_a_cluster(self):
        job = self.cluster.run_detached(self.program, 10_000, 500, self.folder / "never", options=("-p", 2))
        self.cluster.wait_checkpoints(job, 2)
        path = self.cluster.savepoint(job, self.folder / "fixtures")
        self.cluster.weir("cancel", job)
        for parallelism in (1, 2, 3):
            with self.subTest(parallelism=parallelism):
                out = self.folder / f"of-kit-{parallelism}"
                self.in_kit("restore", parallelism, 10_000, path, out)
                self.assertEqual(self.counts(out), {digit: 1000 for digit in range(10)})


if __name__ == "__main__":
    unittest.main()
