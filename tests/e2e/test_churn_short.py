"""The short form of tests/soak/churn.py: some checkpoints of a job whose keys come and go leave no more files and memory."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
from churn import Churn  # noqa: E402


class ChurnShortTest(unittest.TestCase):
    def test_checkpoints_of_keys_that_come_and_go_leave_no_more_files_and_memory(self):
        Churn(checkpoints=80).run()


if __name__ == "__main__":
    unittest.main()
