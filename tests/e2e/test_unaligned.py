"""Checkpoints whose barriers overtake records: quick under back-pressure, and exact through failures and at any parallelism."""

import json
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from cluster import Cluster, wait_for
from jobs_build import build
from test_jobs import expected

COUNT = 600
KEYS = 20
SLOW = 20_000  # Microseconds for a record.
POINTS = ("unaligned.overtaken", "unaligned.replayed")


class UnalignedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting", "growing")

    def setUp(self):
        self.outside = pathlib.Path(tempfile.mkdtemp(prefix="weir-unaligned-"))
        self.addCleanup(shutil.rmtree, self.outside)

    def start(self, cluster, parallelism, *options, **flags):
        flags = {"count": COUNT, "keys": KEYS, "slow": SLOW, "interval": 300, "unaligned": "yes", "out": self.outside / "out", **flags}
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        return cluster.run_detached(self.jobs / "counting", *words, options=("-p", parallelism, *options))

    @staticmethod
    def completed(cluster, job):
        reports = (cluster.try_get(f"/jobs/{job}/checkpoints") or {}).get("all", [])
        return [one for one in reports if one["status"] == "COMPLETED"]

    def await_in_flight(self, cluster, job, timeout=60):
        """A completed checkpoint with records in it."""
        def found():
            return [one for one in self.completed(cluster, job) if one["in-flight-size"] > 0]
        return wait_for("a checkpoint with records in flight", found, timeout)[0]

    def left_by_a_crash(self, cluster, job):
        """The newest checkpoint of a job that nobody will end."""
        self.await_in_flight(cluster, job)
        for daemon in [cluster.jobmanager, *cluster.taskmanagers]:
            daemon.kill()
        cluster.taskmanagers.clear()
        cluster.start()
        whole = [path.parent for path in cluster.checkpoints.glob("*/chk-*/metadata")]
        newest = max(whole, key=lambda path: int(path.name.split("-")[1]))
        self.assertGreater(self.inspect(cluster, newest)["in-flight-size"], 0)
        return newest

    @staticmethod
    def inspect(cluster, path):
        return json.loads(cluster.weir("savepoint", "inspect", "--json", path).stdout)

    def assert_finishes_exactly(self, cluster, job):
        """What a subtask remembers goes to another at another parallelism, so several know a key."""
        cluster.wait_state(job, "FINISHED", timeout=120)
        counts = {}
        for file in (self.outside / "out").iterdir():
            for key, count in (line.split() for line in file.read_text().splitlines()):
                counts[key] = max(counts.get(key, 0), int(count))
        self.assertEqual(counts, expected(COUNT, KEYS))

    def test_under_back_pressure_a_checkpoint_is_done_within_a_second_where_an_aligned_one_waits_for_records(self):
        durations = {}
        with Cluster(task_managers=2, slots=2) as cluster:
            for unaligned, count in (("no", 1), ("yes", 3)):
                job = self.start(cluster, 2, count=10**9, slow=50_000, interval=1000, unaligned=unaligned)
                cluster.wait_checkpoints(job, count, timeout=120)
                durations[unaligned] = [one["duration"] for one in self.completed(cluster, job)]
                cluster.weir("cancel", job)
                cluster.wait_state(job, "CANCELED")
        self.assertLess(max(durations["yes"]), 1000, durations)
        self.assertGreater(max(durations["no"]), 2000, durations)

    def test_a_worker_that_is_killed_loses_no_record_in_flight_and_none_comes_twice(self):
        with Cluster(task_managers=2, slots=1) as cluster:
            job = self.start(cluster, 2)
            self.await_in_flight(cluster, job)
            before = cluster.restarts(job)
            os.kill(cluster.workers()[0], signal.SIGKILL)
            wait_for("restarted", lambda: cluster.restarts(job) > before)
            self.assert_finishes_exactly(cluster, job)

    def test_at_least_once_a_worker_that_is_killed_loses_no_record_though_some_may_come_twice(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            mode = ("-D", "execution.checkpointing.mode=AT_LEAST_ONCE")
            job = self.start(cluster, 4, *mode, unaligned="no", slow=0, rate=300, count=16_000)
            for _ in range(2):
                cluster.wait_checkpoints(job, cluster.completed_checkpoints(job) + 2)
                before = cluster.restarts(job)
                os.kill(cluster.workers()[0], signal.SIGKILL)
                wait_for("restarted", lambda: cluster.restarts(job) > before)
            cluster.wait_state(job, "FINISHED", timeout=120)
        counts = {}
        for file in (self.outside / "out").iterdir():
            for key, count in (line.split() for line in file.read_text().splitlines()):
                counts[key] = max(counts.get(key, 0), int(count))
        lost = {key: (counts.get(key), count) for key, count in expected(16_000, KEYS).items() if counts.get(key, 0) < count}
        self.assertEqual(lost, {})

    def test_a_checkpoint_restores_at_more_and_at_less_parallelism(self):
        for before, after in ((2, 4), (4, 1)):
            with self.subTest(before=before, after=after), Cluster(task_managers=2, slots=2) as cluster:
                shutil.rmtree(self.outside / "out", ignore_errors=True)
                path = self.left_by_a_crash(cluster, self.start(cluster, before))
                job = self.start(cluster, after, "-s", path, slow=0)
                self.assert_finishes_exactly(cluster, job)

    def test_records_in_flight_migrate_to_the_type_of_the_next_program_or_are_refused_before_it_starts(self):
        count = 400
        words = [count, SLOW, self.outside / "out"]
        with Cluster(task_managers=1, slots=3) as cluster:
            program = self.jobs / "growing"
            old = cluster.run_detached(program, "first", *words, options=("-p", 2))
            path = self.left_by_a_crash(cluster, old)
            for command in (("savepoint", "check", path), ("run", "-d", "-p", 2, "-s", path)):
                refused = cluster.weir(*command, program, "other", *words, check=False)
                said = refused.stdout + refused.stderr
                self.assertEqual(refused.returncode, 1, said)
                self.assertIn("records in flight from 'Records' to 'Slow' cannot be read", said)
                self.assertIn("struct{number: i32, note: string}", said)
                self.assertIn("struct{number: string}", said)
            jobs = cluster.get("/joboverview")
            self.assertEqual([job["state"] for job in jobs["finished"]], ["FAILED"])  # Refused; the other is forgotten.
            self.assertEqual(jobs["running"], [])
            self.assertNotIn("started worker", cluster.taskmanagers[-1].log.read_text())
            cluster.weir("savepoint", "check", path, program, "grown", *words)
            job = cluster.run_detached(program, "grown", count, 0, words[2], options=("-p", 3, "-s", path))
            cluster.wait_state(job, "FINISHED", timeout=120)
        files = [file for file in (self.outside / "out").iterdir() if not file.name.startswith(".")]
        lines = sorted(line for file in files for line in file.read_text().splitlines())
        self.assertEqual(lines, sorted(f"{number} noted 5" for number in range(count)))

    def test_an_upgrade_does_not_ask_for_the_edges_of_records_in_flight_as_its_savepoint_has_none(self):
        words = [20_000, 1000, self.outside / "out"]
        with Cluster(task_managers=1, slots=4) as cluster:
            program = self.jobs / "growing"
            job = cluster.run_detached(program, "first", *words, options=("-p", 2))
            self.await_in_flight(cluster, job)
            done = cluster.weir("upgrade", "-p", 2, job, program, "direct", *words)
            self.assertIn("was upgraded to job", done.stdout)

    def test_the_tools_know_what_is_in_flight_and_a_savepoint_has_none(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, 2, count=10**9, slow=5000)
            checkpoint = self.await_in_flight(cluster, job)
            self.assertTrue(checkpoint["unaligned"])
            self.assertIn("in flight", cluster.weir("checkpoints", job).stdout)
            self.assertIn("in flight", cluster.weir("checkpoints", job, checkpoint["id"]).stdout)
            savepoint = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            described = self.inspect(cluster, savepoint)
            self.assertEqual((described["in-flight-size"], described["format"]), (0, 1))
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.left_by_a_crash(cluster, self.start(cluster, 2, count=10**9, slow=5000))
            self.assertEqual(self.inspect(cluster, path)["format"], 2)
            self.assertIn("in flight", cluster.weir("savepoint", "inspect", path).stdout)
            cluster.weir("savepoint", "verify", path)
            cluster.weir("savepoint", "export", path, self.outside / "exported")
            cluster.weir("savepoint", "verify", self.outside / "exported")
            cluster.weir("savepoint", "diff", path, self.outside / "exported")
            damaged = max((self.outside / "exported").glob("*"), key=lambda file: file.stat().st_size if file.name != "metadata" else 0)
            content = bytearray(damaged.read_bytes())
            content[len(content) // 2] ^= 1
            damaged.write_bytes(content)
            self.assertNotEqual(cluster.weir("savepoint", "verify", self.outside / "exported", check=False).returncode, 0)

    def test_a_worker_that_dies_at_a_step_of_an_unaligned_checkpoint_or_its_restore_loses_nothing(self):
        for point in POINTS:
            with self.subTest(point=point), Cluster(task_managers=1, slots=2) as cluster:
                shutil.rmtree(self.outside / "out", ignore_errors=True)
                options = ()
                if point == "unaligned.replayed":
                    options = ("-s", self.left_by_a_crash(cluster, self.start(cluster, 2)))
                job = self.start(cluster, 2, *options, crash_at=point, marker=self.outside / point)
                wait_for(f"killed at {point}", lambda: cluster.restarts(job) > 0, timeout=60)
                self.assert_finishes_exactly(cluster, job)


if __name__ == "__main__":
    unittest.main()
