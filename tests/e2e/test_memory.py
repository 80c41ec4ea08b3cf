"""State in the job manager's memory: bounded, counted, and given back."""

import pathlib
import re
import threading
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

MIB = 1 << 20
SUBTASKS = 4
STATE = 16 * MIB  # Of all subtasks.
HEAVY = ("--bytes", STATE // SUBTASKS, "--interval", 300)


def resident(daemon):
    """What of a daemon is in memory, in bytes."""
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


class Peak(threading.Thread):
    """The most that a daemon ever had in memory while this ran."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.watched = daemon
        self.bytes = 0
        self.failure = None
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        if self.failure is not None:
            raise AssertionError(f"{self.watched.name} could not be watched") from self.failure

    def run(self):
        try:
            while not self.ended.wait(0.02):
                self.bytes = max(self.bytes, resident(self.watched))
        except Exception as failure:  # Raised again by whoever waits for us.
            self.failure = failure


class JobManagerMemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("heavy", "counting")

    def run_heavy(self, cluster):
        return cluster.run_detached(self.jobs / "heavy", *HEAVY, options=("-p", SUBTASKS))

    def test_stays_within_a_few_times_the_state_and_is_given_back(self):
        with Cluster(slots=SUBTASKS, conf={"state.backend": "jobmanager"}) as cluster:
            idle = resident(cluster.jobmanager)
            with Peak(cluster.jobmanager) as peak:
                job = self.run_heavy(cluster)
                cluster.wait_checkpoints(job, 30, timeout=120)
                cluster.weir("cancel", job)
            self.assertLess(peak.bytes, idle + 5 * STATE)
            wait_for(
                "memory is given back",
                lambda: resident(cluster.jobmanager) < idle + STATE // 2,
                timeout=30,
            )

    def test_declines_what_exceeds_the_limit_and_hurts_nobody_else(self):
        conf = {"state.backend": "jobmanager", "jobmanager.state.max-size": "20 mb"}
        with Cluster(slots=SUBTASKS + 1, conf=conf) as cluster:
            heavy = self.run_heavy(cluster)
            cluster.wait_checkpoints(heavy, 1)

            def declined():
                lines = cluster.jobmanager.log.read_text().splitlines()
                return [line for line in lines if "checkpoint failed" in line]

            (sentence, *_) = wait_for("a checkpoint is declined", declined)
            wait_for("it is shown", lambda: cluster.get(f"/jobs/{heavy}/checkpoints")["failed"] > 0)
            for word in (
                "declined by task",
                "state of operator 'Heavy'",
                f"job {heavy}",
                "jobmanager.state.max-size allows 20971520",
                "set state.backend: filesystem, or raise jobmanager.state.max-size",
            ):
                self.assertIn(word, sentence)
            other = cluster.run_detached(
                self.jobs / "counting", "--count", 1000000, "--rate", 1000, options=("-p", 1))
            cluster.wait_checkpoints(other, 5)  # What was declined holds no room.
            self.assertEqual(cluster.completed_checkpoints(heavy), 1)
            self.assertEqual(cluster.restarts(heavy), 0)
            cluster.weir("cancel", heavy)
            again = self.run_heavy(cluster)
            cluster.wait_checkpoints(again, 1)  # The first one gave its room back.
            cluster.weir("cancel", again)
            cluster.weir("cancel", other)


class WorkerMemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting")

    def test_a_job_over_its_budget_fails_with_what_its_states_held_and_the_daemons_live_on(self):
        with Cluster(slots=1, conf={"taskmanager.slot.memory": "128 mb"}) as cluster:
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 10**9, "--keys", 10**9, "--restart", "none", "--rate", 500_000
            )
            seen = wait_for("its state is counted", lambda: self.states(cluster, job))
            self.assertEqual([(one["operator"], one["name"]) for one in seen], [("Count", "seen")])
            cluster.wait_state(job, "FAILED", timeout=120)
            reason = cluster.get(f"/jobs/{job}/exceptions")["root-exception"]
            self.assertIn("more than the 128 MiB that its 1 slot gives", reason)
            told = re.search(r"of that about (\d+) MiB by state 'seen' of operator 'Count' with (\d+) keys", reason)
            self.assertIsNotNone(told, reason)
            self.assertGreater(int(told[2]), 100_000)
            self.assertIn("raise taskmanager.slot.memory", reason)
            other = cluster.run_detached(self.jobs / "counting", "--count", 1000)
            cluster.wait_state(other, "FINISHED")

    def states(self, cluster, job):
        return [one for vertex in cluster.job(job)["vertices"] for one in vertex["states"] if one["keys"] > 1000]


if __name__ == "__main__":
    unittest.main()
