"""What a task manager owes the machine and its other jobs whatever a worker does."""

import os
import pathlib
import re
import signal
import subprocess
import unittest

from cluster import BIN, Cluster, wait_for
from jobs_build import build


def started_by_workers_of(cluster):
    """Pids of the processes that workers of this cluster have started, whosever children they are."""
    mark = f"WEIR_WORKER_DIRECTORY={cluster.folder}".encode()
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark in (entry / "environ").read_bytes() and b"sleep" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def sweepers_of(taskmanager):
    """Pids of the processes that wait beside a task manager for its end: its work directory's name is their argument."""
    directory = re.search(r"directory=\S*/(weir-tm-[0-9a-f]+)", taskmanager.log.read_text(errors="replace")).group(1)
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if arguments[1:3] == [b"--sweep", directory.encode()]:
            found.append(int(entry.name))
    return found


def hidden_children(cluster):
    """Pids of what `--misbehave hidden-child` has started: its arguments name its worker's directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if arguments[:2] == [b"sh", b"-c"] and arguments[3].startswith(str(cluster.folder).encode()):
            found.append(int(entry.name))
    return found


def groups_of(taskmanager):
    """The control groups of a task manager's workers, as its log names them; None where none are delegated."""
    match = re.search(r"workers run in control groups.* group=(\S+)", taskmanager.log.read_text(errors="replace"))
    return pathlib.Path(match.group(1)) if match else None


class SupervisionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def with_child(self, cluster):
        job = cluster.run_detached(
            self.jobs / "counting", "--count", 10**9, "--rate", 1000, "--misbehave", "child", "--at", 10
        )
        wait_for("the worker has a child in a session of its own", lambda: started_by_workers_of(cluster))
        return job

    def test_nothing_of_a_killed_task_manager_lives_on(self):
        with Cluster() as cluster:
            self.with_child(cluster)
            cluster.taskmanagers[0].kill()
            wait_for("the child is gone", lambda: not started_by_workers_of(cluster), 15)

    def test_a_cancel_reaches_the_children_of_a_worker(self):
        with Cluster() as cluster:
            job = self.with_child(cluster)
            cluster.weir("cancel", job)
            wait_for("the child is gone", lambda: not started_by_workers_of(cluster), 15)
            wait_for("it was waited for", lambda: not cluster.workers(), 15)

    def with_hidden_child(self, cluster):
        group = groups_of(cluster.taskmanagers[0])
        if group is None:
            self.skipTest("no control groups of version 2 are delegated here")
        job = cluster.run_detached(
            self.jobs / "counting", "--count", 10**9, "--rate", 1000, "--misbehave", "hidden-child", "--at", 10
        )
        wait_for("the worker has a hidden child", lambda: hidden_children(cluster))
        self.assertEqual(len(list(group.glob("job-*"))), 1)
        return job, group

    def test_a_cancel_reaches_a_child_without_parent_and_environment(self):
        with Cluster() as cluster:
            job, group = self.with_hidden_child(cluster)
            cluster.weir("cancel", job)
            wait_for("the child is gone", lambda: not hidden_children(cluster), 15)
            wait_for("the group of the worker is gone", lambda: not list(group.glob("job-*")), 15)
            cluster.taskmanagers[0].stop()
            self.assertFalse(group.exists())

    def test_the_death_of_a_task_manager_reaches_a_child_without_parent_and_environment(self):
        with Cluster() as cluster:
            _, group = self.with_hidden_child(cluster)
            cluster.taskmanagers[0].kill()
            wait_for("the child is gone", lambda: not hidden_children(cluster), 15)
            wait_for("the groups are gone", lambda: not group.exists(), 15)

    def test_the_next_start_sweeps_the_groups_of_a_task_manager_that_was_killed_with_its_sweeper(self):
        with Cluster() as cluster:
            _, group = self.with_hidden_child(cluster)
            sweepers = sweepers_of(cluster.taskmanagers[0])
            self.assertEqual(len(sweepers), 1)
            os.kill(sweepers[0], signal.SIGKILL)
            cluster.taskmanagers[0].kill()
            cluster.start_taskmanager()
            wait_for("the groups are gone", lambda: not group.exists(), 15)
            self.assertEqual(hidden_children(cluster), [])

    def test_control_groups_can_be_switched_off(self):
        with Cluster(conf={"taskmanager.worker.cgroups": "off"}) as cluster:
            self.assertIsNone(groups_of(cluster.taskmanagers[0]))
            self.assertIn("taskmanager.worker.cgroups is off", cluster.taskmanagers[0].log.read_text())

    def test_an_exception_of_70_megabytes_costs_its_job_only(self):
        with Cluster() as cluster:
            done = cluster.weir(
                "run", self.jobs / "counting", "--misbehave", "novel", "--at", 100, "--restart", "none", check=False
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn("std::runtime_error: begins here...", done.stderr)
            self.assertLess(len(done.stderr), 300_000)
            self.assertIsNone(cluster.taskmanagers[0].process.poll())
            self.assertEqual(cluster.overview()["taskmanagers"], 1)
            wait_for("the whole is in the log", lambda: "ends here" in cluster.taskmanagers[0].log.read_text(errors="replace"))

    def test_a_task_manager_whose_standard_error_nobody_reads_goes_on(self):
        with Cluster(task_managers=0) as cluster:
            unread = subprocess.Popen(
                [BIN / "weir-taskmanager"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cluster.environment()
            )
            try:
                wait_for("it has registered", lambda: cluster.overview()["taskmanagers"] == 1)
                for _ in range(2):
                    done = cluster.weir(
                        "run", self.jobs / "counting", "--misbehave", "novel", "--at", 100, "--restart", "none",
                        check=False,
                    )
                    self.assertIn("begins here", done.stderr)
                self.assertEqual(cluster.overview()["taskmanagers"], 1)
            finally:
                unread.terminate()
                unread.wait(20)
                unread.stdout.close()
                unread.stderr.close()

    def test_an_announced_address_on_which_nothing_listens_ends_the_start(self):
        with Cluster(task_managers=0) as cluster:
            done = subprocess.run(
                [BIN / "weir-taskmanager", "-D", "taskmanager.hostname=::1", "-D", "taskmanager.bind-host=127.0.0.1"],
                capture_output=True, text=True, timeout=30, env=cluster.environment(),
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn("::1", done.stderr)
            self.assertIn("taskmanager.bind-host", done.stderr)

    def test_an_announced_name_that_does_not_resolve_ends_the_start(self):
        with Cluster(task_managers=0) as cluster:
            done = subprocess.run(
                [BIN / "weir-taskmanager", "-D", "taskmanager.hostname=nosuch.invalid"],
                capture_output=True, text=True, timeout=60, env=cluster.environment(),
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn("nosuch.invalid, which does not even resolve on its own machine", done.stderr)
            self.assertIn("set taskmanager.hostname", done.stderr)
            self.assertEqual(cluster.overview()["taskmanagers"], 0)

    def test_two_shipped_files_of_one_name_are_refused(self):
        with Cluster() as cluster:
            for name in ("a", "b"):
                (cluster.folder / name).mkdir()
                (cluster.folder / name / "data.txt").write_text(name)
            done = cluster.weir(
                "run", "--ship", cluster.folder / "a/data.txt", "--ship", cluster.folder / "b/data.txt",
                self.jobs / "counting", check=False,
            )
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"weir: .*a/data\.txt and .*b/data\.txt have one name")


if __name__ == "__main__":
    unittest.main()
