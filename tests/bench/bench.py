#!/usr/bin/env python3
"""Runs the benchmark workloads on real daemons and prints one JSON line per figure; see README.md."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from cluster import ROOT, Cluster, wait_for  # noqa: E402

JOBS = pathlib.Path(os.environ.get("WEIR_BENCH_JOBS", ROOT / "build" / "release" / "bench"))


def note(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


def figure(workload, metric, values, unit, **more):
    values = [float(v) for v in values]
    line = {
        "workload": workload,
        "metric": metric,
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "unit": unit,
        "runs": len(values),
        **more,
    }
    print(json.dumps(line), flush=True)
    return line


def events(directory):
    """(nanoseconds, words) of every line that the jobs wrote, by time."""
    found = []
    for file in pathlib.Path(directory).iterdir():
        for line in file.read_text().splitlines():
            at, *words = line.split()
            found.append((int(at), words))
    return sorted(found)


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(fields[i]) for i in (11, 12, 13, 14))
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def keyed_count(options):
    topology = {"1x2": (1, 2), "2x1": (2, 1)}[options.topology]
    for checkpoint in (0, 1000):
        name = "keyed_count/heap/" + ("ckpt1s" if checkpoint else "nockpt")
        if options.only and options.only not in name:
            continue
        with Cluster(task_managers=topology[0], slots=topology[1]) as cluster:
            rates, cpus, checkpoints = [], [], []
            for run in range(options.runs + 1):
                n = options.n // 5 if run == 0 else options.n  # The first one warms up.
                directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
                before = cpu_seconds(d.pid for d in cluster.taskmanagers)
                job = cluster.run_detached(
                    JOBS / "bench_keyed_count", "--n", n, "--checkpoint", checkpoint, "--events", directory,
                    options=("-p", 2),
                )
                cluster.wait_state(job, "FINISHED", timeout=900)
                said = events(directory)
                shutil.rmtree(directory)
                ends = [(at, int(words[1])) for at, words in said if words[0] == "end"]
                opened = min(at for at, words in said if words[0] == "open")
                assert sum(count for _, count in ends) == n, "records were lost"
                seconds = (max(at for at, _ in ends) - opened) / 1e9
                note(name, f"{n / seconds / 1e6:.2f} M records/s")
                if run > 0:
                    rates.append(n / seconds)
                    cpus.append((cpu_seconds(d.pid for d in cluster.taskmanagers) - before) * 1e9 / n)
                    checkpoints.append(cluster.completed_checkpoints(job))
            figure(name, "throughput", rates, "records/s", n=options.n)
            figure(name, "tm_cpu", cpus, "cpu_ns/record")
            if checkpoint:
                figure(name, "checkpoints", checkpoints, "completed")


def lifecycle(options):
    ready, slots, listed, running, cancelled, saved, again = [], [], [], [], [], [], []
    for _ in range(options.runs):
        cluster = Cluster(task_managers=2, slots=1)
        cluster.write_conf()
        start = time.perf_counter()
        cluster.start_jobmanager()
        ready.append((time.perf_counter() - start) * 1000)
        for _ in range(2):
            cluster.start_taskmanager()
        wait_for("slots offered", lambda: cluster.overview()["slots-available"] == 2)
        slots.append((time.perf_counter() - start) * 1000)
        try:
            directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
            start = time.perf_counter()
            job = cluster.run_detached(JOBS / "bench_tiny", "--events", directory, options=("-p", 2))
            cluster.wait_running(job)
            running.append((time.perf_counter() - start) * 1000)
            start = time.perf_counter()
            cluster.weir("list")
            listed.append((time.perf_counter() - start) * 1000)
            wait_for("records", lambda: any(w[0] == "record" for _, w in events(directory)))
            start = time.perf_counter()
            cluster.savepoint(job, cluster.savepoints)
            saved.append((time.perf_counter() - start) * 1000)
            cluster.wait_checkpoints(job, 2)
            seen = sum(w[0] == "record" for _, w in events(directory))
            killed = time.time_ns()
            os.kill(cluster.workers()[0], signal.SIGKILL)
            wait_for("records again", lambda: sum(w[0] == "record" for _, w in events(directory)) > seen)
            first = min(at for at, w in events(directory) if w[0] == "record" and at > killed)
            again.append((first - killed) / 1e6)
            cluster.wait_running(job)
            start = time.perf_counter()
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cancelled.append((time.perf_counter() - start) * 1000)
            shutil.rmtree(directory)
        finally:
            cluster.stop()
    figure("lifecycle", "jobmanager_ready", ready, "ms")
    figure("lifecycle", "cluster_ready", slots, "ms")
    figure("lifecycle", "run_to_running", running, "ms")
    figure("lifecycle", "cli_list", listed, "ms")
    figure("lifecycle", "savepoint_tiny", saved, "ms")
    figure("failover", "worker_killed_to_records", again, "ms")
    figure("lifecycle", "cancel_to_canceled", cancelled, "ms")


def main():
    workloads = {"keyed_count": keyed_count, "lifecycle": lifecycle}
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each figure")
    parser.add_argument("--n", type=int, default=60_000_000, help="records of a throughput run")
    parser.add_argument("--only", default="", help="only the variants whose name contains this")
    parser.add_argument("--topology", choices=("1x2", "2x1"), default="1x2", help="task managers x slots")
    parser.add_argument("workload", nargs="*", default=list(workloads), help=", ".join(workloads))
    options = parser.parse_args()
    for name in options.workload:
        if name not in workloads:
            parser.error(f"there is no workload '{name}'; there are {', '.join(workloads)}")
        workloads[name](options)


if __name__ == "__main__":
    main()
