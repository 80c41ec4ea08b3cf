"""The short form of tests/soak: half a minute of killed workers and task managers, and exact counts."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
from soak import Soak  # noqa: E402


class SoakShortTest(unittest.TestCase):
    def test_a_job_whose_processes_are_killed_at_random_counts_exactly(self):
        Soak(seconds=30, seed=1).run()


if __name__ == "__main__":
    unittest.main()
