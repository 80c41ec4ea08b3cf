"""The resident memory of all daemons and workers of a soak, once every two seconds, and whether it stays flat."""

import re
import statistics
import threading
import time

SETTLED_SECONDS = 60  # After so long a process has taken the memory that it needs.
GROWN_MEGABYTES = 24  # More of it in the second half than in the first.
OLD_SECONDS = 240  # What lived so long in the second half has a slope.
MEGABYTES_A_MINUTE = 1.0


class Memory:
    def __init__(self, processes):
        """processes(): {pid: role}."""
        self.processes = processes
        self.samples = {}  # (role, pid): [(seconds since the beginning, megabytes)]
        self.began = time.monotonic()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.wait(2):
            for pid, role in self.processes().items():
                try:
                    with open(f"/proc/{pid}/status") as status:
                        found = re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M)
                except OSError:
                    continue
                if found:
                    now = time.monotonic() - self.began
                    self.samples.setdefault((role, pid), []).append((now, int(found.group(1)) / 1024))

    def check(self):
        """What was measured, a line each; raises AssertionError where memory grows."""
        self.ended.set()
        self.thread.join()
        half = (time.monotonic() - self.began) / 2
        lines, grown = [], []
        for role in sorted({role for role, _ in self.samples}):
            line, wrong = self.halves(role, half)
            lines.append(line)
            grown += wrong
        for (role, pid), samples in self.samples.items():
            late = [one for one in samples if one[0] >= max(half, samples[0][0] + SETTLED_SECONDS)]
            if late and late[-1][0] - late[0][0] >= OLD_SECONDS:
                slope = statistics.linear_regression([at / 60 for at, _ in late], [size for _, size in late]).slope
                line = (f"memory: {role} {pid}: {late[0][1]:.0f} to {late[-1][1]:.0f} MB over the last "
                        f"{(late[-1][0] - late[0][0]) / 60:.1f} min, slope {slope:+.2f} MB/min")
                lines.append(line)
                grown += [line] if slope > MEGABYTES_A_MINUTE else []
        if grown:
            raise AssertionError("\n".join(["memory is not flat:", *grown, "---", *lines]))
        return lines

    def halves(self, role, half):
        sizes = [(at, size) for (one, _), samples in self.samples.items() if one == role for at, size in samples]
        first = max((size for at, size in sizes if at < half), default=0)
        second = max((size for at, size in sizes if at >= half), default=0)
        count = sum(1 for one, _ in self.samples if one == role)
        line = f"memory: {role}s ({count} processes): at most {first:.0f} MB in the first half, {second:.0f} MB in the second"
        return line, [line] if second > first + GROWN_MEGABYTES else []
