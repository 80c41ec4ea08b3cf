"""The short form of tests/soak/high_availability_soak.py: a job on HDFS or S3 while all that it needs is killed and frozen."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
from high_availability_soak import HighAvailabilitySoak  # noqa: E402

SEED = int(os.environ.get("WEIR_HA_SEED", "1"))


class HighAvailabilitySoakTest(unittest.TestCase):
    def test_the_output_is_exact_and_nobody_obeyed_two_whatever_is_killed_and_frozen(self):
        first = ("kill_worker", "freeze_leader", "kill_storage", "kill_leader")
        HighAvailabilitySoak(type(self), "hdfs", 30, SEED, first=first).run()

    def test_the_same_holds_on_s3(self):
        HighAvailabilitySoak(type(self), "s3", 15, SEED, first=("kill_leader", "freeze_storage")).run()


if __name__ == "__main__":
    unittest.main()
