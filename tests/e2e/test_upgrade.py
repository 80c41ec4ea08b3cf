"""Jobs that another program takes over: with the state as it is, or not at all, and one of both programs runs in the end."""

import collections
import json
import re
import subprocess
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

COUNT = 6000
KEYS = 100
# Of the job manager, while the next program takes over, and while the old one goes on.
TAKES_OVER = (
    "upgrade.begun", "savepoint.begun", "savepoint.entry", "upgrade.stopped", "upgrade.start", "upgrade.accepted",
    "upgrade.running", "upgrade.answered",
)
GOES_BACK = ("upgrade.failed", "upgrade.back")
DOWN = re.compile(r"^Job ([0-9a-f]{32}) was upgraded to job ([0-9a-f]{32}), and was down for (\d+) ms\.$", re.M)


class UpgradeCase(unittest.TestCase):
    """A job whose result says which records it has seen how often."""

    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def cluster(self, **more):
        conf = {"client.failover.timeout": "60 s", **more.pop("conf", {})}
        cluster = Cluster.keeping_jobs(self, conf=conf, task_managers=1, slots=4, **more)
        self.out = cluster.folder / "out"
        return cluster

    def words(self, **flags):
        flags = {"text": self.out / "text", "out": self.out / "counts", "count": COUNT, "rate": 200, **flags}
        return [str(word) for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]

    def start(self, cluster, **flags):
        job = cluster.run_detached(self.jobs / "counting", *self.words(name="Old", **flags), options=("-p", 2))
        cluster.wait_running(job)
        self.attempt = cluster.restarts(job)
        return job

    def upgrade(self, cluster, job, *options, check=True, **flags):
        words = self.words(name="New", **{"rate": 1000, **flags})
        return cluster.weir("upgrade", *options, job, self.jobs / "counting", *words, check=check)

    def begin_upgrade(self, cluster, job, *options, **flags):
        words = self.words(name="New", **{"rate": 1000, **flags})
        return cluster.begin_weir(self, "upgrade", *options, job, self.jobs / "counting", *words)

    def job_of(self, cluster, name):
        """The one of this name that has not ended, or has ended last."""
        overview = cluster.try_get("/joboverview")
        jobs = overview["running"] + overview["finished"] if overview else []
        return next((one["jid"] for one in jobs if one["name"] == name), None)

    def lines(self, folder):
        files = [path for path in folder.glob("*") if path.is_file() and not path.name.startswith(".")]
        return collections.Counter(line for path in files for line in path.read_text().splitlines())

    def assert_finishes_exactly(self, cluster, job):
        """Each number once to the outside and in the state, whichever programs have counted."""
        cluster.wait_state(job, "FINISHED", timeout=120)
        self.assertEqual(cluster.get("/joboverview")["running"], [])
        self.assertEqual(self.lines(self.out / "text"), collections.Counter(map(str, range(COUNT))))
        counts = collections.defaultdict(int)
        for file in (self.out / "counts").iterdir():
            for key, count in (line.split() for line in file.read_text().splitlines()):
                counts[int(key)] = max(counts[int(key)], int(count))  # At another parallelism, several remember a key.
        self.assertEqual(counts, {key: COUNT // KEYS for key in range(KEYS)})

    def assert_unaware(self, cluster, job):
        self.assertEqual([one["jid"] for one in cluster.get("/joboverview")["running"]], [job])
        cluster.wait_running(job)
        self.assertEqual(cluster.restarts(job), self.attempt)

    def assert_said(self, text, *beginnings):
        """Lines that begin so, in this order, each once."""
        lines = text.splitlines()
        found = [[at for at, line in enumerate(lines) if line.startswith(begin)] for begin in beginnings]
        self.assertTrue(all(len(at) == 1 for at in found), f"{found} of {beginnings} in:\n{text}")
        self.assertEqual(found, sorted(found), text)

    def sentence(self, failed):
        """A failure is one line."""
        self.assertEqual(failed.returncode, 1, failed.stdout + failed.stderr)
        lines = [line for line in failed.stderr.splitlines() if line.startswith("weir: ")]
        self.assertEqual(len(lines), 1, failed.stderr)
        return lines[0]


class UpgradeTest(UpgradeCase):
    # ---- another program takes over

    def test_another_program_goes_on_with_the_state_as_it_is_and_with_what_was_committed(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            cluster.wait_checkpoints(job, 2)
            done = self.upgrade(cluster, job, "-p", 3)
            old, new, down = DOWN.search(done.stdout).groups()
            self.assertEqual(old, job)
            self.assertIn(f"Job has been submitted with JobID {new}\n", done.stdout)
            self.assertIn("Restored:", done.stderr)
            self.assert_said(
                done.stderr,
                f"Upgrading job {job}.",
                f"Checking whether 'New' can go on with what job {job} remembers.",
                f"Stopping job {job} ('Old') with a savepoint.",
                f"The sources of job {job} ('Old') have stopped; it commits what it wrote.",
                f"It has stopped. Starting the new program as job {new} ('New').",
                "The new program was accepted; its tasks are being started.",
            )
            self.assertEqual(done.stdout.count("Savepoint completed. Path: "), 1)
            self.assertLess(int(down), 10_000)
            self.assertEqual(cluster.job(job)["state"], "FINISHED")
            self.assertEqual(cluster.job(new)["name"], "New")
            self.assertEqual(cluster.job(new)["vertices"][0]["parallelism"], 3)
            path = re.search(r"^Savepoint completed\. Path: (\S+)$", done.stdout, re.M).group(1)
            self.assertTrue(path.startswith(f"file:{cluster.savepoints}/savepoint-"), path)
            self.assert_finishes_exactly(cluster, new)
            cluster.weir("savepoint", "-d", path)

    def test_the_first_checkpoint_of_the_next_program_waits_for_no_interval(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            done = self.upgrade(cluster, job, interval=3_600_000)
            new = DOWN.search(done.stdout).group(2)
            cluster.wait_checkpoints(new, 1)  # What HTTP shows may be some milliseconds old.
            cluster.weir("cancel", new)
            cluster.wait_state(new, "CANCELED")

    def test_without_a_journal_and_a_directory_the_savepoint_is_on_the_heap(self):
        conf = {"recovery.mode": None, "recovery.filesystem.dir": None, "savepoints.state.backend": None}
        with self.cluster(conf={**conf, "savepoints.state.backend.fs.dir": None}) as cluster:
            job = self.start(cluster)
            done = json.loads(self.upgrade(cluster, job, "--json").stdout)
            self.assertTrue(done["path"].startswith("jobmanager://savepoints/"), done)
            self.assertEqual(done["upgraded"], job)
            self.assertGreater(done["down-time-ms"], 0)
            self.assertTrue(done["restored"])
            self.assertEqual(cluster.job(done["jobid"])["vertices"][0]["parallelism"], 2)  # As it was.
            self.assert_finishes_exactly(cluster, done["jobid"])

    def test_with_a_journal_and_no_directory_the_savepoint_outlives_the_job_manager(self):
        conf = {"savepoints.state.backend": None, "savepoints.state.backend.fs.dir": None}
        with self.cluster(conf=conf) as cluster:
            cluster.restart_jobmanager(crash_at="upgrade.start")
            job = self.start(cluster)
            client = self.begin_upgrade(cluster, job, "--json")
            cluster.wait_killed("upgrade.start")
            cluster.restart_jobmanager()
            told, said = client.communicate(timeout=90)
            self.assertEqual(client.returncode, 0, said)
            self.assertTrue(json.loads(told)["path"].startswith(f"file:{cluster.checkpoints}/savepoint-"), told)
            self.assert_finishes_exactly(cluster, json.loads(told)["jobid"])

    def test_an_upgrade_goes_on_when_its_client_has_died(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            client = self.begin_upgrade(cluster, job)
            wait_for("it begins", lambda: "upgrade begins" in cluster.jobmanager.log.read_text())
            client.kill()
            client.communicate()
            wait_for("the other one runs", lambda: self.job_of(cluster, "New"), timeout=60)
            self.assert_finishes_exactly(cluster, self.job_of(cluster, "New"))
            self.assertEqual(cluster.job(job)["state"], "FINISHED")

    def test_what_the_next_program_drops_is_said(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            cluster.wait_checkpoints(job, 1)
            done = self.upgrade(cluster, job, "--drop", "count/seen", state="other", out=self.out / "none")
            self.assertIn("Dropped:", done.stderr)
            self.assertTrue(DOWN.search(done.stdout))

    # ---- refused

    def test_a_program_that_does_not_fit_is_refused_before_the_job_is_stopped(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            cluster.wait_checkpoints(job, 2)
            refused = self.upgrade(cluster, job, state="other", check=False)
            self.assertIn(f"weir: upgrade {job}: ", self.sentence(refused))
            self.assertIn("seen", refused.stderr)
            self.assert_unaware(cluster, job)
            self.assertFalse(cluster.savepoints.exists() and any(cluster.savepoints.iterdir()))
            self.assertNotIn("upgrade begins", cluster.jobmanager.log.read_text())
            for options, why in ((("-p", 8), "slots"), (("--drop", "nobody"), "nobody")):
                self.assertIn(why, self.upgrade(cluster, job, *options, check=False).stderr)
            self.assertIn("checkpointing is disabled", self.upgrade(cluster, job, interval=0, check=False).stderr)
            self.assert_unaware(cluster, job)
            self.assert_finishes_exactly(cluster, job)

    def test_a_program_that_does_not_fit_the_savepoint_of_the_stop_leaves_the_job_running(self):
        with self.cluster() as cluster:
            job = self.start(cluster, interval=3_600_000)
            refused = self.upgrade(cluster, job, state="other", check=False)
            self.assertIn("seen", refused.stderr)
            self.assertEqual(refused.returncode, 1)
            self.assert_unaware(cluster, job)
            self.assertEqual(cluster.files(cluster.savepoints), [])
            self.assert_finishes_exactly(cluster, job)

    # ---- the old program goes on

    def test_when_the_next_program_crashes_the_old_one_runs_again_with_its_state(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            cluster.wait_checkpoints(job, 2)
            failed = self.upgrade(cluster, job, misbehave="segfault-in-open", check=False)
            said = self.sentence(failed)
            self.assertIn("upgrade.restarts", said)
            self.assertIn("SIGSEGV", said)
            new, old = self.job_of(cluster, "New"), self.job_of(cluster, "Old")
            self.assertIn(new, said)
            self.assertIn(old, said)
            self.assert_said(
                failed.stderr,
                f"Stopping job {job} ('Old') with a savepoint.",
                f"It has stopped. Starting the new program as job {new} ('New').",
                f"Going back to the old program: job {new} ('New') ",
                f"Starting the old program again as job {old} ('Old').",
                "weir: upgrade ",
            )
            self.assertNotEqual(old, job)
            self.assertEqual(cluster.job(new)["state"], "CANCELED")
            self.assert_finishes_exactly(cluster, old)

    def test_when_the_next_program_completes_no_checkpoint_in_time_the_old_one_runs_again(self):
        with self.cluster() as cluster:
            job = self.start(cluster)
            options = ("--json", "-D", "upgrade.timeout=2s")
            # Barriers stand behind what an unbounded source has sent, each record of which takes a tenth of a second.
            failed = self.upgrade(cluster, job, *options, slow=100_000, rate=0, check=False)
            self.assertEqual(failed.returncode, 1)
            told = json.loads(failed.stdout)
            self.assertIn("no checkpoint within upgrade.timeout (2 s)", told["error"]["message"])
            self.assertEqual(told["failed"], self.job_of(cluster, "New"))
            self.assertEqual(told["jobid"], self.job_of(cluster, "Old"))
            self.assert_finishes_exactly(cluster, told["jobid"])


class UpgradeCrashTest(UpgradeCase):
    """The job manager dies, and the next one goes on."""

    def killed_at(self, cluster, point, **flags):
        """Who asked, when the next job manager has gone on."""
        job = self.start(cluster)
        cluster.restart_jobmanager(crash_at=point)
        cluster.wait_running(job)
        client = self.begin_upgrade(cluster, job, **flags)
        cluster.wait_killed(point)
        cluster.restart_jobmanager()
        told, said = client.communicate(timeout=120)
        return subprocess.CompletedProcess(client.args, client.returncode, told, said)

    def test_the_next_program_takes_over_though_the_job_manager_dies_at_any_step(self):
        for point in TAKES_OVER:
            with self.subTest(point=point), self.cluster() as cluster:
                done = self.killed_at(cluster, point)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_finishes_exactly(cluster, DOWN.search(done.stdout).group(2))

    def test_the_old_program_goes_on_though_the_job_manager_dies_at_any_step(self):
        for point in GOES_BACK:
            with self.subTest(point=point), self.cluster() as cluster:
                done = self.killed_at(cluster, point, misbehave="segfault-in-open")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("the old program goes on as", done.stderr)
                self.assert_finishes_exactly(cluster, self.job_of(cluster, "Old"))


if __name__ == "__main__":
    unittest.main()
