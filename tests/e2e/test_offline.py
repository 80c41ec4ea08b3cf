"""What is done to savepoints without a cluster, on those that real daemons wrote: shown, verified, exported, labelled."""

import json
import pathlib
import shutil
import unittest

from cluster import Cluster, wait_for
from jobs_build import build
from test_jobs import counts_in, expected


class OfflineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def start_counting(self, cluster, count=60000):
        job = cluster.run_detached(
            self.jobs / "counting", "--count", count, "--rate", 1500, options=("-p", 2)
        )
        cluster.wait_checkpoints(job, 2)
        return job

    def test_an_exported_and_moved_copy_restores_and_its_disposal_takes_nothing_from_the_original(self):
        with Cluster(task_managers=1, slots=4) as cluster:
            job = self.start_counting(cluster, 6000)
            path = cluster.savepoint(job, cluster.savepoints)
            exported = cluster.weir("savepoint", "export", path, cluster.folder / "copy")
            self.assertEqual(exported.stdout, f"Savepoint exported. Path: file:{cluster.folder}/copy\n")
            moved = cluster.folder / "elsewhere" / "moved"
            shutil.copytree(cluster.folder / "copy", moved)
            shutil.rmtree(cluster.folder / "copy")
            for named in (moved, moved.parent):
                self.assertIn(f"file:{moved}", cluster.weir("savepoint", "list", named).stdout)
            out = cluster.folder / "out"
            cluster.weir("run", "-p", 2, "-s", moved, self.jobs / "counting", "--count", 6000, "--rate", 3000, "--out", out)
            self.assertEqual(counts_in(out), expected(6000, 100))
            # While the job that took the original runs on.
            other = self.start_counting(cluster)
            kept = cluster.savepoint(other, cluster.savepoints)
            cluster.weir("savepoint", "export", kept, cluster.folder / "second")
            cluster.weir("savepoint", "-d", cluster.folder / "second")
            self.assertFalse((cluster.folder / "second").exists())
            before = cluster.completed_checkpoints(other)
            cluster.wait_checkpoints(other, before + 3)
            cluster.weir("savepoint", "verify", kept)
            cluster.weir("cancel", other)
            cluster.wait_state(other, "CANCELED")
            cluster.weir("savepoint", "-d", moved)
            self.assertFalse(moved.exists())
            for one in (path, kept):
                self.assertIn("is intact", cluster.weir("savepoint", "verify", one).stdout)
                cluster.weir("savepoint", "-d", one)
            self.assertEqual(cluster.files(cluster.savepoints) + cluster.files(cluster.checkpoints), [])

    def test_a_savepoint_that_holds_all_of_its_state_is_moved_as_it_is(self):
        with Cluster(task_managers=1, slots=2, conf={"state.backend": "jobmanager"}) as cluster:
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 6000, "--rate", 1500, "--keys", 2000, options=("-p", 2)
            )
            cluster.wait_checkpoints(job, 2)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            self.assertIn("can be copied and moved", cluster.weir("savepoint", "inspect", path).stdout)
            copy, moved = cluster.folder / "copy", cluster.folder / "moved"
            shutil.copytree(path.removeprefix("file:"), copy)
            cluster.weir("savepoint", "-d", path)
            copy.rename(moved)
            self.assertIn("is intact", cluster.weir("savepoint", "verify", moved).stdout)
            out = cluster.folder / "out"
            cluster.weir(
                "run", "-p", 2, "-s", moved, self.jobs / "counting", "--count", 6000, "--keys", 2000, "--out", out
            )
            self.assertEqual(counts_in(out), expected(6000, 2000))
            cluster.weir("savepoint", "-d", moved)
            self.assertFalse(moved.exists())

    def test_a_checkpoint_is_not_said_to_move_on_its_own(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job, cluster.savepoints)
            for snapshot in (path, json.loads(cluster.weir("savepoint", "inspect", "--json", path).stdout)["data-directory"]):
                shown = cluster.weir("savepoint", "inspect", snapshot).stdout
                self.assertNotIn("can be copied and moved", shown)
                self.assertIn("savepoint export", shown)

    def test_a_savepoint_is_shown_labelled_and_listed_without_its_program(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("savepoint", "label", path, "before the move")
            listed = json.loads(cluster.weir("savepoint", "list", "--json").stdout)["savepoints"]
            self.assertEqual([one["label"] for one in listed], ["before the move"])
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            # Without a checkpoint after it, it is what this job would recover from.
            other = cluster.run_detached(self.jobs / "counting", "--count", 60000, "--interval", 3600000, "--rate", 100)
            cluster.wait_state(other, "RUNNING")
            wait_for("a savepoint is taken", lambda: cluster.weir(
                "savepoint", other, cluster.folder / "needed", check=False).returncode == 0)
            needed = json.loads(cluster.weir("savepoint", "list", "--json", cluster.folder / "needed").stdout)
            self.assertEqual([one["needed-by"] for one in needed["savepoints"]], [[other]])
            cluster.weir("cancel", other)
            cluster.wait_state(other, "CANCELED")
            for daemon in [*cluster.taskmanagers, cluster.jobmanager]:
                daemon.stop()
            shown = json.loads(cluster.weir("savepoint", "inspect", path, "--json").stdout)
            self.assertEqual((shown["jobid"], shown["label"]), (job, "before the move"))
            count = next(one for one in shown["operators"] if one["uid"] == "count")
            state = count["states"][0]
            self.assertEqual((state["entries"], state["subtasks"]), (100, 2))
            lines = cluster.weir("savepoint", "inspect", path, "--dump", f"count/{state['name']}").stdout.splitlines()
            entries = [json.loads(line) for line in lines]
            self.assertEqual(len({json.dumps(one["key"]) for one in entries}), 100)
            one = entries[7]
            found = cluster.weir(
                "savepoint", "inspect", path, "--dump", f"count/{state['name']}", "--key", json.dumps(one["key"])
            ).stdout
            self.assertEqual(json.loads(found), one)
            none = cluster.weir("savepoint", "inspect", path, "--dump", f"count/{state['name']}", "--key", "100000")
            self.assertEqual(none.stdout, "")
            self.assertIn(f"Key 100000 has no entry in count/{state['name']}.", none.stderr)
            text = cluster.weir("savepoint", "inspect", path).stdout
            # A path is not broken.
            self.assertTrue(all(len(line) <= 80 or "file:" in line for line in text.splitlines()), text)
            offline = cluster.weir("savepoint", "list", cluster.savepoints).stdout
            self.assertIn("'before the move'", offline)

    def test_fsck_is_clean_after_savepoints_disposals_and_a_cancelled_job_and_finds_what_is_lost(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_counting(cluster)
            kept = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("savepoint", "-d", cluster.savepoint(job, cluster.savepoints))
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            report = json.loads(cluster.weir("fsck", "--json").stdout)
            self.assertEqual(report["findings"], [])
            self.assertGreaterEqual(report["snapshots"], 1)
            names = json.loads(cluster.weir("savepoint", "inspect", kept, "--json").stdout)
            lost = pathlib.Path(names["data-directory"].removeprefix("file:")) / names["files"][0]
            whole = lost.read_bytes()
            lost.write_bytes(whole[:-1])
            self.assertEqual(cluster.weir("fsck", check=False).returncode, 1)
            refused = cluster.weir("savepoint", "verify", kept, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(names["files"][0], refused.stderr)
            lost.write_bytes(whole)
            cluster.weir("savepoint", "verify", kept)


if __name__ == "__main__":
    unittest.main()
