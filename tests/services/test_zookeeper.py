"""Sessions with ZooKeeper, elections and the store of jobs, against a real server."""

import os
import pathlib
import subprocess
import unittest

import services

SHORT = bool(os.environ.get("WEIR_TEST_SHORT"))
# What kills or freezes servers, or waits for the end of sessions.
LONGER = "-*Killed*:*HearsNothing*:*WithoutAnAnswer*:*LostSession*" if SHORT else ""
PROGRAMS = pathlib.Path(
    os.environ.get("WEIR_ZOOKEEPER", services.HERE.parent.parent / "build/asan/tests/services")
)


class ZooKeeperTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = services.ZooKeeper(cls)

    def run_tests(self, program):
        done = subprocess.run(
            [PROGRAMS / program, f"--gtest_filter=*{LONGER}", "--gtest_brief=0"],
            env={
                **os.environ,
                "WEIR_TEST_ZOOKEEPER": self.server.quorum,
                "WEIR_TEST_ZOOKEEPER_FREEZE": self.server.command("freeze"),
                "WEIR_TEST_ZOOKEEPER_THAW": self.server.command("thaw"),
                "WEIR_TEST_ZOOKEEPER_KILL": self.server.command("kill"),
                "WEIR_TEST_ZOOKEEPER_START": self.server.command("start"),
            },
            capture_output=True, text=True, timeout=600,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-20000:] + done.stderr[-20000:])
        self.assertIn("[  PASSED  ]", done.stdout)
        self.assertNotIn("Running 0 tests", done.stdout)

    def test_sessions(self):
        self.run_tests("weir-zookeeper")

    def test_store(self):
        self.run_tests("weir-zookeeper-store")


if __name__ == "__main__":
    unittest.main()
