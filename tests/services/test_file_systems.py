"""File systems of other machines against their real servers: the suite that every file system passes, and faults of each."""

import os
import pathlib
import subprocess
import unittest

import services

SHORT = bool(os.environ.get("WEIR_TEST_SHORT"))
# What waits for servers, or for the end of patience.
LONGER = "-*Killed*:*ForNow*:*GivenUp*" if SHORT else ""
PROGRAM = pathlib.Path(
    os.environ.get("WEIR_FILE_SYSTEMS", services.HERE.parent.parent / "build/asan/tests/services/weir-file-systems")
)


def run(test, tests, variables):
    done = subprocess.run(
        [PROGRAM, f"--gtest_filter={tests}", "--gtest_brief=0"],
        env={**os.environ, **variables}, capture_output=True, text=True, timeout=900,
    )
    shown = done.stdout[-20000:] + done.stderr[-20000:]
    test.assertEqual(done.returncode, 0, shown)
    test.assertIn("[  PASSED  ]", done.stdout, shown)
    test.assertNotIn("Running 0 tests", done.stdout)
    test.assertNotIn("weirsecret", done.stdout + done.stderr)


class HdfsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hdfs = services.Hdfs(cls)
        data = services.start_proxy(cls, cls.hdfs.data_port)
        cls.variables = {
            "WEIR_TEST_HADOOP_CONF": str(cls.hdfs.conf),
            "WEIR_TEST_WEBHDFS": cls.hdfs.web,
            "WEIR_TEST_DATA_NODE_PROXY": f"127.0.0.1:{data}",
            "WEIR_TEST_NAME_NODE_PROXY":
                f"127.0.0.1:{services.start_proxy(cls, cls.hdfs.port + 1, f'{cls.hdfs.data_port}:{data}')}",
            "WEIR_TEST_OTHER_NAME_NODE_PROXY":
                f"127.0.0.1:{services.start_proxy(cls, cls.hdfs.port + 1, f'{cls.hdfs.data_port}:{data}')}",
            "WEIR_TEST_HDFS_KILL": cls.hdfs.command("kill"),
            "WEIR_TEST_HDFS_START": cls.hdfs.command("start"),
        }

    def test_1_suite(self):
        run(self, "Hdfs/*" if SHORT else "Hdfs/*:WebHdfs/*", self.variables)

    def test_2_faults(self):
        run(self, "HdfsTest.*" + LONGER, self.variables)


class S3Test(unittest.TestCase):
    server = {}

    @classmethod
    def setUpClass(cls):
        cls.s3 = services.S3(cls, **cls.server)
        cls.variables = {
            "WEIR_TEST_S3": cls.s3.endpoint,
            "WEIR_TEST_S3_PROXY": f"127.0.0.1:{services.start_proxy(cls, cls.s3.port)}",
            "WEIR_TEST_S3_KILL": cls.s3.command("kill"),
            "WEIR_TEST_S3_START": cls.s3.command("start"),
            **cls.server,
        }

    def test_1_suite(self):
        run(self, "S3/*", self.variables)

    def test_2_faults(self):
        run(self, "S3Test.*" + LONGER, self.variables)


@unittest.skipUnless(os.environ.get("WEIR_TEST_LONG"), "the second object store is built for minutes: WEIR_TEST_LONG=1")
class OtherS3Test(S3Test):
    """The same of an object store that others wrote."""

    server = {"WEIR_S3_SERVER": "versitygw"}


if __name__ == "__main__":
    unittest.main()
