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
from cluster import ROOT, Cluster, files_below, wait_for  # noqa: E402

JOBS = pathlib.Path(os.environ.get("WEIR_BENCH_JOBS", ROOT / "build" / "release" / "bench"))


DEFAULT_N = 60_000_000


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


def backend(options):
    """The configuration that the options ask for."""
    conf = {} if options.backend == "heap" else {"state.backend": "rocksdb"}
    conf.update(dict(pair.split("=", 1) for pair in options.conf))
    if options.cache:
        conf["state.backend.rocksdb.cache-memory"] = options.cache
    return conf


def keyed_count(options):
    topology = {"1x2": (1, 2), "2x1": (2, 1)}[options.topology]
    for checkpoint in (0, 1000):
        name = f"keyed_count/{options.backend}/" + ("ckpt1s" if checkpoint else "nockpt")
        if options.only and options.only not in name:
            continue
        with Cluster(task_managers=topology[0], slots=topology[1], conf=backend(options)) as cluster:
            rates, cpus, checkpoints = [], [], []
            for run in range(options.runs + 1):
                n = options.n // 5 if run == 0 else options.n  # The first one warms up.
                directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
                before = cpu_seconds(d.pid for d in cluster.taskmanagers)
                job = cluster.run_detached(
                    *(JOBS / "bench_keyed_count", "--n", n, "--k", options.keys),
                    *("--checkpoint", checkpoint, "--events", directory),
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
            figure(name, "throughput", rates, "records/s", n=options.n, keys=options.keys)
            figure(name, "tm_cpu", cpus, "cpu_ns/record")
            if checkpoint:
                figure(name, "checkpoints", checkpoints, "completed")


def megabytes(directory):
    return sum(file.stat().st_size for file in files_below(directory)) / 1e6


def dd(directory, size_mb):
    """Milliseconds that the disk takes for so many bytes, written as two files at once as two task managers do, and synced."""
    parts = [pathlib.Path(directory) / f"dd-{i}" for i in range(2)]
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            ["dd", "if=/dev/zero", f"of={part}", "bs=1M", f"count={round(size_mb / 2 / 1.048576)}", "conv=fsync"],
            stderr=subprocess.DEVNULL,
        )
        for part in parts
    ]
    assert all(one.wait() == 0 for one in running)
    spent = (time.perf_counter() - start) * 1000
    for part in parts:
        part.unlink()
    return spent


def peak_mib(pids):
    status = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(text.split("VmHWM:")[1].split()[0]) for text in status) / 1024


def latest_in(directory, since, until):
    """The most milliseconds that a record of the trickle was late, as said between two points in time."""
    late = [int(words[1]) / 1000 for at, words in events(directory) if words[0] == "late" and since <= at <= until]
    return max(late, default=0.0)


