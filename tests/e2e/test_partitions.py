"""A leading job manager that the network cuts off from ZooKeeper, or from its task managers, each a machine of its own."""

import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

from cluster import ROOT, Daemon, wait_for
from high_availability import SESSION, HighAvailability, Master
from jobs_build import build
from private_network import PrivateNetwork
from test_jobs import counts_in, expected

sys.path.append(str(ROOT / "tests" / "services"))  # Behind: a test there has the name of one here.
import services  # noqa: E402

HEARTBEAT = 2.0  # Seconds until who is silent is lost.


class Machines(HighAvailability):
    """Every daemon on a machine of its own; the test and its command line on another one, which is never cut off."""

    def __init__(self, network, *arguments, **more):
        self.network = network
        self.of_masters = [network.machine("jobmanager") for _ in range(2)]
        self.of_task_managers = [network.machine("taskmanager") for _ in range(2)]
        super().__init__(*arguments, **more)
        self.conf["jobmanager.rpc.address"] = self.of_masters[0].address

    def start_master(self, crash_at=None, quorum=None):
        machine = self.of_masters[len(self.masters)]
        with self.network.on(machine):
            master = Master(self, f"jobmanager-{len(self.masters) + 1}", crash_at, quorum=quorum, host=machine.address)
        master.machine = machine
        self.masters.append(master)
        if len(self.masters) == 1:
            self.conf["jobmanager.rpc.port"] = master.rpc_port
            self.write_conf()
        return master

    def start_taskmanager(self, *arguments):
        machine = self.of_task_managers[self.started]
        self.started += 1
        with self.network.on(machine):
            daemon = Daemon(
                f"taskmanager-{self.started}",
                [self.dist / "bin" / "weir-taskmanager", "-D", f"taskmanager.hostname={machine.address}", *arguments],
                self.folder, self.environment(),
            )
        self.taskmanagers.append(daemon)
        return daemon


class PartitionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.counting = build("counting") / "counting"
        cls.network = PrivateNetwork(cls)
        cls.zookeeper = cls.network.machine("zookeeper")
        with cls.network.on(cls.zookeeper):
            cls.ensemble = services.ZooKeeper(cls, servers=3, WEIR_SERVICES_HOST=cls.zookeeper.address)

    def cluster(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ha-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.addCleanup(self.network.heal)
        conf = {"heartbeat.interval": "500 ms", "heartbeat.timeout": f"{int(HEARTBEAT * 1000)} ms"}
        return Machines(self.network, self.ensemble, folder, conf=conf)

    def count(self, cluster, count):
        out = cluster.folder / "out"
        job = cluster.run_detached(self.counting, "--count", count, "--rate", 1000, "--out", out, options=("-p", 2))
        cluster.wait_running(job)
        cluster.wait_checkpoints(job, 2)
        return job, out

    def assert_counted(self, cluster, job, out, count, epochs):
        cluster.wait_state(job, "FINISHED", timeout=60)
        self.assertEqual(counts_in(out), expected(count, 100))
        self.assertEqual(cluster.check_history(), epochs)
        cluster.wait_nothing_left()

    def test_a_leader_that_zookeeper_does_not_hear_is_followed_by_the_other_one_which_alone_is_obeyed(self):
        with self.cluster() as cluster:
            job, out = self.count(cluster, 16000)
            first = cluster.wait_leader()
            cut = time.monotonic()
            self.network.cut([first.machine], [self.zookeeper])
            second = cluster.wait_leader(but=first)
            took = cluster.wait_next_checkpoint(job) - cut
            print(f"from the cut to the next completed checkpoint: {took:.2f} s, session {SESSION} s")
            self.assertLess(took, SESSION + 3)
            # Task managers still hear the first one, which has fallen silent by itself.
            self.assertIn("does not lead any more", first.log.read_text())
            self.assertTrue(first.waits())
            self.assertIsNone(first.process.poll())
            self.network.heal()
            wait_for("it knows who leads", lambda: "waits as standby" in first.log.read_text())
            self.assertTrue(second.leads())
            self.assertEqual(cluster.restarts(job), 0)
            self.assert_counted(cluster, job, out, 16000, [1, 2])

    def test_a_leader_that_loses_its_task_managers_alone_goes_on_leading_and_restarts_the_job_when_they_are_back(self):
        with self.cluster() as cluster:
            job, out = self.count(cluster, 8000)
            first = cluster.wait_leader()
            self.network.cut([first.machine], cluster.of_task_managers)
            wait_for("they are lost to it", lambda: cluster.overview()["taskmanagers"] == 0)
            lost = rf"task manager on ({'|'.join(one.address for one in cluster.of_task_managers)}) was lost: no heartbeat for 2000 ms"
            wait_for("it says why the job waits", lambda: re.search(lost, cluster.weir("list").stdout))
            self.assertRegex(cluster.get(f"/jobs/{job}/exceptions")["root-exception"], lost)
            for one in cluster.taskmanagers:
                wait_for(f"{one.name} knows", lambda: "lost the job manager, what runs goes on" in one.log.read_text())
            time.sleep(SESSION + HEARTBEAT)  # Longer than anybody would need to take the lead.
            self.assertIs(cluster.leader(), first)
            self.assertIn("no task manager is registered", " ".join(cluster.weir("list").stdout.split()))
            self.network.heal()
            healed = time.monotonic()
            cluster.wait_task_managers()
            cluster.wait_running(job)
            print(f"from healing to the running job: {time.monotonic() - healed:.2f} s")
            self.assertEqual(cluster.restarts(job), 1)
            self.assert_counted(cluster, job, out, 8000, [1])


if __name__ == "__main__":
    unittest.main()
