"""Clients and connections of the RPC port that mean harm."""

import random
import subprocess
import time
import unittest

from hostile import PREFACE, HostileTest, client_program
from cluster import wait_for


class ConnectionsTest(HostileTest):
    def test_more_silent_connections_than_descriptors_keep_no_client_out(self):
        for _ in range(1500):
            self.connect(self.cluster.rpc_port)
        self.assertIn("Undisturbed", self.cluster.weir("list", timeout=30).stdout)
        self.assertLess(self.usage().descriptors, 600)
        self.wait_logged(self.cluster.jobmanager, "closed a connection that said nothing")

    def test_connections_that_speak_and_stay_are_bounded_and_the_others_told_why(self):
        peers = [self.connect(self.cluster.rpc_port, PREFACE) for _ in range(400)]
        done = self.cluster.weir("list", check=False, timeout=60)
        if done.returncode != 0:  # Those that answer no ping are closed after some seconds.
            self.assertTrue(done.stderr.startswith("weir: "), done.stderr)
        for answer in map(self.read_all, peers[-50:]):
            self.assertIn(b"connections are open", answer)
            self.assertIn(b"jobmanager.rpc.max-connections", answer)
        self.wait_logged(self.cluster.jobmanager, "refused a connection")

    def test_other_protocols_are_closed_at_once(self):
        generator = random.Random(1)
        for text in (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\0" * 100):
            self.assertEqual(self.read_all(self.connect(self.cluster.rpc_port, text)), b"")
        for _ in range(50):
            frames = bytes(generator.randrange(256) for _ in range(200))
            self.read_all(self.connect(self.cluster.rpc_port, PREFACE + frames + bytes(2000)))

    def test_the_log_says_what_another_protocol_began_with(self):
        def say():
            self.assertEqual(self.read_all(self.connect(self.cluster.rpc_port, b"SSH-2.0-x\r\n")), b"")

        self.wait_logged(self.cluster.jobmanager, "127.0.0.1 began with 'SSH-2.0-x", say)


class CallsTest(HostileTest):
    def test_1500_open_uploads_hold_no_threads_and_are_refused_above_the_bound(self):
        threads = self.usual[0].threads
        flood = self.start_hostile("flood", "/weir.v1.JobManager/PutBlob", 1500, 60, 4000, "UPLOAD")
        most = 0
        while flood.poll() is None:
            most = max(most, self.usage().threads)
            time.sleep(0.05)
        ends = dict((text, number) for number, text in self.pairs(flood))
        self.assertLessEqual(ends.pop("open"), 25)
        self.assertTrue(ends)
        for text in ends:
            self.assertIn("transfers of files", text)
        self.assertLess(most, threads + 40)

    def test_sessions_without_registration_are_bounded(self):
        flood = self.start_hostile("flood", "/weir.v1.TaskManagers/Session", 5000, 200, 3000)
        self.assertIn("Undisturbed", self.cluster.weir("list", timeout=60).stdout)
        ends = dict((text, number) for number, text in self.pairs(flood))
        self.assertLessEqual(ends.pop("open"), 1000)
        self.assertTrue(ends)
        for text in ends:
            self.assertIn("calls are open", text)

    def test_a_message_above_the_bound_is_refused(self):
        self.sentences(self.hostile("large", 80 << 20), "larger than max")

    def test_bytes_that_mean_nothing_are_refused(self):
        """gRPC itself refuses what is no message, with a code alone."""
        for code, text in self.hostile("garbage", 1, 300):
            self.assertTrue(code in (0, 12, 13) or text, f"{code} has no sentence")

    def pairs(self, process):
        out, err = process.communicate(timeout=90)
        self.assertEqual(process.returncode, 0, err)
        return [(int(number), text) for number, _, text in (line.partition(" ") for line in out.splitlines())]


class SubmissionsTest(HostileTest):
    def test_a_valid_submission_is_taken(self):
        """Else the others would be refused for a reason that is not theirs."""
        self.assertEqual(self.hostile("submit", "valid"), [(0, "")])
        wait_for("the job has ended", lambda: "hostile" not in self.cluster.weir("list", "-r", "-s").stdout, 60)

    def test_what_is_wrong_is_refused_with_a_sentence(self):
        kinds = subprocess.run([client_program(), "0", "kinds"], capture_output=True, text=True).stdout.split()
        self.assertGreater(len(kinds), 10)
        for kind in kinds:
            with self.subTest(kind):
                begin = time.monotonic()
                self.sentences(self.hostile("submit", kind), "")
                self.assertLess(time.monotonic() - begin, 10)

    def test_submissions_with_a_few_bytes_changed(self):
        self.hostile("mutants", 1, 200)
        self.end_jobs()

    def end_jobs(self):
        """Some of them were valid."""
        for line in self.cluster.weir("list", "-r", "-s").stdout.splitlines():
            for word in line.split():
                if len(word) == 32 and word != self.job:
                    self.cluster.weir("cancel", word, check=False)
        def ended():
            jobs = self.cluster.get("/joboverview")["running"]
            return [job["jid"] for job in jobs] == [self.job]
        wait_for("the others have ended", ended, 60)


if __name__ == "__main__":
    unittest.main()
