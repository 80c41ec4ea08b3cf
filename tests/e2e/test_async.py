"""Asynchronous functions on real daemons: every record is answered once, through savepoints, failures and ends."""

import os
import re
import signal
import unittest

from cluster import Cluster, wait_for
from numbers_job import NumbersJobTest


class AsyncTest(NumbersJobTest):
    program = "asking"
    count = 3000

    @staticmethod
    def line_of(number):
        return f"answer {number}"

    def test_answers_come_in_order_through_savepoints_and_a_worker_that_dies(self):
        with Cluster(task_managers=1, slots=1) as cluster:
            job = self.start_running(cluster, silent=500)
            cluster.wait_checkpoints(job, 5)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            dumped = cluster.weir("savepoint", "inspect", path, "--dump", "asks/async-in-flight").stdout
            self.assertTrue(dumped.splitlines(), "nothing was in flight")
            job = self.start_running(cluster, "-s", path, silent=500)
            cluster.wait_checkpoints(job, 5)
            for worker in cluster.workers():
                os.kill(worker, signal.SIGKILL)
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(self.lines(cluster), [f"answer {i}" for i in range(3000)])

    def test_what_is_in_flight_is_asked_again_at_another_parallelism(self):
        with Cluster(task_managers=2, slots=3) as cluster:
            path = ()
            for parallelism in (2, 5):
                job = self.start_running(cluster, "-p", parallelism, *path, count=4000, ordered=0, rate=300, capacity=200)
                cluster.wait_checkpoints(job, 5)
                path = ("-s", cluster.savepoint(job, cluster.savepoints))
                cluster.weir("cancel", job)
            job = self.start_running(cluster, "-p", 1, *path, count=4000, ordered=0, rate=0)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster, 4000)

    def test_a_slow_service_holds_its_source_back_and_checkpoints_go_on(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 2, count=2000, rate=0, capacity=20, delay=100)
            cluster.wait_checkpoints(job, 3)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster, 2000)

    def test_a_checkpoint_that_a_full_queue_holds_up_says_so(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(
                cluster, "-p", 1, count=1_000_000, rate=0, capacity=5, silent=1, timeout=600_000, apart=1
            )
            full = "the queue of 5 unanswered requests of operator 'Async Wait' is full"

            def said(*which):
                return " ".join(cluster.weir("checkpoints", job, *which).stdout.split())

            wait_for("the reason in the list", lambda: full in said())
            self.assertRegex(said(), r"in progress: .*has taken no input for [0-9.]+ m?s: the queue")
            pending = re.search(r"acknowledged (\d+) ", said()).group(1)
            self.assertIn(full, said(pending))
            cluster.weir("cancel", job)

    def test_a_job_that_is_drained_has_its_answers_and_one_that_is_stopped_asks_again(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 2, count=1_000_000, ordered=0, delay=400)
            wait_for("some answers", lambda: len(self.lines(cluster)) > 100)
            said = cluster.weir("stop", "-p", cluster.savepoints, job).stdout
            stopped = re.search(r"^Savepoint completed\. Path: (\S+)$", said, re.M).group(1)
            cluster.wait_state(job, "FINISHED")
            asked = cluster.weir("savepoint", "inspect", stopped, "--dump", "asks/async-in-flight").stdout.splitlines()
            self.assertTrue(asked)
            before = len(self.lines(cluster))
            job = self.start_running(cluster, "-p", 2, "-s", stopped, count=1_000_000, ordered=0, delay=400)
            wait_for("more answers", lambda: len(self.lines(cluster)) > before + 100)
            cluster.weir("stop", "--drain", "-p", cluster.savepoints, job)
            cluster.wait_state(job, "FINISHED")
            lines = self.lines(cluster)
            numbers = sorted(int(line.split()[1]) for line in lines)
            self.assertEqual(len(numbers), len(set(numbers)), "an answer came twice")
            for subtask in (0, 1):
                mine = [number for number in numbers if number % 2 == subtask]
                self.assertEqual(mine, list(range(subtask, mine[-1] + 1, 2)), "an answer is missing")


if __name__ == "__main__":
    unittest.main()