def restore(cluster, keys, path, parallelism):
    """Milliseconds from `weir run` to all tasks running, and to every stateful subtask having found its state."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    start, began = time.perf_counter(), time.time_ns()
    job = cluster.run_detached(
        JOBS / "bench_savepoint", "--keys", keys, "--events", directory, options=("-p", parallelism, "-s", path)
    )
    cluster.wait_running(job, timeout=900)
    running = (time.perf_counter() - start) * 1000
    first = lambda: [(at, w[0]) for at, w in events(directory) if w[0].startswith("first")]  # noqa: E731
    wait_for("records", lambda: len(first()) == parallelism, timeout=900)
    assert all(word == "first-with-state" for _, word in first()), "restored without state"
    records = (max(at for at, _ in first()) - began) / 1e6
    cluster.weir("cancel", job)
    cluster.wait_state(job, "CANCELED")
    shutil.rmtree(directory)
    return running, records


def savepoint(options):
    for size in options.sizes:
        name = f"savepoint/{options.backend}/{size}MB"
        if options.only and options.only not in name:
            continue
        keys = size * 10_000
        saved, cpus, disk, late, idle = [], [], [], [], []
        with Cluster(task_managers=2, slots=1, conf=backend(options)) as cluster:
            directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
            job = cluster.run_detached(
                JOBS / "bench_savepoint", "--keys", keys, "--events", directory, options=("-p", 2)
            )
            wait_for("state", lambda: sum(w[0] == "loaded" for _, w in events(directory)) == 2, timeout=1800)
            time.sleep(3)
            before = peak_mib(cluster.workers())
            idle.append(latest_in(directory, 0, time.time_ns()))
            path = None
            for _ in range(options.runs):
                if path is not None:
                    cluster.weir("savepoint", "-d", path)
                cpu, start, began = cpu_seconds(cluster.workers()), time.perf_counter(), time.time_ns()
                path = cluster.savepoint(job, cluster.savepoints, timeout=900)
                saved.append((time.perf_counter() - start) * 1000)
                cpus.append((cpu_seconds(cluster.workers()) - cpu) * 1000)
                time.sleep(1.5)
                late.append(latest_in(directory, began, time.time_ns()))
                written = megabytes(cluster.savepoints) + megabytes(cluster.checkpoints)
                disk.append(dd(cluster.savepoints, written))
                note(name, f"{saved[-1]:.0f} ms, dd {disk[-1]:.0f} ms, late {late[-1]:.1f} ms")
            figure(name, "savepoint", saved, "ms", size_mb=round(written, 1))
            figure(name, "savepoint_cpu", cpus, "cpu_ms")
            figure(name, "dd_fsync", disk, "ms")
            figure(name, "savepoint_to_dd", [a / b for a, b in zip(saved, disk)], "ratio")
            figure(name, "record_late", late, "ms", without=round(idle[0], 3))
            figure(name, "peak_rss", [peak_mib(cluster.workers())], "MiB", before=round(before, 1))
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            for parallelism in (2, 1):
                times = [restore(cluster, keys, path, parallelism) for _ in range(min(options.runs, 3))]
                figure(name, f"restore_2to{parallelism}_all_running", [running for running, _ in times], "ms")
                figure(name, f"restore_2to{parallelism}_first_record", [record for _, record in times], "ms")
            shutil.rmtree(directory)


def incremental(options):
    """Checkpoints that share RocksDB's files, against the disk's writing of what has changed since the one before."""
    size, changed, seconds = options.state, options.changed, 15
    name = f"incremental/{changed}of{size}MB"
    conf = {"state.backend": "rocksdb", "state.backend.incremental": "true", "state.backend.rocksdb.cache-memory": options.cache or "64 mb"}
    with Cluster(task_managers=1, slots=2, conf=conf) as cluster:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
        job = cluster.run_detached(
            *(JOBS / "bench_savepoint", "--keys", size * 10_000, "--rate", changed * 10_000 // seconds),
            *("--interval", seconds * 1000, "--events", directory),
            options=("-p", 2),
        )
        wait_for("state", lambda: sum(w[0] == "loaded" for _, w in events(directory)) == 2, timeout=1200)
        seen = cluster.completed_checkpoints(job) + 2  # The one after the loading has much of that still.
        cluster.wait_checkpoints(job, seen, timeout=300)
        spent, written, disk = [], [], []
        for _ in range(options.runs):
            seen += 1
            before = set(files_below(cluster.checkpoints))
            cluster.wait_checkpoints(job, seen, timeout=300)
            fresh = [file for file in files_below(cluster.checkpoints) if file not in before]
            written.append(sum(file.stat().st_size for file in fresh) / 1e6)
            newest = max(cluster.get(f"/jobs/{job}/checkpoints")["all"], key=lambda one: one["id"] if one["status"] == "COMPLETED" else 0)
            spent.append(newest["duration"])
            disk.append(dd(cluster.checkpoints, changed))
            note(name, f"{spent[-1]} ms, {written[-1]:.1f} MB, dd {disk[-1]:.0f} ms")
        figure(name, "checkpoint", spent, "ms")
        figure(name, "written", written, "MB")
        figure(name, "dd_fsync", disk, "ms")
        figure(name, "written_to_changed", [one / changed for one in written], "ratio")
        figure(name, "checkpoint_to_dd", [a / b for a, b in zip(spent, disk)], "ratio")
        cluster.weir("cancel", job)
        shutil.rmtree(directory)


def evict(directory):
    """Takes the files below a directory out of the page cache."""
    for file in files_below(directory):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def spent_reading(words, *directories):
    """Seconds that a command takes that has to read directories from the disk, and the MiB of its largest process."""
    for directory in directories:
        evict(directory)
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{words}: {process.returncode}: {complaint}"
    return took, usage.ru_maxrss / 1024


def offline(options):
    """The commands that read a whole savepoint, against the disk's rate, both from outside the page cache."""
    for size in (200, 1000):
        name = f"offline/{size}MB"
        if options.only and options.only not in name:
            continue
        with Cluster(task_managers=2, slots=1) as cluster:
            directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
            program = [JOBS / "bench_savepoint", "--keys", size * 10_000, "--events", directory]
            job = cluster.run_detached(*program, options=("-p", 2))
            wait_for("state", lambda: sum(w[0] == "loaded" for _, w in events(directory)) == 2, timeout=300)
            one, two = (cluster.folder / "exports" / name for name in ("one", "two"))
            one.parent.mkdir()
            for export in (one, two):
                cluster.weir("savepoint", "export", cluster.savepoint(job, cluster.savepoints), export)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            weir = [cluster.dist / "bin" / "weir", "savepoint"]
            commands = {
                "verify": (weir + ["verify", one], [one]),
                "check": (weir + ["check", "-p", 2, one, *program], [one]),
                "dump": (weir + ["inspect", "--dump", "put/value", one], [one]),
                "diff": (weir + ["diff", one, two], [one, two]),
            }
            spent = {command: [] for command in ["disk", *commands]}
            peaks = {command: [] for command in commands}
            for _ in range(options.runs):
                words = ["sh", "-c", 'for f; do dd "if=$f" of=/dev/null bs=4M 2>/dev/null; done', "dd", *files_below(one)]
                spent["disk"].append(spent_reading(words, one)[0])
                for command, (words, read) in commands.items():
                    took, peak = spent_reading(words, *read)
                    spent[command].append(took)
                    peaks[command].append(peak)
            rates = {"disk": [megabytes(one) / took for took in spent["disk"]]}
            figure(name, "disk_read", rates["disk"], "MB/s", size_mb=round(megabytes(one), 1))
            for command, (_, read) in commands.items():
                rates[command] = [sum(map(megabytes, read)) / took for took in spent[command]]
                figure(name, command, rates[command], "MB/s", seconds=round(statistics.median(spent[command]), 2))
                figure(name, f"{command}_to_disk", [a / b for a, b in zip(rates[command], rates["disk"])], "ratio")
                figure(name, f"{command}_peak_rss", peaks[command], "MiB")
            shutil.rmtree(directory)


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


