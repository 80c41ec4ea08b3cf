"""The time of day jumps by an hour, forwards and back, at a daemon or a command: nothing but dates may tell."""

import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

from cluster import ROOT, wait_for
from faults import Faults
from high_availability import SESSION, HighAvailability, Master
from jobs_build import build
from test_jobs import counts_in, expected

sys.path.append(str(ROOT / "tests" / "services"))  # Behind: a test there has the name of one here.
import services  # noqa: E402

HOUR = 3600
INTERVAL = 0.2  # Seconds between checkpoints.
RESTART = 1.0  # Seconds that a job waits before it restarts.
HEARTBEAT = 2.0


class Clocks(HighAvailability):
    """Each daemon, and the commands, with a clock of their own: .clocks, by the daemon's name; "command"."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.clocks = {}
        self.jump("command", 0)

    def of(self, name):
        if name not in self.clocks:
            self.clocks[name] = Faults(self.folder, f"clock-{name}")
        return self.clocks[name]

    def jump(self, name, seconds):
        self.of(name).set(clock_shift=seconds)

    def start_master(self, crash_at=None, quorum=None):
        name = f"jobmanager-{len(self.masters) + 1}"
        master = Master(self, name, variables=self.of(name).environment())
        self.masters.append(master)
        if len(self.masters) == 1:
            self.rpc_port = self.conf["jobmanager.rpc.port"] = master.rpc_port
            self.write_conf()
        return master

    def start_taskmanager(self, *arguments):
        self.daemon_env = self.of(f"taskmanager-{self.started + 1}").environment()
        return super().start_taskmanager(*arguments)

    def command(self, *words, **more):
        return self.weir(*words, env=self.of("command").environment(), **more)


class ClockJumpsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = services.ZooKeeper(cls)
        cls.counting = build("counting") / "counting"

    def cluster(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ha-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        conf = {
            "heartbeat.interval": "500 ms", "heartbeat.timeout": f"{int(HEARTBEAT * 1000)} ms",
            "restart-strategy": "fixed-delay", "restart-strategy.fixed-delay.attempts": 100,
            "restart-strategy.fixed-delay.delay": f"{int(RESTART * 1000)} ms",
        }
        return Clocks(self.ensemble, folder, conf=conf)

    def count(self, cluster):
        """A job that counts until it is told to end."""
        job = cluster.run_detached(
            self.counting, "--count", 10**9, "--rate", 500, "--interval", int(INTERVAL * 1000), options=("-p", 2)
        )
        cluster.wait_running(job)
        cluster.wait_checkpoints(job, 2)
        return job

    def assert_counted(self, cluster, job):
        """It has counted each number once, and is gone."""
        cluster.wait_task_managers()
        cluster.wait_running(job)
        path = cluster.savepoint(job)
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")
        out = cluster.folder / "out"
        cluster.weir("run", "-p", 2, "-s", path, self.counting, "--count", 50000, "--out", out)
        self.assertEqual(counts_in(out), expected(50000, 100))
        cluster.weir("savepoint", "-d", path)
        cluster.wait_nothing_left()

    def assert_checkpoints_keep_time(self, cluster, job, seconds):
        """About as many as the interval has room for: none waits for the hour to be over, none hurries."""
        before, began = cluster.completed_checkpoints(job), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        made = cluster.completed_checkpoints(job) - before
        self.assertGreaterEqual(made, passed / INTERVAL / 4)
        self.assertLessEqual(made, passed / INTERVAL + 2)

    def assert_goes_on(self, cluster, job, leader, restarts=0):
        """For longer than a session, heartbeats and leases could outlast."""
        self.assert_checkpoints_keep_time(cluster, job, max(SESSION, HEARTBEAT) + 0.5)
        self.assertTrue(leader.leads())
        self.assertNotIn("does not lead any more", leader.log.read_text())
        self.assertEqual(cluster.overview()["taskmanagers"], 2)
        self.assertEqual(cluster.restarts(job), restarts)

    def test_a_leader_goes_on_leading_and_all_that_it_times_takes_as_long_as_before(self):
        with self.cluster() as cluster:
            job = self.count(cluster)
            leader = cluster.wait_leader()
            paths = []
            for hours in (1, -1):
                cluster.jump(leader.name, hours * HOUR)
                self.assert_goes_on(cluster, job, leader, len(paths))
                # What is dated by it is of use as ever.
                path = cluster.savepoint(job)
                dated = next(one for one in self.listed(cluster) if one["path"] == path)["age"] / 1000
                self.assertLess(abs(dated + hours * HOUR), 60)
                self.assertIn("is intact", cluster.weir("savepoint", "verify", path).stdout)
                paths.append(path)
                # The pause before a restart, into which the jump back falls, is as long as it was.
                os.kill(cluster.workers()[0], signal.SIGKILL)
                wait_for("it restarts", lambda: cluster.run_state(job) == "RESTARTING")
                cluster.jump(leader.name, 0)
                began = time.monotonic()
                wait_for("it runs again", lambda: cluster.restarts(job) == len(paths))
                self.assertLess(time.monotonic() - began, RESTART + 3)
                cluster.wait_running(job)
            self.assertIn(f"{job} : Counting (RUNNING)", cluster.weir("list").stdout)
            for path in paths:
                self.assertIn("disposed", cluster.weir("savepoint", "-d", path).stdout)
            self.assert_counted(cluster, job)
            self.assertEqual(cluster.check_history(), [1])

    def listed(self, cluster):
        return json.loads(cluster.weir("savepoint", "list", "--json").stdout)["savepoints"]

    def test_a_task_manager_and_its_workers_keep_their_leases_and_notice_who_is_silent_in_time(self):
        with self.cluster() as cluster:
            job = self.count(cluster)
            leader = cluster.wait_leader()
            victim = cluster.taskmanagers[0]
            for hours in (1, -1):
                cluster.jump(victim.name, hours * HOUR)
                self.assert_goes_on(cluster, job, leader)
            # It follows the next leaders.
            cluster.kill(leader)
            second = cluster.wait_leader(but=leader)
            cluster.wait_next_checkpoint(job)
            self.assertEqual(cluster.restarts(job), 0)
            second.freeze()
            third = cluster.wait_leader(but=second)
            second.thaw()
            cluster.jump(third.name, -HOUR)
            cluster.wait_next_checkpoint(job)
            # A job manager whose clock went back notices in time who is frozen.
            cluster.taskmanagers[1].process.send_signal(signal.SIGSTOP)
            wait_for("it is lost", lambda: cluster.overview()["taskmanagers"] == 1, HEARTBEAT + 3)
            cluster.taskmanagers[1].process.send_signal(signal.SIGCONT)
            self.assert_counted(cluster, job)

    def test_a_command_whose_clock_is_ahead_or_behind_works_and_takes_no_young_file_for_an_old_one(self):
        with self.cluster() as cluster:
            job = self.count(cluster)
            for hours in (1, -1):
                cluster.jump("command", hours * HOUR)
                self.assertIn(f"{job} : Counting (RUNNING)", cluster.command("list").stdout)
                self.assertNotIn("-", cluster.command("list").stdout.split("Counting (RUNNING)")[1].split("---")[0])
                # No job has claimed it, as when a savepoint is written to a directory of the user's.
                young = self.state_without_metadata(cluster, "savepoint-0123456789ab")
                said = " ".join(cluster.command("fsck", "--repair").stdout.split())
                self.assertRegex(said, "savepoint-0123456789ab .* stays: it is younger than 60 min")
                self.assertTrue(young.exists())
                shutil.rmtree(young.parent)
                path = cluster.command("savepoint", job).stdout.split("Path: ")[1].split()[0]
                cluster.command("savepoint", "-d", path)
            cluster.jump("command", 0)
            old = self.state_without_metadata(cluster, "savepoint-ba9876543210")
            for one in (old, old.parent):
                os.utime(one, (time.time() - 2 * HOUR,) * 2)
            cluster.command("fsck", "--repair")
            self.assertFalse(old.parent.exists())
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.wait_nothing_left()

    def state_without_metadata(self, cluster, name):
        state = cluster.savepoints / name / "0123abcd-0-1-89abcdef"
        state.parent.mkdir(parents=True)
        state.write_text("a savepoint that is being taken")
        return state


if __name__ == "__main__":
    unittest.main()
