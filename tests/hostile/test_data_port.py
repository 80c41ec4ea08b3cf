"""Peers of the data port that are no workers."""

import random
import unittest

from hostile import HostileTest
from cluster import wait_for


def hello(job, attempt=0, token=bytes(16)):
    """As taskmanager/worker/network/hello.h lays it out."""
    return b"".join((
        b"WEIR", (2).to_bytes(4, "little"), job, attempt.to_bytes(8, "little"), token, bytes(4), bytes(4)
    ))


class DataPortTest(HostileTest):
    task_managers = 2
    slots = 2

    @property
    def task_manager(self):
        return self.cluster.taskmanagers[0]

    def run_over_both(self):
        """A job whose workers need data connections now: its result is exact."""
        out = self.cluster.folder / "out"
        job = self.cluster.run_detached(
            self.jobs / "counting", "--count", 3000, "--keys", 10, "--interval", 200, "--out", out, options=("-p", 3)
        )
        self.cluster.wait_state(job, "FINISHED")
        counts = sorted(line for file in out.iterdir() for line in file.read_text().splitlines())
        self.assertEqual(counts, sorted(f"{key} 300" for key in range(10)))

    def test_silent_connections_keep_no_worker_out(self):
        for _ in range(700):
            self.connect(self.data_port)
        self.run_over_both()
        self.assertIn("too many connections wait at the data port", self.logged(self.task_manager))

    def test_hellos_of_unknown_jobs_keep_no_worker_out(self):
        generator = random.Random(1)
        for _ in range(400):
            self.connect(self.data_port, hello(generator.randbytes(16)))
        self.run_over_both()

    def test_a_wrong_token_of_a_running_job_is_refused(self):
        job = bytes.fromhex(self.job)
        [host] = [one for one in self.cluster.taskmanagers if self.cluster.workers(one)]

        def knock():
            peers = [
                self.connect(self.data_port_of(host), hello(job, attempt, b"wrong token" + bytes(5)) + bytes(4000))
                for attempt in (0, 1, 2) * 20
            ]
            for peer in peers:
                peer.settimeout(20)
                self.assertEqual(self.read_all(peer), b"")

        self.wait_logged(host, "refusing a data connection", knock)

    def test_bytes_that_are_no_hello_are_closed(self):
        generator = random.Random(1)

        def say():
            for _ in range(200):
                self.assertEqual(self.read_all(self.connect(self.data_port, generator.randbytes(300))), b"")

        self.wait_logged(self.task_manager, "closing a data connection", say)


if __name__ == "__main__":
    unittest.main()