def pressed(options):
    for variant, unaligned in (("aligned", "false"), ("unaligned", "true")):
        with Cluster(task_managers=2, slots=1) as cluster:
            setting = f"execution.checkpointing.unaligned.enabled={unaligned}"
            job = cluster.run_detached(JOBS / "bench_pressed", options=("-p", 2, "-D", setting))
            cluster.wait_checkpoints(job, options.runs + 1, timeout=600)
            reports = cluster.get(f"/jobs/{job}/checkpoints")["all"]
            done = sorted((one for one in reports if one["status"] == "COMPLETED"), key=lambda one: one["id"])[1:]
            figure("pressed", f"checkpoint_{variant}", [one["duration"] for one in done], "ms")
            figure("pressed", f"in_flight_{variant}", [one["in-flight-size"] / 1024 for one in done], "KiB")
            cluster.weir("cancel", job)


QUERIES = {"q0": 100, "q1": 100, "q2": 100, "q3": 100, "q5": 20, "q7": 40, "q8": 100}  # Millions of events.


def nexmark(options):
    for query, millions in QUERIES.items():
        name = f"nexmark/{query}"
        if options.only and options.only not in name:
            continue
        n = min(millions * 1_000_000, options.n) if options.n != DEFAULT_N else millions * 1_000_000
        with Cluster(task_managers=1, slots=2) as cluster:
            rates, cpus = [], []
            for run in range(options.runs + 1):
                events_of_run = n // 5 if run == 0 else n  # The first one warms up.
                directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
                before = cpu_seconds(d.pid for d in cluster.taskmanagers)
                job = cluster.run_detached(
                    *(JOBS / "bench_nexmark", "--query", query, "--n", events_of_run),
                    *("--checkpoint", 1000, "--events", directory),
                    options=("-p", 2),
                )
                cluster.wait_state(job, "FINISHED", timeout=900)
                said = events(directory)
                shutil.rmtree(directory)
                opened = min(at for at, words in said if words[0] == "open")
                seconds = (max(at for at, words in said if words[0] == "end") - opened) / 1e9
                results = sum(int(words[1]) for _, words in said if words[0] == "end")
                assert results > 0, f"{query} has no results"
                note(name, f"{events_of_run / seconds / 1e6:.2f} M events/s, {results} results")
                if run > 0:
                    rates.append(n / seconds)
                    cpus.append((cpu_seconds(d.pid for d in cluster.taskmanagers) - before) * 1e9 / n)
            figure(name, "throughput", rates, "events/s", n=n)
            figure(name, "tm_cpu", cpus, "cpu_ns/event")


