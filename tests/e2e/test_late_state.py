"""State that one version of a job declares and another asks for in open()."""

import unittest

from cluster import Cluster
from jobs_build import build

COUNT = 3000


class LateStateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.job = build() / "late"

    def savepoint(self, cluster, version, options=("-p", 2)):
        job = cluster.run_detached(self.job, version, 10**6, cluster.folder / "before", options=options)
        cluster.wait_checkpoints(job, 2)
        done = cluster.weir("savepoint", job, cluster.savepoints)
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")
        self.assertIn("has state and no uid", done.stderr)  # The source.
        self.assertNotIn("'Lines' has state and no uid", done.stderr)
        return done.stdout.split("Path: ")[1].split()[0]

    def restored(self, cluster, path, version, *options, **more):
        return cluster.weir(
            "run", "-s", path, *options, self.job, version, COUNT, cluster.folder / "after", **more
        )

    def last_lines(self, folder):
        files = folder.iterdir() if folder.is_dir() else [folder]
        last = {}
        for file in files:
            for line in file.read_text().splitlines():
                key, count, values = map(int, line.split())
                last[key] = max(last.get(key, (0, 0)), (count, values))
        return last

    def test_state_goes_from_early_to_late_and_back_at_any_parallelism(self):
        everything = {key: (COUNT // 10, COUNT // 10) for key in range(10)}
        with Cluster(task_managers=1, slots=3) as cluster:
            for before, after in (("early", "late"), ("late", "early")):
                path = self.savepoint(cluster, before)
                for parallelism in (2, 3):
                    with self.subTest(before=before, parallelism=parallelism):
                        done = self.restored(cluster, path, after, "-p", parallelism)
                        self.assertIn("2 states", done.stderr)
                        self.assertEqual(self.last_lines(cluster.folder / "after"), everything)

    def test_late_state_that_does_not_fit_or_that_nobody_asks_for_fails_the_job_for_good(self):
        with Cluster(task_managers=1, slots=3) as cluster:
            path = self.savepoint(cluster, "early")
            for version, sentence in (
                ("text", "state 'seen' does not fit"),
                ("map", "state 'last' is list state in the snapshot and map state now"),
                ("forgets", "neither declares nor, in open(), asks for state 'last'"),
            ):
                for parallelism in (2, 3):
                    with self.subTest(version=version, parallelism=parallelism):
                        done = self.restored(cluster, path, version, "-p", parallelism, check=False)
                        self.assertEqual(done.returncode, 1)
                        self.assertIn(sentence, done.stderr)
                        self.assertNotIn("RESTARTING", done.stderr)
            for options in (("-n",), ("--drop", "lines/last")):
                with self.subTest(options=options):
                    done = self.restored(cluster, path, "forgets", "-p", 2, *options)
                    self.assertIn("'last'", done.stderr.split("Dropped:")[1])
            self.restored(cluster, path, "late", "-p", 2)  # Nothing of it went.
            self.assertEqual(self.last_lines(cluster.folder / "after")[0], (COUNT // 10, COUNT // 10))


if __name__ == "__main__":
    unittest.main()
