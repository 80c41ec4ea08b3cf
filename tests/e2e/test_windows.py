"""Windows and joins on real daemons: what they give is what a plain computation gives, through savepoints and failures."""

import collections
import json
import os
import signal
import unittest

from cluster import Cluster
from jobs_build import build

COUNT = 4000
ROCKS = ("-D", "state.backend=rocksdb", "-D", "state.backend.rocksdb.cache-memory=64 kb")


def event(i):
    """(key, timestamp, id) as the job makes it."""
    return i % 7, (i + i // 50 * 100) * 10 + (i * 7919 % 13 - 6) * 10, i


def windows_of(at, size, slide):
    last = at // slide * slide
    return [(start, start + size) for start in range(last, at - size, -slide)]


def sessions(times, gap):
    """Sorted (timestamp, id) as [(start, end, ids)]."""
    found = []
    for at, i in sorted(times):
        if found and at <= found[-1][1]:
            found[-1][1] = max(found[-1][1], at + gap)
            found[-1][2].append(i)
        else:
            found.append([at, at + gap, [i]])
    return found


def lines_of(kind, events, size, slide):
    windows = collections.defaultdict(list)
    for key, at, i in events:
        for window in windows_of(at, size, slide):
            windows[0 if kind == "all" else key, window].append(i)
    return [
        f"{kind} {key} {start} {end} {len(ids)} {0 if kind == 'all' else sum(ids)}"
        for (key, (start, end)), ids in windows.items()
    ]


def expected(count):
    events = [event(i) for i in range(count)]
    lines = []
    for kind, size, slide in (("tumbling", 500, 500), ("sliding", 1000, 250), ("all", 1000, 1000)):
        lines += lines_of(kind, events, size, slide)
    of_key = collections.defaultdict(list)
    for key, at, i in events:
        of_key[key].append((at, i))
    for key, times in of_key.items():
        lines += [f"session {key} {start} {end} {len(ids)} {sum(ids)}" for start, end, ids in sessions(times, 300)]
        for at, i in times:
            for other, j in times:
                if i % 2 == 0 and j % 2 != 0:
                    if abs(at - other) <= 200:
                        lines.append(f"near {i} {j}")
                    if at // 500 == other // 500:
                        lines.append(f"same {i} {j}")
    return collections.Counter(lines)


class WindowsTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.jobs = build("windows")
        cls.expected = expected(COUNT)

    def start(self, cluster, *options, rate=800, args=()):
        out = cluster.folder / "out"
        job = cluster.run_detached(
            self.jobs / "windows", "--count", COUNT, "--rate", rate, *args, "--out", out, options=options
        )
        cluster.wait_running(job)
        return job

    def lines(self, cluster):
        out = cluster.folder / "out"
        files = [out] if out.is_file() else list(out.iterdir())
        return collections.Counter(line for file in files for line in file.read_text().splitlines())

    def check(self, cluster):
        found = self.lines(cluster)
        self.assertEqual(found - self.expected, collections.Counter(), "too much")
        self.assertEqual(self.expected - found, collections.Counter(), "too little")

    def through_savepoints(self, backends):
        """One run, moved on by a savepoint to each of (options, parallelism) in turn, in the middle of windows."""
        with Cluster(task_managers=2, slots=3) as cluster:
            path = ()
            for number, (options, parallelism) in enumerate(backends):
                job = self.start(cluster, *options, "-p", parallelism, *path)
                if number + 1 == len(backends):
                    cluster.wait_state(job, "FINISHED")
                    break
                cluster.wait_checkpoints(job, 4)
                path = ("-s", cluster.savepoint(job, cluster.savepoints))
                cluster.weir("cancel", job)
                cluster.wait_state(job, "CANCELED")
            self.check(cluster)

    def test_a_savepoint_in_the_middle_of_windows_goes_on_at_other_parallelisms(self):
        self.through_savepoints([((), 2), ((), 3), ((), 1)])

    def test_windows_move_between_the_backends(self):
        self.through_savepoints([(ROCKS, 2), ((), 3), (ROCKS, 2)])

    def test_sliding_windows_of_another_size_after_a_savepoint_fire_beside_those_of_before(self):
        for backend in ((), ROCKS):
            with self.subTest(backend), Cluster(task_managers=1, slots=2) as cluster:
                job = self.start(cluster, *backend, "-p", 2, rate=250)
                cluster.wait_checkpoints(job, 2)
                path = cluster.savepoint(job, cluster.savepoints)
                cluster.weir("cancel", job)
                cluster.wait_state(job, "CANCELED")
                options = (*backend, "-p", 2, "-s", path)
                job = self.start(cluster, *options, args=("--size", 600, "--slide", 300))
                cluster.wait_state(job, "FINISHED")
                found = [line for line in self.lines(cluster).elements() if line.startswith("sliding")]
                ends = [[int(number) for number in line.split()[2:5]] for line in found]
                before = sum(count for start, end, count in ends if end - start == 1000) // 4
                self.assertGreater(before, 0)
                self.assertLess(before, COUNT)
                events = [event(i) for i in range(COUNT)]
                lines = lines_of("sliding", events[:before], 1000, 250) + lines_of("sliding", events[before:], 600, 300)
                self.assertEqual(collections.Counter(found), collections.Counter(lines))

    def test_windows_survive_a_worker_that_dies(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, "-p", 2)
            cluster.wait_checkpoints(job, 3)
            for worker in cluster.workers():
                os.kill(worker, signal.SIGKILL)
            cluster.wait_state(job, "FINISHED")
            self.check(cluster)

    def dumped(self, cluster, path, state):
        lines = cluster.weir("savepoint", "inspect", path, "--dump", state).stdout.splitlines()
        self.assertTrue(lines, state)
        return [json.loads(line) for line in lines]

    def test_a_savepoint_shows_windows_as_state(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            job = self.start(cluster, "-p", 2)
            cluster.wait_checkpoints(job, 3)
            first = cluster.savepoint(job, cluster.savepoints)
            cluster.wait_checkpoints(job, 6)
            path = cluster.savepoint(job, cluster.savepoints)
            cluster.weir("cancel", job)
            for state, length in (("tumbling/window-contents", 500), ("sliding/window-panes", 250)):
                for one in self.dumped(cluster, path, state):
                    window = one["window"]
                    self.assertEqual(window["end"] - window["start"], length)
                    self.assertEqual(window["start"] % length, 0)
            for one in self.dumped(cluster, path, "tumbling/event-time-timers"):
                self.assertEqual(one["value"], [one["window"]["end"] - 1])
            for one in self.dumped(cluster, path, "sessions/window-sessions"):
                self.assertIsNone(one["window"])
            self.assertTrue(self.dumped(cluster, path, "sliding/event-time-timers"))
            self.assertIn("by window: struct{start: i64, end: i64}", cluster.weir("savepoint", "inspect", path).stdout)
            self.assertRegex(cluster.weir("savepoint", "diff", first, path).stdout, r'\+ \d in \{"start":-?\d+,"end":')

    def test_windows_of_another_type_are_refused_with_both(self):
        for backend in ((), ROCKS):
            with self.subTest(backend), Cluster(task_managers=1, slots=2) as cluster:
                job = self.start(cluster, *backend, "-p", 1)
                cluster.wait_checkpoints(job, 2)
                path = cluster.savepoint(job, cluster.savepoints)
                cluster.weir("cancel", job)
                program = (self.jobs / "windows", "--tumbling", "by count", "--out", cluster.folder / "other")
                for command in (("savepoint", "check", path), ("run", "-d", *backend, "-s", path)):
                    refused = cluster.weir(*command, *program, check=False)
                    self.assertNotEqual(refused.returncode, 0)
                    said = " ".join((refused.stdout + refused.stderr).split())
                    self.assertIn("uid tumbling", said)
                    self.assertIn("has its state by windows of another type", said)
                    self.assertIn("savepoint: struct{start: i64, end: i64} program: the global window", said)
                job = cluster.run_detached(*program, options=(*backend, "-s", path, "--drop", "tumbling"))
                cluster.wait_running(job)


if __name__ == "__main__":
    unittest.main()