def lag(options):
    for keys, checkpoint in ((1000, 0), (1000, 1000), (10_000, 0), (10_000, 1000)):
        name = f"lag/{keys}keys/" + ("ckpt1s" if checkpoint else "nockpt")
        if options.only and options.only not in name:
            continue
        seconds = options.seconds
        with Cluster(task_managers=1, slots=2) as cluster:
            p50, p99, most = [], [], []
            for _ in range(options.runs):
                directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
                job = cluster.run_detached(
                    *(JOBS / "bench_lag", "--rate", 100_000, "--keys", keys, "--seconds", seconds),
                    *("--checkpoint", checkpoint, "--events", directory),
                    options=("-p", 2),
                )
                cluster.wait_state(job, "FINISHED", timeout=seconds + 60)
                said = events(directory)
                shutil.rmtree(directory)
                lags = sorted(int(one) / 1000 for _, words in said if words[0] == "lags" for one in words[1:])
                assert len(lags) > keys * (seconds - 5), "results were lost"
                count = sum(int(words[1]) for _, words in said if words[0] == "end")
                assert count > 100_000 * (seconds - 1), f"{count} events in {seconds} s: the sources fell behind"
                p50.append(lags[len(lags) // 2])
                p99.append(lags[len(lags) * 99 // 100])
                most.append(lags[-1])
                note(name, f"p50 {p50[-1]:.2f} ms, p99 {p99[-1]:.2f} ms, max {most[-1]:.2f} ms")
            for metric, values in (("p50", p50), ("p99", p99), ("max", most)):
                figure(name, metric, values, "ms", results=len(lags), events=count)


def main():
    workloads = {"keyed_count": keyed_count, "lag": lag, "nexmark": nexmark, "savepoint": savepoint, "offline": offline, "incremental": incremental, "lifecycle": lifecycle, "pressed": pressed}
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each figure")
    parser.add_argument("--n", type=int, default=DEFAULT_N, help="records of a throughput run")
    parser.add_argument("--seconds", type=int, default=30, help="how long a run of lag takes")
    parser.add_argument("--keys", type=int, default=1_000_000, help="keys of keyed_count")
    parser.add_argument("--backend", choices=("heap", "rocksdb"), default="heap", help="of keyed_count and savepoint")
    parser.add_argument("--sizes", type=lambda text: [int(one) for one in text.split(",")], default=[200, 1000], help="MB of values of savepoint")
    parser.add_argument("--cache", default="", help="state.backend.rocksdb.cache-memory of keyed_count, savepoint and incremental")
    parser.add_argument("--state", type=int, default=500, help="MB of values of incremental")
    parser.add_argument("--changed", type=int, default=10, help="MB of them that change between two checkpoints of incremental")
    parser.add_argument("-D", dest="conf", action="append", default=[], help="KEY=VALUE of the configuration, for keyed_count and savepoint")
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
