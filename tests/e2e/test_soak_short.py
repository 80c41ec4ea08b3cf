"""The short forms of tests/soak: half a minute of processes killed and frozen, and exact counts and lines."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
from soak import Soak  # noqa: E402


class SoakShortTest(unittest.TestCase):
    def test_a_job_whose_processes_are_killed_and_frozen_counts_and_writes_exactly(self):
        first = (
            "take_savepoint", "kill_worker", "freeze_task_manager", "slow_fsync", "kill_task_manager", "kill_job_manager",
        )
        Soak(seconds=30, seed=1, first=first, freezes=(6, 8)).run()  # Longer than the time-out.

    def test_so_does_one_on_rocksdb_that_is_upgraded_and_goes_on_at_another_parallelism(self):
        first = ("kill_worker", "upgrade", "kill_job_manager", "move", "kill_worker")
        summary = Soak(seconds=25, seed=2, backend="rocksdb", first=first, freezes=(6, 8), recovers=True).run()
        self.assertRegex(summary, r" (upgrades|refused upgrades) 1,")
        self.assertRegex(summary, r" (adopted|taken up) 1,")


if __name__ == "__main__":
    unittest.main()
