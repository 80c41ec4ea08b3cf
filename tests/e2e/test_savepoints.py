"""Savepoints on real daemons: triggered, kept, restored in another cluster, refused, disposed."""

import json
import pathlib
import unittest

from cluster import Cluster, wait_for
from jobs_build import build
from test_jobs import counts_in, expected


class SavepointsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def start_counting(self, cluster, *more, options=("-p", 2), count=6000):
        job = cluster.run_detached(
            self.jobs / "counting", "--count", count, "--rate", 1500, *more, options=options
        )
        cluster.wait_checkpoints(job, 2)
        return job

    def savepoint_of_cancelled_job(self, cluster, *more):
        job = self.start_counting(cluster, *more)
        path = cluster.savepoint(job, cluster.savepoints)
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")
        return path

    def test_restores_exactly_in_another_cluster_and_disposal_removes_every_file(self):
        with Cluster(task_managers=2, slots=1) as first:
            job = self.start_counting(first)
            path = first.savepoint(job, first.savepoints)
            self.assertRegex(path, rf"^file:{first.savepoints}/savepoint-[0-9a-f]{{12}}$")
            first.weir("cancel", job)
            first.wait_state(job, "CANCELED")
            for daemon in [*first.taskmanagers, first.jobmanager]:
                daemon.stop()
            out = first.folder / "out"
            with Cluster(task_managers=1, slots=2) as second:
                done = second.weir(
                    "run", "-p", 2, "-s", path, self.jobs / "counting", "--count", 6000, "--rate", 1500, "--out", out
                )
                self.assertIn("Count", done.stderr)
                self.assertEqual(counts_in(out), expected(6000, 100))
                second.weir("savepoint", "-d", path)
                self.assertEqual(first.files(first.savepoints) + first.files(first.checkpoints), [])
                again = second.weir("savepoint", "-d", path, check=False)
                self.assertEqual(again.returncode, 1)

    def test_heap_savepoints_outlive_their_job_but_not_the_job_manager(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job)
            self.assertEqual(path, "jobmanager://savepoints/1")
            self.assertEqual(cluster.savepoint(job), "jobmanager://savepoints/2")
            self.assertEqual(len(json.loads(cluster.weir("savepoint", "list", "--json").stdout)["savepoints"]), 2)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            out = cluster.folder / "out"
            cluster.weir(
                "run", "-p", 2, "-s", path, self.jobs / "counting", "--count", 6000, "--rate", 1500, "--out", out
            )
            self.assertEqual(counts_in(out), expected(6000, 100))
            self.assertEqual(
                cluster.weir("savepoint", "-d", path).stdout, f"Savepoint '{path}' disposed.\n"
            )

    def test_checkpoints_on_the_job_manager_and_savepoints_in_files_work(self):
        with Cluster(task_managers=1, slots=2, conf={"state.backend": "jobmanager"}) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            cluster.jobmanager.stop()
            cluster.start_jobmanager()
            wait_for("registered again", lambda: cluster.overview()["slots-available"] == 2)
            out = cluster.folder / "out"
            cluster.weir(
                "run", "-p", 2, "-s", path, self.jobs / "counting", "--count", 6000, "--rate", 1500, "--out", out
            )
            self.assertEqual(counts_in(out), expected(6000, 100))

    def test_a_changed_function_goes_on_with_the_old_state(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            done = cluster.weir("cancel", "-s", cluster.savepoints, job)
            path = done.stdout.split("Path: ")[1].split()[0]
            cluster.wait_state(job, "CANCELED")
            out = cluster.folder / "out"
            cluster.weir(
                "run", "-p", 2, "-s", path, self.jobs / "counting", "--count", 6000, "--rate", 3000, "--add", 10,
                "--out", out,
            )
            counts = counts_in(out)
            self.assertEqual(len(counts), 100)
            # 60 records a key: some counted by 1 before the savepoint, the others by 10 after it.
            self.assertTrue(all(60 < c < 600 and c % 9 == 60 % 9 for c in counts.values()), counts)

    def test_state_that_matches_nothing_is_refused_unless_allowed(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            program = (self.jobs / "counting", "--count", 6000, "--rate", 3000, "--count-uid", "renamed")
            refused = cluster.weir("run", "-d", "-p", 2, "-s", path, *program, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("count", refused.stderr)
            self.assertIn("renamed", refused.stderr)
            for options in (("-n",), ("--drop", "count"), ("--map", "count=renamed")):
                with self.subTest(options=options):
                    done = cluster.weir("run", "-d", "-p", 2, "-s", path, *options, *program)
                    again = done.stdout.split("JobID ")[1].split()[0]
                    cluster.wait_running(again)
                    cluster.weir("cancel", again)
                    cluster.wait_state(again, "CANCELED")

    def test_restores_at_another_parallelism(self):
        with Cluster(task_managers=1, slots=4) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            for parallelism in (1, 3):
                out = cluster.folder / f"out-{parallelism}"
                cluster.weir(
                    "run", "-p", parallelism, "-s", path, self.jobs / "counting", "--count", 6000, "--rate", 3000,
                    "--out", out,
                )
                # The sink's list state is dealt out anew, so that a key may stand in two files.
                counts = {}
                for file in out.iterdir():
                    for line in file.read_text().splitlines():
                        key, count = line.split()
                        counts[key] = max(counts.get(key, 0), int(count))
                self.assertEqual(counts, expected(6000, 100))

    def test_errors_of_savepoints(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            plain = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 10, "--interval", 0)
            cluster.wait_running(plain)
            done = cluster.weir("savepoint", plain, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("checkpoint", done.stderr)
            cluster.weir("cancel", plain)
            cluster.wait_state(plain, "CANCELED")
            done = cluster.weir("savepoint", plain, check=False)
            self.assertIn("CANCELED", done.stderr)
            for path in ("/nowhere/savepoint-0123456789ab", "jobmanager://savepoints/99", str(cluster.folder)):
                done = cluster.weir("run", "-d", "-s", path, self.jobs / "counting", check=False)
                self.assertEqual(done.returncode, 1, path)
                self.assertIn(path.split("/")[-1], done.stderr)
                self.assertEqual(cluster.weir("savepoint", "-d", path, check=False).returncode, 1)

    def test_a_program_that_does_not_checkpoint_is_not_started_from_a_savepoint(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job, cluster.savepoints)
            done = cluster.weir(
                "run", "-d", "-s", path, self.jobs / "counting", "--count", 10, "--interval", 0, check=False
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn("checkpointing is disabled", done.stderr)
            self.assertEqual(len(cluster.get("/joboverview")["running"]), 1)
            self.assertEqual(cluster.get("/joboverview")["finished"], [])

    def test_state_that_is_dropped_does_not_come_back(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            done = cluster.weir(
                "run", "-d", "-n", "-p", 2, "-s", path, self.jobs / "counting", "--count", 10**6, "--rate", 100,
                "--state", "other",
            )
            restored, rest = done.stderr.split("Restored:")[1].split("Starts empty:")
            self.assertNotIn("'Count'", restored)
            empty, dropped = rest.split("Dropped:")
            self.assertIn("'Count'", empty)
            self.assertIn("'seen'", dropped)
            without = done.stdout.split("JobID ")[1].split()[0]
            cluster.wait_checkpoints(without, 1)
            later = cluster.savepoint(without, cluster.savepoints)
            cluster.weir("cancel", without)
            cluster.wait_state(without, "CANCELED")
            refused = cluster.weir(
                "run", "-d", "-p", 2, "-s", later, self.jobs / "counting", "--count", 10**6, check=False
            )
            self.assertIn("state 'other'", refused.stderr)
            self.assertNotIn("state 'seen'", refused.stderr)

    def test_a_damaged_block_fails_the_restored_job_and_names_the_file(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint_of_cancelled_job(cluster, "--keys", 3000)
            states = [file for file in cluster.files(cluster.checkpoints) if file.name != "metadata"]
            largest = max(states, key=lambda file: file.stat().st_size)
            image = bytearray(largest.read_bytes())
            image[200] ^= 1
            largest.write_bytes(image)
            done = cluster.weir(
                "run", "-D", "restart-strategy=none", "-p", 2, "-s", path, self.jobs / "counting", "--keys", 3000,
                check=False,
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(largest), done.stderr)

    def test_a_damaged_savepoint_is_refused_by_name(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            metadata = pathlib.Path(path.removeprefix("file:")) / "metadata"
            image = bytearray(metadata.read_bytes())
            image[len(image) // 2] ^= 1
            metadata.write_bytes(image)
            done = cluster.weir("run", "-d", "-p", 2, "-s", path, self.jobs / "counting", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("metadata", done.stderr)

    def test_disposal_is_refused_while_a_restored_job_has_no_checkpoint(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint_of_cancelled_job(cluster)
            restored = cluster.run_detached(
                self.jobs / "counting", "--count", 10**6, "--rate", 100, "--interval", 3600000,
                options=("-p", 2, "-s", path),
            )
            cluster.wait_running(restored)
            done = cluster.weir("savepoint", "-d", path, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(restored, done.stderr)
            cluster.weir("savepoint", "-d", "--force", path)


if __name__ == "__main__":
    unittest.main()
