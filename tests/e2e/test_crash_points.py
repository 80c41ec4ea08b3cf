"""Savepoints, restores and disposals whose process is killed at each named point, and what is left then."""

import pathlib
import shutil
import tempfile
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

NONE_YET = ("savepoint.begun", "snapshot.acknowledged", "snapshot.marked", "snapshot.metadata", "savepoint.state", "savepoint.marked")
WHOLE = ("savepoint.entry", "snapshot.pointer", "savepoint.answer")
BEFORE_THE_ANSWER = ("restore.matched", "restore.savepoint-marked", "restore.marked")
WHILE_RESTORING = ("restore.deployed", "restore.checkpointed", "restore.savepoint-unmarked", "restore.unmarked")
WORKER = ("snapshot.state", "restore.loaded")
REMOVING = ("checkpoint.metadata", "checkpoint.file")
COUNT = 2000
KEYS = 100
HOUR = 3_600_000


class CrashPointTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting", "handles")

    def setUp(self):
        self.outside = pathlib.Path(tempfile.mkdtemp(prefix="weir-crash-"))
        self.addCleanup(shutil.rmtree, self.outside)

    def cluster(self, **conf):
        conf = {key.replace("_", "."): value for key, value in conf.items()}
        return Cluster(task_managers=1, slots=2, conf={"state.backend.fs.memory-threshold": 0, **conf})

    def restart_jobmanager(self, cluster, crash_at=None):
        """Another one in its place, without jobs."""
        cluster.restart_jobmanager(crash_at)
        wait_for("its slots are free", lambda: cluster.overview()["slots-available"] == 2, timeout=60)

    def start(self, cluster, *options, **flags):
        flags = {"count": 10**9, "rate": 1000, "interval": HOUR, **flags}
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        return cluster.run_detached(self.jobs / "counting", *words, options=("-p", 2, *options))

    def savepoints_in(self, cluster):
        return sorted(str(path.parent) for path in cluster.savepoints.glob("savepoint-*/metadata"))

    def assert_finishes_exactly(self, cluster, job, out):
        cluster.wait_state(job, "FINISHED")
        counts = dict(line.split() for file in out.iterdir() for line in file.read_text().splitlines())
        self.assertEqual(counts, {str(key): str(COUNT // KEYS) for key in range(KEYS)})

    def assert_repaired(self, cluster):
        """All that was cut short goes, and nothing is found after."""
        for folder in (cluster.savepoints, cluster.checkpoints):
            if folder.exists():
                cluster.weir("fsck", folder, "--repair", "--older-than", "0 s")
                self.assertIn(" 0 things found.", cluster.weir("fsck", folder).stdout)

    def assert_disposed(self, cluster, path):
        cluster.weir("savepoint", "-d", path)
        self.assert_repaired(cluster)
        self.assertEqual(cluster.files(cluster.savepoints), [])

    def test_a_savepoint_is_there_whole_or_not_at_all(self):
        for point in (*NONE_YET, *WHOLE):
            with self.subTest(point=point), self.cluster() as cluster:
                self.restart_jobmanager(cluster, crash_at=point)
                job = self.start(cluster)
                cluster.wait_running(job)
                failed = cluster.weir("savepoint", job, cluster.savepoints, check=False)
                self.assertEqual(failed.returncode, 1)
                self.assertEqual(len(failed.stderr.strip().splitlines()[-1:]), 1)
                cluster.wait_killed(point)
                self.restart_jobmanager(cluster)
                paths = self.savepoints_in(cluster)
                self.assertEqual(len(paths), 1 if point in WHOLE else 0)
                for path in paths:
                    cluster.weir("savepoint", "verify", path)
                    again = self.start(cluster, "-s", path)
                    cluster.wait_running(again)
                    cluster.weir("cancel", again)
                    cluster.weir("savepoint", "-d", path)
                self.assert_repaired(cluster)
                self.assertEqual(cluster.files(cluster.savepoints), [])
                left = sorted(str(path.parent) for path in cluster.checkpoints.glob("*/chk-*/metadata"))
                for path in left:  # State of a savepoint that was never there.
                    cluster.weir("savepoint", "verify", path)
                    cluster.weir("savepoint", "-d", path, "--force")
                self.assertEqual(cluster.files(cluster.checkpoints), [])

    def test_a_savepoint_with_its_program_is_not_there_until_it_is_whole(self):
        with self.cluster() as cluster:
            self.restart_jobmanager(cluster, crash_at="savepoint.program")
            job = cluster.run_detached(self.jobs / "handles", "--dir", self.outside, options=("-p", 2))
            cluster.wait_checkpoints(job, 1)
            self.assertEqual(cluster.weir("savepoint", job, cluster.savepoints, check=False).returncode, 1)
            cluster.wait_killed("savepoint.program")
            self.restart_jobmanager(cluster)
            self.assertEqual(self.savepoints_in(cluster), [])
            self.assert_repaired(cluster)
            self.assertEqual(cluster.files(cluster.savepoints), [])

    def test_a_restore_that_was_cut_short_is_repeated_and_holds_the_savepoint_no_longer(self):
        for point in (*BEFORE_THE_ANSWER, *WHILE_RESTORING):
            with self.subTest(point=point), self.cluster() as cluster:
                first = self.start(cluster)
                cluster.wait_running(first)
                path = cluster.savepoint(first, cluster.savepoints)
                cluster.weir("cancel", first)
                self.restart_jobmanager(cluster, crash_at=point)
                options = ("-p", 2, "-s", path)
                words = ("--count", COUNT, "--rate", 500, "--interval", 200)
                cluster.weir("run", "-d", *options, self.jobs / "counting", *words, check=False)
                cluster.wait_killed(point)
                self.restart_jobmanager(cluster)
                cluster.weir("savepoint", "verify", path)
                out = self.outside / point
                again = self.start(cluster, "-s", path, count=COUNT, rate=5000, interval=200, out=out)
                self.assert_finishes_exactly(cluster, again, out)
                self.assert_disposed(cluster, path)

    def test_a_worker_that_dies_while_it_stores_or_loads_loses_nothing(self):
        for point in WORKER:
            with self.subTest(point=point), self.cluster() as cluster:
                first = self.start(cluster)
                cluster.wait_running(first)
                path = cluster.savepoint(first, cluster.savepoints)
                cluster.weir("cancel", first)
                out, marker = self.outside / point, self.outside / f"{point}.once"
                job = self.start(
                    cluster, "-s", path, count=COUNT, rate=500, interval=200, out=out, crash_at=point, marker=marker
                )
                self.assert_finishes_exactly(cluster, job, out)
                self.assertTrue(marker.exists())
                self.assertGreater(cluster.restarts(job), 0)
                self.assert_disposed(cluster, path)

    def test_a_checkpoint_whose_removal_was_cut_short_is_no_loss(self):
        for point in REMOVING:
            with self.subTest(point=point), self.cluster() as cluster:
                self.restart_jobmanager(cluster, crash_at=point)
                self.start(cluster, interval=100)
                cluster.wait_killed(point)
                self.restart_jobmanager(cluster)
                self.assert_repaired(cluster)
                whole = [path.parent for path in cluster.checkpoints.glob("*/chk-*/metadata")]
                self.assertGreater(len(whole), 0)
                for path in whole:
                    cluster.weir("savepoint", "verify", path)

    def test_a_disposal_whose_handles_were_discarded_is_repeated(self):
        for point in ("disposal.handles", "disposal.noted"):
            with self.subTest(point=point):
                self.repeat_disposal(point)

    def repeat_disposal(self, point):
        with self.cluster() as cluster:
            job = cluster.run_detached(self.jobs / "handles", "--dir", self.outside, options=("-p", 2))
            cluster.wait_checkpoints(job, 1)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            self.restart_jobmanager(cluster, crash_at=point)
            self.assertEqual(cluster.weir("savepoint", "-d", path, check=False).returncode, 1)
            cluster.wait_killed(point)
            self.restart_jobmanager(cluster)
            self.assert_disposed(cluster, path)
            self.assertEqual(list(self.outside.glob("live-*")), [])


if __name__ == "__main__":
    unittest.main()
