"""The short form of tests/soak: half a minute of processes killed and one frozen, and exact counts and lines."""

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


if __name__ == "__main__":
    unittest.main()
