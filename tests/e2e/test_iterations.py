"""Iterations on real daemons: every record goes round as often as it has to, through whatever happens to its job."""

import os
import re
import signal
import time
import unittest

from cluster import Cluster, wait_for
from numbers_job import NumbersJobTest

ROCKS = ("-D", "state.backend=rocksdb")
UNALIGNED = ("-D", "execution.checkpointing.unaligned.enabled=true")


def steps_of(number):
    steps = 1
    number = 1 if number <= 1 else number // 2 if number % 2 == 0 else 3 * number + 1
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


class IterationsTest(NumbersJobTest):
    maxDiff = 2000
    program = "iterating"

    @staticmethod
    def line_of(number):
        return f"{number} {steps_of(number + 1)}"

    def test_an_iteration_ends_by_itself_when_its_input_has_and_nothing_is_in_flight(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            job = self.start(cluster, "-p", 3)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster)

    def test_savepoints_hold_what_goes_round_also_for_another_parallelism_and_backend(self):
        with Cluster(task_managers=2, slots=3) as cluster:
            path = ()
            held = 0
            for parallelism, options in ((2, ()), (5, ROCKS), (1, ())):
                job = self.start_running(cluster, "-p", parallelism, *options, *path, count=4000, rate=500)
                cluster.wait_checkpoints(job, 5)
                savepoint = cluster.savepoint(job, cluster.savepoints)
                path = ("-s", savepoint)
                held += len(cluster.weir("savepoint", "inspect", savepoint, "--dump",
                                         "loop/iteration-in-flight").stdout.splitlines())
                held += len(cluster.weir("savepoint", "inspect", savepoint, "--dump",
                                         "loop (feedback)/iteration-in-flight").stdout.splitlines())
                cluster.weir("cancel", job)
            self.assertGreater(held, 0, "nothing was ever in flight")
            job = self.start(cluster, "-p", 4, *path, count=4000)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster, 4000)

    def dies_in_the_middle(self, *options):
        with Cluster(task_managers=2, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 3, *options, count=20_000, rate=700)
            for restart in range(1, 3):
                cluster.wait_checkpoints(job, 4 * restart)
                os.kill(cluster.workers()[0], signal.SIGKILL)
                wait_for("the job restarted", lambda: cluster.restarts(job) >= restart)
                cluster.wait_running(job)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster, 20_000)

    def test_a_failure_repeats_and_loses_nothing(self):
        self.dies_in_the_middle()

    def test_neither_does_one_after_unaligned_checkpoints(self):
        self.dies_in_the_middle(*UNALIGNED)

    def test_a_loop_that_makes_a_thousand_of_each_record_comes_to_no_halt(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, "-p", 2, count=150, fan=10)
            cluster.wait_checkpoints(job, 2)
            cluster.wait_state(job, "FINISHED", 120)
            ends = {}
            for line in self.lines(cluster):
                number, steps = map(int, line.split())
                ends[number] = max(ends.get(number, 0), steps)
            self.assertEqual(ends, {i: 1000 * steps_of(i + 1) for i in range(150)})

    def test_what_comes_back_may_be_of_another_type(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 2, count=3000, rate=800, apart=1, wait=5000)
            cluster.wait_checkpoints(job, 4)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            job = self.start(cluster, "-p", 1, "-s", path, count=3000, apart=1, wait=5000)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster, 3000)

    def test_a_drained_job_has_come_to_the_end_of_its_loop_and_a_stopped_one_goes_on(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 2, count=1_000_000, rate=400)
            wait_for("some are through", lambda: len(self.lines(cluster)) > 100)
            said = cluster.weir("stop", "-p", cluster.savepoints, job).stdout
            cluster.wait_state(job, "FINISHED")
            path = re.search(r"^Savepoint completed\. Path: (\S+)$", said, re.M).group(1)
            before = len(self.lines(cluster))
            job = self.start_running(cluster, "-p", 2, "-s", path, count=1_000_000, rate=400)
            wait_for("more are through", lambda: len(self.lines(cluster)) > before + 100)
            cluster.weir("stop", "--drain", "-p", cluster.savepoints, job)
            cluster.wait_state(job, "FINISHED")
            found = {}
            for line in self.lines(cluster):
                number, steps = map(int, line.split())
                self.assertNotIn(number, found)
                found[number] = steps
            self.assertEqual(found, {number: steps_of(number + 1) for number in found})
            for subtask in (0, 1):
                mine = sorted(number for number in found if number % 2 == subtask)
                self.assertEqual(mine, list(range(subtask, mine[-1] + 1, 2)), "one is in flight still")

    def test_a_loop_without_an_end_cannot_be_drained_which_is_said_within_seconds_and_the_job_goes_on(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start_running(cluster, "-p", 2, count=1_000_000, rate=100, endless=1)
            wait_for("some are through", lambda: len(self.lines(cluster)) > 20)
            start = time.monotonic()
            done = cluster.weir("stop", "--drain", "-p", cluster.savepoints, job, check=False)
            self.assertLess(time.monotonic() - start, 60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("does not run dry", done.stderr)
            self.assertIn("Stop the job without draining it", done.stderr)
            cluster.wait_running(job)
            said = cluster.weir("stop", "-p", cluster.savepoints, job).stdout
            self.assertIn("Savepoint completed", said)
            cluster.wait_state(job, "FINISHED")


if __name__ == "__main__":
    unittest.main()
