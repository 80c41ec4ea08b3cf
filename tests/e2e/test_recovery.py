"""Jobs that outlive their job manager (recovery.mode: filesystem), and the journal that keeps them."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest
import urllib.request

from cluster import BIN, Cluster, Daemon, free_port, wait_for
from faults import Faults
from jobs_build import build
from test_jobs import counts_in, expected


HOUR = 3_600_000
# Of a savepoint: before its directory is whole, and from then on.
NOT_COMPLETE = ("savepoint.begun", "snapshot.acknowledged", "snapshot.metadata", "savepoint.marked")
COMPLETE = ("savepoint.entry", "snapshot.pointer", "savepoint.answer")


def cluster_answers(web):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/overview", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


class RecoveryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def cluster(self, **more):
        cluster = Cluster.keeping_jobs(self, **{"task_managers": 2, "slots": 2, **more})
        self.journal = cluster.folder / "ha"
        return cluster

    def journal_bytes(self):
        return b"".join(path.read_bytes() for path in self.journal.iterdir() if path.is_file())

    def standby(self, cluster, name="standby"):
        """A second job manager on the same directory, with ports of its own."""
        rpc, web = free_port(), free_port()
        daemon = Daemon(
            name,
            [BIN / "weir-jobmanager", "-D", f"jobmanager.rpc.port={rpc}", "-D", f"jobmanager.web.port={web}"],
            cluster.folder,
            cluster.environment(),
        )
        self.addCleanup(daemon.stop)
        wait_for("waits as standby", lambda: "waits as standby" in daemon.log.read_text())
        return daemon, rpc, web

    def test_a_killed_job_manager_loses_and_repeats_no_record(self):
        with self.cluster() as cluster:
            out = cluster.folder / "out"
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 60000, "--rate", 2000, "--out", out, options=("-p", 2)
            )
            for _ in range(2):
                done = cluster.completed_checkpoints(job)
                cluster.wait_checkpoints(job, done + 2)
                cluster.jobmanager.kill()
                cluster.restart_jobmanager()
                cluster.wait_running(job)
                self.assertIn(job, cluster.weir("list", "-r").stdout)
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(counts_in(out), expected(60000, 100))
            wait_for("checkpoint files gone", lambda: not (cluster.checkpoints / job).exists())
            wait_for(
                "nothing of an ended job in the journal",
                lambda: bytes.fromhex(job) not in self.journal_bytes() and b"Counting" not in self.journal_bytes(),
                20,
            )

    def test_a_command_that_waits_gets_its_one_answer_from_the_next_job_manager(self):
        with self.cluster() as cluster:
            out = cluster.folder / "out"
            words = ("--count", 8000, "--rate", 1500, "--out", out)
            attached = cluster.begin_weir(self, "run", "-p", 2, self.jobs / "counting", *words)
            job = re.search("JobID ([0-9a-f]{32})", attached.stdout.readline()).group(1)
            cluster.wait_checkpoints(job, 2)
            cluster.jobmanager.kill()
            cluster.restart_jobmanager()
            told, said = attached.communicate(timeout=60)
            self.assertEqual(attached.returncode, 0, said)
            self.assertIn(f"Job with JobID {job} has finished.", told)
            self.assertIn("records (LongCounter): ", told)
            self.assertIn("waiting for the next one", said)
            self.assertEqual(counts_in(out), expected(8000, 100))

    def test_a_stop_in_order_keeps_jobs_and_savepoints_for_the_next_one(self):
        with self.cluster() as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 500, "--name", "Kept")
            cluster.wait_checkpoints(job, 1)
            savepoint = cluster.savepoint(job)
            began = cluster.job(job)["start-time"]
            self.assertEqual(cluster.jobmanager.stop(), 0)
            cluster.restart_jobmanager()
            cluster.wait_running(job)
            self.assertRegex(cluster.weir("list").stdout, rf"{job} : Kept \(RUNNING\)")
            self.assertLess(abs(cluster.job(job)["start-time"] - began), 1000)
            self.assertIn(savepoint, cluster.weir("savepoint", "list").stdout)
            before = cluster.completed_checkpoints(job)
            cluster.wait_checkpoints(job, before + 2)
            cluster.weir("savepoint", "-d", savepoint)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.jobmanager.stop()
            cluster.restart_jobmanager()
            self.assertNotIn(job, cluster.weir("list", "-a").stdout)

    def test_a_job_goes_on_from_its_savepoint_when_it_had_no_checkpoint_yet(self):
        with self.cluster() as cluster:
            first = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 2000, options=("-p", 2))
            cluster.wait_checkpoints(first, 2)
            savepoint = cluster.savepoint(first)
            cluster.weir("cancel", first)
            out = cluster.folder / "out"
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 20000, "--rate", 5000, "--interval", 3600 * 1000, "--out", out,
                options=("-p", 2, "-s", savepoint),
            )
            cluster.wait_running(job)
            cluster.jobmanager.kill()
            cluster.restart_jobmanager()
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(counts_in(out), expected(20000, 100))

    def test_a_standby_takes_over_from_a_leader_that_was_killed(self):
        with self.cluster() as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 500)
            cluster.wait_checkpoints(job, 1)
            standby = Daemon(
                "standby", [BIN / "weir-jobmanager"], cluster.folder, cluster.environment()
            )  # With the leader's own ports, as after a restart by its supervisor.
            wait_for("waits as standby", lambda: "waits as standby" in standby.log.read_text())
            self.assertIn(f"process {cluster.jobmanager.pid} on", standby.log.read_text())
            leader = cluster.jobmanager
            cluster.jobmanager = standby
            leader.kill()
            wait_for("the standby leads", lambda: cluster.overview()["taskmanagers"] == 2)
            cluster.wait_running(job)
            before = cluster.completed_checkpoints(job)
            cluster.wait_checkpoints(job, before + 2)

    def test_a_standby_says_that_its_storage_hangs_and_goes_on_once_it_answers(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        faults = Faults(folder)
        faults.clear()
        with self.cluster(task_managers=0, conf={"jobmanager.files.timeout": "500 ms"}) as cluster:
            hangs = "a file operation hangs, and is waited for"
            for goes_on in (False, True):
                standby = Daemon(
                    f"standby-{goes_on}", [BIN / "weir-jobmanager"], cluster.folder,
                    {**cluster.environment(), **faults.environment()},
                )
                self.addCleanup(standby.stop)
                wait_for("waits as standby", lambda: "waits as standby" in standby.log.read_text())
                faults.set(hang=[self.journal])
                wait_for("it says that its storage hangs", lambda: hangs in standby.log.read_text())
                said = standby.log.read_text()
                self.assertRegex(said, rf'{hangs} place=\S*{self.journal}\S* since="20\d\d-\d\d-\d\d [\d:]+ UTC"')
                self.assertIn("look at that file system", said)
                if not goes_on:
                    self.assertEqual(standby.stop(), 0)  # It obeys while a look hangs.
                    self.assertIn("file operations hang, and the job manager stops without them", standby.log.read_text())
                    faults.clear()
            leader = cluster.jobmanager
            cluster.jobmanager = standby
            leader.kill()
            faults.clear()
            wait_for("the standby leads", lambda: cluster.overview()["taskmanagers"] == 0)
            self.assertEqual(standby.log.read_text().count(hangs), 1)

    def test_a_standby_says_who_leads_since_when_and_what_to_do_when_that_one_is_stopped(self):
        with self.cluster(task_managers=0) as cluster:
            leader = cluster.jobmanager
            standby, _, web = self.standby(cluster)
            said = standby.log.read_text()
            self.assertRegex(said, rf"process {leader.pid} on \S+, reached at \S+:\d+, since 20\d\d-\d\d-\d\d [\d:]+ UTC")
            self.assertIn("it takes over once that process has ended", said)
            self.assertNotIn("is stopped", said)
            os.kill(leader.pid, signal.SIGSTOP)
            wait_for("it says that the leader is stopped", lambda: "is stopped, and keeps the lead" in standby.log.read_text())
            self.assertIn(f"kill -KILL {leader.pid}", standby.log.read_text())
            cluster.jobmanager = standby
            leader.kill()
            wait_for("the standby leads", lambda: cluster_answers(web))

    def test_a_standby_ends_in_order_and_changes_nothing(self):
        with self.cluster(task_managers=0) as cluster:
            before = sorted(path.name for path in self.journal.iterdir())
            standby, _, web = self.standby(cluster)
            self.assertEqual(standby.stop(), 0)
            self.assertEqual(before, sorted(path.name for path in self.journal.iterdir()))

    def test_a_full_disk_refuses_new_jobs_and_leaves_running_ones_alone(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-faults-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", folder])
        faults = Faults(folder)
        faults.clear()
        with self.cluster(daemon_env=faults.environment()) as cluster:
            out = cluster.folder / "out"
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 10**9, "--rate", 1000, "--name", "Runs on", options=("-p", 2)
            )
            cluster.wait_checkpoints(job, 2)
            faults.set(full=[self.journal])
            refused = wait_for(
                "a job is refused",
                lambda: (lambda run: run if run.returncode else None)(
                    cluster.weir("run", "-d", self.jobs / "counting", "--count", 10, check=False)
                ),
            )
            self.assertIn(str(self.journal), refused.stderr)
            self.assertIn("No space left on device", refused.stderr)
            self.assertEqual(cluster.job(job)["state"], "RUNNING")
            faults.clear()
            before = cluster.completed_checkpoints(job)
            cluster.wait_checkpoints(job, before + 2)
            cluster.weir("cancel", job)
            done = cluster.weir("run", self.jobs / "counting", "--count", 1000, "--out", out)
            self.assertIn("has finished", done.stdout)
            cluster.jobmanager.stop()
            cluster.restart_jobmanager()
            self.assertIn("No running jobs.", cluster.weir("list").stdout)

    def refuses_to_start(self, cluster, *wanted):
        done = subprocess.run(
            [BIN / "weir-jobmanager"], capture_output=True, text=True, timeout=30, env=cluster.environment(),
            cwd=cluster.folder,
        )
        self.assertEqual(done.returncode, 1, done.stderr)
        line = next(line for line in done.stderr.splitlines() if line.startswith("weir-jobmanager: "))
        for one in wanted:
            self.assertIn(one, line)
        return line

    def test_directories_that_cannot_be_a_journal_are_refused_with_the_next_step(self):
        cluster = self.cluster()
        cluster.write_conf()
        self.journal.mkdir()
        (self.journal / "letters.txt").write_text("mine")
        self.refuses_to_start(cluster, "recovery.filesystem.dir", f"{self.journal} holds 'letters.txt'", "empty directory")
        (self.journal / "letters.txt").unlink()
        cluster.conf["recovery.filesystem.dir"] = cluster.folder / "no" / "such"
        cluster.write_conf()
        self.refuses_to_start(cluster, "recovery.filesystem.dir", str(cluster.folder / "no" / "such"))
        cluster.conf["recovery.filesystem.dir"] = None
        cluster.write_conf()
        self.refuses_to_start(cluster, "recovery.mode", "needs recovery.filesystem.dir")

    def test_a_damaged_journal_is_refused_and_says_what_to_do(self):
        with self.cluster(task_managers=1) as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 100)
            cluster.wait_checkpoints(job, 1)
            cluster.jobmanager.kill()
            (journal,) = self.journal.glob("journal-*")
            content = bytearray(journal.read_bytes())
            content[len(content) // 3] ^= 1
            journal.write_bytes(content)
            self.refuses_to_start(cluster, f"journal {journal} is damaged at byte", "weir run -s PATH PROGRAM")
            content[len(content) // 3] ^= 1
            journal.write_bytes(content + b"\x05\0\0")  # An unfinished record.
            cluster.start_jobmanager()
            cluster.wait_running(job)

    def test_state_on_the_job_manager_is_said_not_to_survive_it(self):
        with self.cluster(conf={"state.backend": "jobmanager"}) as cluster:
            self.assertIn("state.backend: filesystem", cluster.jobmanager.log.read_text())
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 100)
            cluster.wait_checkpoints(job, 1)
            cluster.jobmanager.kill()
            cluster.restart_jobmanager()
            wait_for("the job has failed", lambda: cluster.job(job)["state"] == "FAILED")
            reason = cluster.get(f"/jobs/{job}/exceptions")["root-exception"]
            self.assertIn("was kept on the job manager that ended", reason)
            self.assertIn("state.backend", reason)

    def take_savepoint_and_kill(self, cluster, point):
        """The job, its folder of results, and a client that waits for a savepoint whose job manager died at the point."""
        out = cluster.folder / "out"
        cluster.restart_jobmanager(crash_at=point)
        job = cluster.run_detached(
            self.jobs / "counting", "--count", 12000, "--rate", 2000, "--interval", HOUR, "--out", out, options=("-p", 2)
        )
        cluster.wait_running(job)
        client = cluster.begin_weir(self, "savepoint", job, cluster.savepoints)
        cluster.wait_killed(point)
        return job, out, client

    def assert_ended(self, cluster, job, out, client, whole):
        """The savepoint is whole and its client knows where, or nothing of it is left; the job goes on exactly."""
        told, said = client.communicate(timeout=60)
        cluster.wait_running(job)
        if whole:
            self.assertEqual(client.returncode, 0, said)
            (path,) = cluster.savepoints.glob("savepoint-*")
            self.assertIn(f"Savepoint completed. Path: file:{path}\n", told)
            cluster.weir("savepoint", "verify", path)
        else:
            self.assertEqual(client.returncode, 1, told)
            self.assertIn("was not complete when the job manager of job", said)
            wait_for("nothing is left of it", lambda: not list(cluster.checkpoints.glob("*/chk-*")))
            self.assertEqual(list(cluster.savepoints.glob("*")), [])
        cluster.wait_state(job, "FINISHED")
        self.assertEqual(counts_in(out), expected(12000, 100))
        for folder in filter(pathlib.Path.exists, (cluster.savepoints, cluster.checkpoints)):
            self.assertIn(" 0 things found.", cluster.weir("fsck", folder).stdout)
        if whole:
            cluster.weir("savepoint", "-d", path)
        wait_for("no file is left", lambda: not cluster.files(cluster.savepoints) + cluster.files(cluster.checkpoints))

    def test_a_savepoint_whose_job_manager_dies_is_whole_or_gone_under_the_next_one(self):
        for point in (*NOT_COMPLETE, *COMPLETE):
            with self.subTest(point=point), self.cluster(task_managers=1) as cluster:
                job, out, client = self.take_savepoint_and_kill(cluster, point)
                cluster.restart_jobmanager()
                self.assert_ended(cluster, job, out, client, point in COMPLETE)

    def test_the_next_job_manager_may_die_as_well_over_a_savepoint_that_was_begun(self):
        for first, second in (("savepoint.entry", "savepoint.settled"), ("savepoint.marked", "savepoint.cut")):
            with self.subTest(point=second), self.cluster(task_managers=1) as cluster:
                job, out, client = self.take_savepoint_and_kill(cluster, first)
                cluster.start_dying_jobmanager(second)
                cluster.restart_jobmanager()
                self.assert_ended(cluster, job, out, client, first == "savepoint.entry")

    def test_a_disposal_whose_job_manager_dies_goes_on_and_its_client_is_answered_once(self):
        for point in ("disposal.tombstone", "disposal.data", "disposal.entry", "disposal.ended"):
            with self.subTest(point=point), self.cluster(task_managers=1) as cluster:
                job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 500, "--interval", HOUR)
                cluster.wait_running(job)
                path = cluster.savepoint(job, cluster.folder / "elsewhere")
                cluster.weir("cancel", job)
                cluster.restart_jobmanager(crash_at=point)
                client = cluster.begin_weir(self, "savepoint", "-d", path)
                cluster.wait_killed(point)
                cluster.restart_jobmanager()
                told, said = client.communicate(timeout=60)
                self.assertEqual(client.returncode, 0, said)
                self.assertIn(f"Savepoint '{path}' disposed.", told)
                self.assertEqual(cluster.files(cluster.folder / "elsewhere"), [])

    def test_a_disposal_goes_on_under_the_next_job_manager_also_where_its_client_is_gone(self):
        with self.cluster(task_managers=1) as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 500, "--interval", HOUR)
            cluster.wait_running(job)
            path = cluster.savepoint(job, cluster.folder / "elsewhere")
            cluster.weir("cancel", job)
            cluster.restart_jobmanager(crash_at="disposal.tombstone")
            client = cluster.begin_weir(self, "savepoint", "-d", path)
            cluster.wait_killed("disposal.tombstone")
            client.kill()
            cluster.restart_jobmanager()
            wait_for("its files are gone", lambda: not cluster.files(cluster.folder / "elsewhere"))

    def test_a_job_that_is_cancelled_does_not_come_back(self):
        with self.cluster(task_managers=1) as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 500)
            cluster.wait_checkpoints(job, 1)
            frozen = cluster.taskmanagers[0].pid
            os.kill(frozen, signal.SIGSTOP)  # Its worker does not end.
            try:
                cluster.weir("cancel", "-d", job)
                cluster.jobmanager.kill()
                cluster.start_jobmanager()
            finally:
                os.kill(frozen, signal.SIGCONT)
            wait_for("it has ended", lambda: cluster.job(job)["state"] == "CANCELED")
            wait_for("its workers have, too", lambda: not cluster.workers(cluster.taskmanagers[0]))
            wait_for("nothing is left of it", lambda: not cluster.files(cluster.checkpoints))

    def test_a_submission_that_meets_the_crash_is_one_job(self):
        for point in ("journal.written", "journal.synced"):
            with self.subTest(point):
                cluster = self.cluster(task_managers=1)
                cluster.write_conf()
                dies = subprocess.Popen(
                    [BIN / "weir-jobmanager"],
                    env={**cluster.environment(), "WEIR_CRASH_AT": point},
                    stderr=subprocess.DEVNULL,
                    cwd=cluster.folder,
                )
                self.addCleanup(dies.kill)
                wait_for("ready", lambda: cluster.try_get("/overview"))
                client = cluster.begin_weir(self, "run", "-d", self.jobs / "counting", "--count", 10)
                self.assertEqual(dies.wait(30), -signal.SIGKILL)
                with cluster:
                    told, said = client.communicate(timeout=60)
                    self.assertEqual(client.returncode, 0, said)
                    job = re.search("JobID ([0-9a-f]{32})", told).group(1)
                    cluster.wait_state(job, "FINISHED")
                    self.assertEqual(len(cluster.get("/joboverview/completed")["jobs"]), 1)
