"""Jobs on real daemons: they run, are listed, cancelled, fail with a cause, and leave nothing."""

import json
import os
import re
import signal
import subprocess
import unittest

from cluster import EXAMPLES, Cluster, wait_for
from jobs_build import build


def counts_in(directory):
    """key -> count over all files that LastCounts wrote."""
    found = {}
    for file in directory.iterdir():
        for line in file.read_text().splitlines():
            key, count = line.split()
            assert key not in found, f"key {key} stands in two subtasks"
            found[key] = int(count)
    return found


def expected(count, keys):
    return {str(k): len(range(k, count, keys)) for k in range(min(keys, count))}


class JobsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()
        cls.cluster = Cluster(task_managers=2, slots=2)
        cls.cluster.start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def out(self):
        return self.cluster.folder / f"out-{self.id().rsplit('.', 1)[1]}"

    def free_again(self):
        wait_for("all slots free", lambda: self.cluster.overview()["slots-available"] == 4)

    def test_counts_every_record_once_over_two_task_managers(self):
        done = self.cluster.weir("run", "-p", "4", self.jobs / "counting", "--count", 50000, "--out", self.out())
        self.assertRegex(done.stdout, r"^Job has been submitted with JobID [0-9a-f]{32}\n")
        self.assertRegex(done.stdout, r"(?m)^Job with JobID [0-9a-f]{32} has finished\.$")
        self.assertRegex(done.stdout, r"(?m)^Job Runtime: \d+ ms$")
        self.assertIn("records (LongCounter): 50000", done.stdout)
        self.assertIn("Job execution switched to status FINISHED.", done.stderr)
        self.assertEqual(counts_in(self.out()), expected(50000, 100))
        self.free_again()

    def test_checkpoints_go_on_and_nothing_is_left_after_the_end(self):
        job = self.cluster.run_detached(self.jobs / "counting", "--count", 3000, "--rate", 1000, options=("-p", 2))
        self.cluster.wait_checkpoints(job, 2)
        directory = self.cluster.checkpoints / job
        self.assertTrue(self.cluster.files(directory))
        self.cluster.wait_state(job, "FINISHED")
        wait_for("checkpoint files gone", lambda: not directory.exists())

    def test_only_the_last_checkpoint_is_kept(self):
        job = self.cluster.run_detached(self.jobs / "counting", "--count", 100000, "--rate", 500, options=("-p", 2))
        self.cluster.wait_checkpoints(job, 4)
        wait_for(
            "one completed checkpoint on disk",
            lambda: len(list((self.cluster.checkpoints / job).glob("chk-*/metadata"))) == 1,
        )
        self.cluster.weir("cancel", job)
        self.cluster.wait_state(job, "CANCELED")
        self.free_again()

    def test_list_shows_a_running_job_and_cancel_ends_it(self):
        self.assertIn("No running jobs.", self.cluster.weir("list").stdout)
        job = self.cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 100, "--name", "To be ended")
        self.cluster.wait_running(job)
        line = rf"(?m)^\d\d\.\d\d\.\d{{4}} \d\d:\d\d:\d\d : {job} : To be ended \(RUNNING\)$"
        self.assertRegex(self.cluster.weir("list", "-r").stdout, line)
        listed = json.loads(self.cluster.weir("list", "--json").stdout)
        self.assertEqual([j["jobid"] for j in listed["jobs"]], [job])
        self.cluster.weir("cancel", job)
        self.assertEqual(self.cluster.job(job)["state"], "CANCELED")  # It waits for the end.
        again = self.cluster.weir("cancel", job, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("CANCELED", again.stderr)
        self.free_again()

    def test_a_thrown_exception_fails_the_job_with_type_and_message(self):
        done = self.cluster.weir(
            "run", self.jobs / "counting", "--misbehave", "throw", "--at", 100, "--restart", "none", check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(?m)^weir: .*std::runtime_error: thrown on purpose \(in 'Misbehave', subtask")
        self.assertEqual(done.stderr.count("thrown on purpose"), 1, done.stderr)
        self.free_again()

    def test_a_job_that_restarts_says_how_often_and_why(self):
        done = self.cluster.weir(
            "run", "-D", "restart-strategy=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=2",
            "-D", "restart-strategy.fixed-delay.delay=10 ms",
            self.jobs / "counting", "--misbehave", "throw", "--at", 100, check=False
        )
        self.assertEqual(done.returncode, 1)
        for restart in (1, 2):
            self.assertRegex(done.stderr, rf"(?m)RESTARTING\.\n  restart {restart} in 10 ms: .*thrown on purpose")
        self.assertEqual(done.stderr.count("thrown on purpose"), 3, done.stderr)
        self.free_again()

    def test_list_says_how_long_how_often_restarted_why_and_what_is_waited_for(self):
        job = self.cluster.run_detached(
            self.jobs / "counting", "--misbehave", "throw", "--at", 100,
            options=("-D", "restart-strategy=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=2",
                     "-D", "restart-strategy.fixed-delay.delay=2 s"),
        )
        wait_for("the second failure", lambda: self.cluster.restarts(job) >= 1 and self.cluster.job(job)["state"] == "RESTARTING")
        listed = self.cluster.weir("list").stdout
        self.assertRegex(listed, r"(?m)^    for \d+ s, restarted 1 time, waits to restart in (\d+ ms|\d\.\d s)$")
        self.assertRegex(listed, r"(?m)^    last failure: task ")
        self.assertLessEqual(max(map(len, listed.splitlines())), 100, listed)
        [one] = json.loads(self.cluster.weir("list", "--json").stdout)["jobs"]
        self.assertEqual(one["restarts"], 1)
        self.assertIn("thrown on purpose", one["failure"])
        self.assertGreaterEqual(one["duration"], 2000)
        self.cluster.wait_state(job, "FAILED")
        self.assertRegex(self.cluster.weir("list", "-a").stdout, r"(?m)^    for \d+ s, restarted 2 times$")
        self.free_again()

    def test_what_standard_output_does_not_take_is_a_failure_and_goes_to_standard_error(self):
        def weir(*words):
            with open("/dev/full", "w") as full:
                return subprocess.run(
                    [self.cluster.dist / "bin" / "weir", *map(str, words)],
                    stdout=full, stderr=subprocess.PIPE, text=True, timeout=90, env=self.cluster.environment(),
                )

        for words in (["list"], ["list", "--json"], ["config"], ["--help"]):
            done = weir(*words)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("weir: not all could be written to standard output", done.stderr)
        started = weir("run", "-d", self.jobs / "counting", "--rate", 100)
        self.assertEqual(started.returncode, 1)
        told = re.search(
            r"(?m)^weir: standard output: No space left on device: Job has been submitted with JobID (\w+)$", started.stderr
        )
        self.assertTrue(told, started.stderr)
        self.cluster.weir("cancel", told.group(1))
        self.free_again()

    def test_list_names_what_a_job_without_slots_waits_for(self):
        job = self.cluster.run_detached(self.jobs / "counting", "--count", 10, "--rate", 1, options=("-p", 100))
        listed = wait_for("it is listed", lambda: [line for line in self.cluster.weir("list").stdout.splitlines() if "waits for slots" in line])
        self.assertIn("for slots", listed[0])
        self.cluster.weir("cancel", job)
        self.cluster.wait_state(job, "CANCELED")

    def test_a_crash_outside_of_records_names_its_operator(self):
        done = self.cluster.weir(
            "run", self.jobs / "counting", "--misbehave", "segfault-in-open", "--restart", "none", check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\(SIGSEGV\) in operator 'Misbehave' after 0 records")
        self.free_again()

    def test_who_follows_a_job_without_slots_is_told_once_what_it_waits_for(self):
        done = self.cluster.weir("run", "-p", 100, self.jobs / "counting", "--count", 10, check=False)
        self.assertEqual(done.returncode, 1)
        told = [line for line in done.stderr.splitlines() if line.startswith("The job waits for slots: ")]
        self.assertEqual(len(told), 1, done.stderr)
        self.assertIn("it needs 100", told[0])
        calm = self.cluster.weir("run", self.jobs / "counting", "--count", 400, "--rate", 100)
        self.assertNotIn("waits", calm.stderr, "a job that runs for four seconds waits for nothing")
        self.free_again()

    def test_list_shows_the_first_sentence_of_a_crash_whole_and_says_that_it_forgets(self):
        for _ in range(5):
            self.cluster.weir(
                "run", self.jobs / "counting", "--misbehave", "segfault", "--at", 5, "--restart", "none", check=False
            )
        listed = self.cluster.weir("list", "-a").stdout
        failures = re.sub(r"\n    (?! )", " ", listed)
        self.assertRegex(failures, r"in operator 'Misbehave' after \d+ records?\b")
        self.assertNotRegex(failures, r"(?m):$")
        self.assertNotIn("standard error", failures)
        self.assertIn("The job manager forgets older ended jobs (jobmanager.web.history).", listed)
        self.assertNotIn("remembers", self.cluster.weir("list").stdout)
        self.free_again()

    def test_a_crash_names_the_signal_and_the_last_words_and_hurts_nobody_else(self):
        other = self.cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 100)
        self.cluster.wait_running(other)
        done = self.cluster.weir(
            "run", self.jobs / "counting", "--misbehave", "segfault", "--at", 100, "--restart", "none", check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"signal 11 \(SIGSEGV\)|SIGSEGV")
        self.assertIn("about to crash on purpose", done.stderr)
        self.assertRegex(done.stderr, r"\(SIGSEGV\) in operator 'Misbehave' after \d+ records")
        self.assertIn("libc.so.6(", done.stderr, "the stack")
        self.assertEqual(self.cluster.job(other)["state"], "RUNNING")
        self.cluster.weir("cancel", other)
        self.cluster.wait_state(other, "CANCELED")
        self.free_again()

    def test_an_exit_in_a_function_names_the_status(self):
        done = self.cluster.weir(
            "run", self.jobs / "counting", "--misbehave", "exit", "--at", 100, "--restart", "none", check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("status 7", done.stderr)
        self.assertIn("last words", done.stderr)
        self.free_again()

    def test_a_failed_task_is_restarted_from_its_checkpoint_and_the_result_is_exact(self):
        marker = self.cluster.folder / "failed-once"
        self.cluster.weir(
            "run", "-p", 2, self.jobs / "counting", "--count", 4000, "--rate", 2000, "--misbehave", "segfault",
            "--at", 2500, "--marker", marker, "--out", self.out(),
        )
        self.assertTrue(marker.exists())
        self.assertEqual(counts_in(self.out()), expected(4000, 100))
        self.free_again()

    def test_a_function_that_spins_is_killed_on_cancel(self):
        self.cluster.weir("config", "task.cancellation.timeout", check=False)
        job = self.cluster.run_detached(
            self.jobs / "counting", "--misbehave", "spin", "--at", 10,
            options=("-D", "task.cancellation.timeout=1 s"),
        )
        self.cluster.wait_running(job)
        where = r"did not obey the cancel (.|\n)*weir: task '.*' is in operator 'Misbehave' after"
        done = self.cluster.weir("cancel", job)
        self.assertRegex(done.stdout + done.stderr, where)
        self.cluster.wait_state(job, "CANCELED", timeout=40)
        self.assertRegex(self.cluster.get(f"/jobs/{job}/exceptions")["root-exception"], where)
        logs = "".join(daemon.log.read_text() for daemon in self.cluster.taskmanagers)
        self.assertRegex(logs, r"did not obey the cancel .*weir: task '.*' is in operator 'Misbehave' after")
        self.free_again()

    def test_another_graph_on_the_worker_is_refused_by_name(self):
        done = self.cluster.weir(
            "run", self.jobs / "counting", "--differs", "yes", check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("Misbehave", done.stderr)
        self.assertIn("another-uid", done.stderr)
        self.free_again()

    def test_print_reaches_the_task_managers_output(self):
        self.cluster.weir("run", self.jobs / "contract_example")
        lines = [
            line
            for daemon in self.cluster.taskmanagers
            for line in daemon.out.read_text().splitlines()
            if "word" in line
        ]
        self.assertEqual(len(lines), 60)
        self.assertTrue(all(re.fullmatch(r"[12]> word[0-2]=\d+", line) for line in lines), lines[:3])
        self.assertEqual(
            sorted(int(line.split("=")[1]) for line in lines if "word0=" in line), list(range(1, 21))
        )

    def test_killed_worker_and_task_manager_lose_nothing(self):
        out = self.out()
        with Cluster(task_managers=3, slots=1) as cluster:
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 12000, "--rate", 1500, "--out", out, options=("-p", 2)
            )
            cluster.wait_checkpoints(job, 2)
            os.kill(cluster.workers()[0], signal.SIGKILL)
            before = cluster.completed_checkpoints(job)
            cluster.wait_checkpoints(job, before + 2)
            busy = next(d for d in cluster.taskmanagers if cluster.workers(d))
            busy.kill()
            cluster.wait_state(job, "FINISHED")
            self.assertEqual(counts_in(out), expected(12000, 100))
            self.assertRegex(cluster.weir("list", "-a").stdout, r"(?m)^    last failure: ")


if __name__ == "__main__":
    unittest.main()
