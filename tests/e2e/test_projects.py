"""Projects of users: what find_package(Weir) and weir_add_job() make of them."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from cluster import DIST

LINES = """{before}
project(jobs LANGUAGES CXX)
{middle}
find_package(Weir REQUIRED)
weir_add_job(job job.cc)
{after}
"""


class ProjectsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-project-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def configured(self, *options, before="cmake_minimum_required(VERSION 3.25)", middle="", after=""):
        """Configures a project; returns what CMake said and the flags that job.cc is compiled with."""
        (self.folder / "job.cc").write_text("int main() {}\n")
        (self.folder / "CMakeLists.txt").write_text(LINES.format(before=before, middle=middle, after=after))
        done = subprocess.run(
            ["cmake", "-S", self.folder, "-B", self.folder / "build", f"-DCMAKE_PREFIX_PATH={DIST}",
             "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        commands = json.loads((self.folder / "build" / "compile_commands.json").read_text())
        return done.stdout, [flag for flag in commands[0]["command"].split() if flag.startswith("-O")]

    def test_without_a_build_type_a_job_is_optimized_and_the_user_is_told(self):
        said, flags = self.configured()
        self.assertEqual(flags, ["-O3"])
        self.assertIn("no build type is set, so jobs are built as Release", said)

    def test_the_first_line_may_be_missing(self):
        self.assertEqual(self.configured(before="")[1], ["-O3"])

    def test_a_build_type_of_the_users_own_wins(self):
        said, flags = self.configured("-DCMAKE_BUILD_TYPE=Debug")
        self.assertEqual(flags, [])
        self.assertNotIn("no build type", said)

    def test_a_build_type_that_the_project_sets_wins(self):
        self.assertEqual(self.configured(middle="set(CMAKE_BUILD_TYPE RelWithDebInfo)")[1], ["-O2"])

    def test_optimization_of_the_users_own_wins(self):
        self.assertEqual(self.configured("-DCMAKE_CXX_FLAGS=-O1 -g")[1], ["-O1"])
        shutil.rmtree(self.folder / "build")
        self.assertEqual(self.configured(middle="add_compile_options(-O0)")[1], ["-O0"])
        shutil.rmtree(self.folder / "build")
        self.assertEqual(self.configured(after="target_compile_options(job PRIVATE -Og)")[1][-1], "-Og")

    def test_a_generator_of_several_configurations_keeps_its_own(self):
        said, _ = self.configured("-G", "Ninja Multi-Config")
        self.assertNotIn("no build type", said)

    def test_functions_are_tested_with_the_kit_alone(self):
        """As in testing.md: a project without job, framework or cluster."""
        shutil.copy(DIST / "examples" / "count_per_word_test.cc", self.folder)
        (self.folder / "CMakeLists.txt").write_text("""cmake_minimum_required(VERSION 3.16)
project(tests LANGUAGES CXX)
find_package(Weir REQUIRED)
enable_testing()
add_executable(my_test count_per_word_test.cc)
target_link_libraries(my_test Weir::testing)
add_test(NAME my_test COMMAND my_test)
""")
        build = self.folder / "build"
        for command in (["cmake", "-S", self.folder, "-B", build, f"-DCMAKE_PREFIX_PATH={DIST}"],
                        ["cmake", "--build", build], ["ctest", "--test-dir", build, "--output-on-failure"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
