"""Job managers, task managers and ZooKeeper servers that are killed and frozen at random, while one job counts.

    WEIR_HA_SECONDS=1800 WEIR_HA_SEED=7 tests/run_python.py tests/e2e HighAvailabilitySoakTest    # default: 40 s
"""

import os
import pathlib
import random
import shutil
import sys
import tempfile
import time
import unittest

from cluster import ROOT, wait_for
from high_availability import SESSION, HighAvailability
from jobs_build import build
from test_jobs import counts_in, expected

sys.path.insert(0, str(ROOT / "tests" / "services"))
import services  # noqa: E402

SECONDS = int(os.environ.get("WEIR_HA_SECONDS", "40"))
SEED = int(os.environ.get("WEIR_HA_SEED", "1"))
RATE = 500


class HighAvailabilitySoakTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = services.ZooKeeper(cls, servers=3)
        cls.counting = build("counting") / "counting"

    # Each returns what makes whole again what it broke.

    def kill_leader(self, cluster):
        cluster.kill(cluster.wait_leader(timeout=60))

    def kill_standby(self, cluster):
        leader = cluster.wait_leader(timeout=60)
        cluster.kill(self.random.choice([one for one in cluster.living() if one is not leader]))

    def freeze_leader(self, cluster):
        leader = cluster.wait_leader(timeout=60)
        leader.freeze()
        time.sleep(SESSION * self.random.uniform(0.5, 2))
        leader.thaw()

    def freeze_server(self, _):
        server = self.random.randrange(3)
        self.ensemble.only("freeze", server)
        time.sleep(self.random.uniform(0.5, 3))
        self.ensemble.only("thaw", server)

    def kill_server(self, _):
        server = self.random.randrange(3)
        self.ensemble.only("kill", server)
        self.ensemble.only("start", server)

    def kill_task_manager(self, cluster):
        victim = self.random.choice([one for one in cluster.taskmanagers if one.process.poll() is None])
        victim.kill()
        cluster.start_taskmanager()

    def test_the_output_is_exact_and_nobody_obeyed_two_whatever_is_killed_and_frozen(self):
        self.random = random.Random(SEED)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ha-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        faults = (self.kill_leader, self.kill_standby, self.freeze_leader, self.freeze_server, self.kill_server,
                  self.kill_task_manager)
        with HighAvailability(self.ensemble, folder, task_managers=3) as cluster:
            out = folder / "out"
            count = 2 * RATE * SECONDS
            job = cluster.run_detached(
                self.counting, "--count", count, "--rate", RATE, "--out", out, options=("-p", 2)
            )
            cluster.wait_running(job)
            met = []
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                fault = self.random.choice(faults)
                met.append(fault.__name__)
                fault(cluster)
                cluster.wait_leader(timeout=60)
                cluster.wait_next_checkpoint(job, timeout=90)
            print(f"seed {SEED}: {' '.join(met)}")
            wait_for("all is counted", lambda: out.exists() and counts_in(out) == expected(count, 100), 120 + SECONDS)
            epochs = cluster.check_history()
            print(f"epochs that were obeyed: {epochs}")
            cluster.wait_nothing_left(timeout=60)


if __name__ == "__main__":
    unittest.main()
