"""Sessions with ZooKeeper, and what is built on them, against real servers."""

import os
import pathlib
import subprocess
import unittest

import services

SHORT = bool(os.environ.get("WEIR_TEST_SHORT"))
# What kills or freezes servers, or waits for the end of sessions.
LONGER = "-*Killed*:*HearsNothing*:*WithoutAnAnswer*:*LostSession*" if SHORT else ""
PROGRAM = pathlib.Path(
    os.environ.get("WEIR_ZOOKEEPER", services.HERE.parent.parent / "build/asan/tests/services/weir-zookeeper")
)


class ZooKeeperTest(unittest.TestCase):
    def test_sessions(self):
        server = services.ZooKeeper(type(self))
        done = subprocess.run(
            [PROGRAM, f"--gtest_filter=*{LONGER}", "--gtest_brief=0"],
            env={
                **os.environ,
                "WEIR_TEST_ZOOKEEPER": server.quorum,
                "WEIR_TEST_ZOOKEEPER_FREEZE": server.command("freeze"),
                "WEIR_TEST_ZOOKEEPER_THAW": server.command("thaw"),
                "WEIR_TEST_ZOOKEEPER_KILL": server.command("kill"),
                "WEIR_TEST_ZOOKEEPER_START": server.command("start"),
            },
            capture_output=True, text=True, timeout=600,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-20000:] + done.stderr[-20000:])
        self.assertIn("[  PASSED  ]", done.stdout)
        self.assertNotIn("Running 0 tests", done.stdout)


if __name__ == "__main__":
    unittest.main()
