"""Processes that are stopped and go on later: nothing that was given up changes a result."""

import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

TIMEOUT = 2.0  # Seconds until a silent peer is lost.
CONF = {
    "heartbeat.interval": "200 ms",
    "heartbeat.timeout": f"{int(TIMEOUT * 1000)} ms",
    "task.cancellation.timeout": "2000 ms",
}


def stop(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def go_on(*pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Growing(threading.Thread):
    """Watches visible files: what was read once must be the beginning of what is read later."""

    def __init__(self, directory):
        super().__init__(daemon=True)  # A test that fails leaves it behind.
        self.directory = directory
        self.seen = {}
        self.problems = []
        self.ended = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ended.is_set():
                self.look()
                self.ended.wait(0.02)
        except Exception as error:  # A watcher that died has seen nothing.
            self.problems.append(f"the watcher failed: {error!r}")

    def look(self):
        for folder, folders, names in os.walk(self.directory):  # What goes meanwhile is no error.
            folders[:] = [name for name in folders if not name.startswith(".")]
            for path in (pathlib.Path(folder) / name for name in names if not name.startswith(".")):
                try:
                    content = path.read_bytes()
                except OSError:
                    continue
                before = self.seen.get(path, b"")
                if not content.startswith(before):
                    self.problems.append(f"{path} had {len(before)} bytes and was changed")
                if any(word in str(path) for word in ("in-progress", "pending")):
                    self.problems.append(f"{path} is visible")
                self.seen[path] = content

    def check(self):
        self.ended.set()
        self.join()
        assert not self.problems, self.problems[:5]


class FreezeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-freeze-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
        self.out = self.folder / "out"
        self.out.mkdir()

    def cluster(self, task_managers=2, slots=2):
        return Cluster(task_managers=task_managers, slots=slots, conf=CONF)

    def run_lines(self, cluster, count=20000, rate=2000, parallelism=2, **more):
        arguments = ["--count", count, "--rate", rate, "--out", self.out / "lines"]
        for name, value in more.items():
            arguments += [f"--{name}", value]
        return cluster.run_detached(self.jobs / "lines", *arguments, options=("-p", parallelism))

    def check_lines(self, count):
        """Each number once, and nothing but the files."""
        entries = sorted(self.out.rglob("*"))
        files = [p for p in entries if p.is_file()]
        lines = [line for p in files for line in p.read_text().split("\n")[:-1]]
        numbers = sorted(map(int, lines))
        self.assertEqual(len(numbers), count, f"{len(numbers)} lines in {files}")
        self.assertEqual(numbers, list(range(count)))
        self.assertFalse([p for p in entries if p.name.startswith(".")], "something is left")

    def with_workers(self, cluster):
        """A task manager that runs workers, with them."""
        return wait_for(
            "a task manager has workers",
            lambda: next(((tm, cluster.workers(tm)) for tm in cluster.taskmanagers if cluster.workers(tm)), None),
        )

    def test_a_frozen_task_manager_and_its_worker_write_nothing_more(self):
        with self.cluster() as cluster:
            growing = Growing(self.out)
            job = self.run_lines(cluster, count=16000)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            wait_for("the job restarts", lambda: cluster.restarts(job) > 0)
            cluster.wait_running(job)
            go_on(*workers, manager.pid)
            wait_for("the given-up workers end", lambda: not any(map(lives, workers)), 10)
            cluster.wait_state(job, "FINISHED")
            growing.check()
            self.check_lines(16000)

    def test_the_worker_of_a_frozen_task_manager_ends(self):
        with self.cluster() as cluster:
            growing = Growing(self.out)
            job = self.run_lines(cluster, count=16000)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid)
            wait_for("its workers end themselves", lambda: not any(map(lives, workers)), TIMEOUT + 10)
            go_on(manager.pid)
            cluster.wait_state(job, "FINISHED")
            growing.check()
            self.check_lines(16000)

    def test_a_thaw_after_the_end_changes_nothing(self):
        with self.cluster() as cluster:
            job = self.run_lines(cluster, count=6000)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            cluster.wait_state(job, "FINISHED")
            self.check_lines(6000)
            go_on(*workers, manager.pid)
            wait_for("the given-up workers end", lambda: not any(map(lives, workers)), 10)
            self.check_lines(6000)
            wait_for("the task manager is back", lambda: cluster.overview()["taskmanagers"] == 2)

    def test_a_stopped_worker_is_noticed(self):
        with self.cluster(task_managers=1, slots=4) as cluster:
            job = self.run_lines(cluster, count=8000)
            cluster.wait_checkpoints(job, 2)
            _, workers = self.with_workers(cluster)
            stop(*workers)
            wait_for("it is killed", lambda: not any(map(lives, workers)), TIMEOUT + 10)
            cluster.wait_state(job, "FINISHED")
            self.check_lines(8000)
            self.assertIn("(it hangs, or was stopped) and was killed", cluster.jobmanager.log.read_text())

    def test_cancel_ends_a_job_whose_worker_is_stopped(self):
        with self.cluster(task_managers=1) as cluster:
            job = self.run_lines(cluster, count=10**9)
            cluster.wait_checkpoints(job, 2)
            _, workers = self.with_workers(cluster)
            stop(*workers)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED", TIMEOUT + 2 + 3)
            wait_for("its worker is gone", lambda: not any(map(lives, workers)), 5)

    def test_cancel_ends_a_job_whose_task_manager_is_stopped(self):
        with self.cluster(task_managers=1) as cluster:
            job = self.run_lines(cluster, count=10**9)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            try:
                cluster.weir("cancel", job)
                cluster.wait_state(job, "CANCELED", TIMEOUT + 2 + 3)
            finally:
                go_on(*workers, manager.pid)
            wait_for("its worker is gone", lambda: not any(map(lives, workers)), 10)

    def test_a_frozen_job_manager_costs_no_line(self):
        with self.cluster() as cluster:
            growing = Growing(self.out)
            job = self.run_lines(cluster, count=12000)
            cluster.wait_checkpoints(job, 2)
            stop(cluster.jobmanager.pid)
            time.sleep(TIMEOUT + 1)
            go_on(cluster.jobmanager.pid)
            cluster.wait_state(job, "FINISHED")
            growing.check()
            self.check_lines(12000)

    def test_a_job_without_checkpoints_begins_a_new_file(self):
        with self.cluster() as cluster:
            job = self.run_lines(cluster, count=8000, interval=0)
            wait_for("lines come", lambda: any(p.stat().st_size for p in (self.out / "lines").glob("[12]")))
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            wait_for("the job restarts", lambda: cluster.restarts(job) > 0)
            cluster.wait_running(job)
            go_on(*workers, manager.pid)
            cluster.wait_state(job, "FINISHED")
            self.check_lines(8000)

    def test_a_given_up_attempt_prints_nothing_more(self):
        with self.cluster() as cluster:
            job = self.run_lines(cluster, count=10**9, print=1)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            wait_for("the job restarts", lambda: cluster.restarts(job) > 0)
            before = manager.out.read_bytes()
            go_on(*workers)
            wait_for("the given-up workers end", lambda: not any(map(lives, workers)), 10)
            self.assertEqual(manager.out.read_bytes(), before)
            go_on(manager.pid)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")

    def test_a_given_up_worker_invokes_a_programs_own_sink_no_more(self):
        with self.cluster() as cluster:
            own = self.folder / "own"
            own.mkdir()
            job = self.run_lines(cluster, count=10**9, rate=0, own=own)
            cluster.wait_checkpoints(job, 2)
            manager, workers = self.with_workers(cluster)
            stop(manager.pid, *workers)
            wait_for("the job restarts", lambda: cluster.restarts(job) > 0)
            cluster.wait_running(job)
            before = {path: path.read_bytes().count(b"\n") for path in own.glob("0-*")}
            self.assertEqual(len(before), 2)
            go_on(*workers)
            wait_for("the given-up workers end", lambda: not any(map(lives, workers)), 10)
            more = {path.name: path.read_bytes().count(b"\n") - lines for path, lines in before.items()}
            # The one that had begun when the process was stopped.
            self.assertLessEqual(max(more.values()), 1, more)
            go_on(manager.pid)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")

    def test_a_program_started_by_hand_survives_a_pause(self):
        conf = self.folder / "conf"
        conf.mkdir()
        lines = [f"{key}: {value}" for key, value in CONF.items()] + ["parallelism.default: 2"]
        (conf / "flink-conf.yaml").write_text("\n".join(lines) + "\n")
        process = subprocess.Popen(
            [self.jobs / "lines", "--count", "6000", "--rate", "1000", "--out", str(self.out / "lines")],
            env={**os.environ, "WEIR_CONF_DIR": str(conf)},
        )
        try:
            wait_for("lines come", lambda: any(p.stat().st_size for p in (self.out / "lines").glob("[12]")))
            stop(process.pid)
            time.sleep(TIMEOUT * 2)
            go_on(process.pid)
            self.assertEqual(process.wait(30), 0)
        finally:
            process.kill()
            process.wait()
        self.check_lines(6000)


class SinkPathTest(unittest.TestCase):
    """What a path of a sink may be, submitted and by hand."""

    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-paths-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])

    def both_ways(self, *arguments):
        """Exit status and text of the job, by `weir run` and by hand."""
        with Cluster(task_managers=1) as cluster:
            done = cluster.weir("run", self.jobs / "lines", *arguments, check=False, cwd=self.folder)
            yield done.returncode, done.stderr
        done = subprocess.run(
            [self.jobs / "lines", *map(str, arguments)], capture_output=True, text=True, cwd=self.folder, timeout=60
        )
        yield done.returncode, done.stderr

    def test_a_relative_path_is_refused(self):
        for status, text in self.both_ways("--out", "out.txt"):
            self.assertEqual(status, 1)
            self.assertIn("the path 'out.txt' is relative", text)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_path_that_two_sinks_share_is_refused(self):
        for status, text in self.both_ways("--out", self.folder / "a", "--second", self.folder / "a"):
            self.assertEqual(status, 1)
            self.assertIn(f"write to the same path {self.folder}/a", text)

    def test_a_path_that_holds_another_jobs_files_is_refused_unless_overwritten(self):
        out = self.folder / "out"
        out.write_text("of another job\n")
        for status, text in self.both_ways("--out", out):
            self.assertEqual(status, 1)
            self.assertIn(f"the path {out} of the sink holds a file of another job", text)
        self.assertEqual(out.read_text(), "of another job\n")
        for status, text in self.both_ways("--out", out, "--overwrite", 1, "--count", 3):
            self.assertEqual(status, 0, text)
            self.assertEqual(out.read_text(), "0\n1\n2\n")

    def test_a_savepoints_job_goes_on_with_the_files(self):
        out = self.folder / "out"
        with Cluster(task_managers=1) as cluster:
            arguments = ["--count", 4000, "--rate", 1000, "--out", out]
            job = cluster.run_detached(self.jobs / "lines", *arguments)
            cluster.wait_checkpoints(job, 1)
            savepoint = cluster.savepoint(job, cluster.savepoints)
            wait_for("more lines are committed", lambda n=out.stat().st_size: out.stat().st_size > n)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            again = cluster.run_detached(self.jobs / "lines", *arguments, options=("-s", savepoint))
            cluster.wait_state(again, "FINISHED")
        self.assertEqual(out.read_text().split(), [str(n) for n in range(4000)])
        self.assertEqual([p.name for p in self.folder.iterdir()], ["out"])


if __name__ == "__main__":
    unittest.main()
