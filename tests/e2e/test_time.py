"""Event time: watermarks, timers and side outputs of jobs that are stopped, restored, rescaled and killed."""

import collections
import json
import os
import re
import signal
import time
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

KEYS = 7
ROCKS = ("-D", "state.backend=rocksdb", "-D", "state.backend.rocksdb.cache-memory=64 kb")


def lines(path):
    found = []
    if path.is_file():
        found = path.read_text().split("\n")
    elif path.is_dir():
        for file in path.iterdir():
            if file.is_file() and not file.name.startswith((".", "_")):
                found += file.read_text().split("\n")
    return [line for line in found if line]


def expected(count, keys=KEYS):
    """How many events of each key happen in each second, computed here."""
    counts = collections.Counter()
    for i in range(count):
        when = -5000 + 10 * i + (i * 7919 % 101) - 50
        counts[(i % keys, when // 1000)] += 1
    return sorted(f"{key} {second} {number}" for (key, second), number in counts.items())


class TimeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("eventtime")

    def start(self, cluster, *arguments, keys=KEYS, options=()):
        return cluster.run_detached(self.jobs / "eventtime", "--keys", keys, *arguments, options=options)

    def stop(self, cluster, job):
        done = cluster.weir("stop", "-p", cluster.savepoints, job)
        self.assertEqual(cluster.job(job)["state"], "FINISHED")
        return re.search(r"^Savepoint completed\. Path: (\S+)$", done.stdout, re.M).group(1)

    def check_counts(self, count, *outs, keys=KEYS):
        found = [line for out in outs for line in lines(out)]
        self.assertEqual(sorted(found), expected(count, keys))
        odd = [line for out in outs for line in lines(out.with_name(out.name + "-odd"))]
        self.assertEqual(sorted(map(int, odd)), list(range(1, count, 2)))

    def test_every_second_of_every_key_fires_once_through_two_failures(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            out = cluster.folder / "out"
            job = self.start(cluster, "--count", 4000, "--rate", 500, "--out", out, options=("-p", 3))
            cluster.wait_running(job)
            for restart in range(1, 3):
                before = cluster.completed_checkpoints(job)
                wait_for("lines", lambda: lines(out))
                cluster.wait_checkpoints(job, before + 2)
                os.kill(cluster.workers()[0], signal.SIGKILL)
                wait_for("the job restarted", lambda: cluster.restarts(job) >= restart)
                cluster.wait_running(job)
            cluster.wait_state(job, "FINISHED")
            self.check_counts(4000, out)

    def stopped_and_rescaled(self, keys, *options):
        with Cluster(task_managers=2, slots=2) as cluster:
            first, second = cluster.folder / "first", cluster.folder / "second"
            more = ("--count", 4000, "--rate", 800)
            job = self.start(cluster, *more, "--out", first, keys=keys, options=("-p", 2, *options))
            wait_for("seconds are counted", lambda: len(lines(first)) > 10)
            path = self.stop(cluster, job)
            shown = cluster.weir("savepoint", "inspect", path).stdout
            self.assertRegex(shown, r"state 'event-time-timers', timer: [1-9]")
            dumped = cluster.weir("savepoint", "inspect", path, "--dump", "seconds/event-time-timers").stdout
            timers = [time for line in dumped.splitlines() for time in json.loads(line)["value"]]
            self.assertTrue(timers)
            self.assertEqual({time % 1000 for time in timers}, {999})
            job = self.start(cluster, *more, "--out", second, keys=keys, options=("-p", 3, "-s", path, *options))
            cluster.wait_state(job, "FINISHED")
            self.check_counts(4000, first, second, keys=keys)

    def test_timers_are_in_a_savepoint_and_fire_at_another_parallelism(self):
        self.stopped_and_rescaled(KEYS)

    def test_keys_with_timers_lie_in_rocksdb_and_come_back_when_these_fire(self):
        self.stopped_and_rescaled(1999, *ROCKS)

    def test_a_savepoint_of_one_backend_restores_its_timers_in_the_other(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            first, second = cluster.folder / "first", cluster.folder / "second"
            more = ("--count", 3000, "--rate", 800)
            job = self.start(cluster, *more, "--out", first, options=("-p", 2))
            wait_for("seconds are counted", lambda: len(lines(first)) > 10)
            path = self.stop(cluster, job)
            job = self.start(cluster, *more, "--out", second, options=("-p", 1, "-s", path, *ROCKS))
            cluster.wait_state(job, "FINISHED")
            self.check_counts(3000, first, second)

    def test_broadcast_state_is_kept_once_and_known_to_every_subtask_after_a_restore(self):
        with Cluster(task_managers=2, slots=2) as cluster:
            more = ("--mode", "rules", "--count", 2000, "--rate", 400)
            job = self.start(cluster, *more, "--out", cluster.folder / "0", options=("-p", 2))
            wait_for("all rules are known", lambda: any(" 3 " in line for line in lines(cluster.folder / "0")))
            path = self.stop(cluster, job)
            shown = cluster.weir("savepoint", "inspect", path).stdout
            self.assertRegex(shown, r"state 'rules', operator list: 3 entries")
            for parallelism in (2, 3, 1):
                with self.subTest(parallelism):
                    out = cluster.folder / str(parallelism)
                    job = self.start(cluster, *more, "--out", out, options=("-p", parallelism, "-s", path))
                    cluster.wait_state(job, "FINISHED")
                    judged = {int(line.split()[0]): line for line in lines(out)}
                    self.assertGreater(len(judged), 100)
                    for number, line in judged.items():
                        fits = sum(number % divisor == 0 for divisor in (2, 3, 5))
                        self.assertEqual(line, f"{number} 3 {fits}")

    def test_nobody_waits_for_a_source_that_says_that_it_is_idle(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            out = cluster.folder / "out"
            job = self.start(cluster, "--count", 100000, "--rate", 2000, "--idle", 1, "--out", out, options=("-p", 2))
            wait_for("seconds are counted", lambda: len(lines(out)) > 20)
            cluster.weir("cancel", job)
            whole = set(expected(100000))
            self.assertTrue(set(lines(out)) <= whole)

    def test_a_timer_of_the_clock_fires_at_once_where_its_time_has_passed_while_the_job_was_down(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            first, second = cluster.folder / "first", cluster.folder / "second"
            more = ("--mode", "alarms", "--count", 100000, "--rate", 50, "--delay", 10_000)
            job = self.start(cluster, *more, "--out", first, options=("-p", 2))
            cluster.wait_checkpoints(job, 3)
            set_until = time.time()
            path = cluster.savepoint(job)
            cluster.weir("cancel", job)
            self.assertEqual(lines(first), [])
            time.sleep(max(0.0, set_until + 10 - time.time()))
            job = self.start(cluster, *more, "--out", second, options=("-p", 1, "-s", path))
            wait_for("alarms", lambda: len(set(lines(second))) == KEYS, timeout=9.5)
            cluster.weir("cancel", job)

    def test_misuse_fails_the_job_with_a_sentence(self):
        with Cluster(task_managers=1, slots=4, conf={"restart-strategy": "none"}) as cluster:
            for mode, sentence in (("unkeyed", "stream without key"), ("untimed", "assignTimestampsAndWatermarks")):
                with self.subTest(mode):
                    out = cluster.folder / mode
                    job = self.start(cluster, "--mode", mode, "--out", out)
                    wait_for("the job fails", lambda: cluster.job(job)["state"] == "FAILED")
                    self.assertIn(sentence, cluster.get(f"/jobs/{job}/exceptions")["root-exception"])


if __name__ == "__main__":
    unittest.main()
