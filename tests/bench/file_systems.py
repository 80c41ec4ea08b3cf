#!/usr/bin/env python3
"""What a file of 1 GiB takes on HDFS and S3, beside curl with as many connections to the same server.

    tests/bench/file_systems.py [MEBIBYTES] [CONNECTIONS] [ROUNDS] [s3|hdfs]
        # after: cmake --preset release -DWEIR_BENCH=ON && cmake --build --preset release --target bench_remote

A round is curl and Weir right after one another; the first warms the server and does not count, of the others the median of
each and of their ratio is told. TMPDIR=/dev/shm keeps the disk out of it.
"""

import getpass
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "services"))
import services  # noqa: E402

PROGRAM = ROOT / "build/release/bench/bench_remote"
MEBIBYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
CONNECTIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
ONLY = sys.argv[4] if len(sys.argv) > 4 else ""
SIGNED = ["--aws-sigv4", "aws:amz:us-east-1:s3", "-u", "weir:weirsecret", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]


class Cleanups(unittest.TestCase):
    """Where servers are registered to be ended."""


def at_once(commands):
    """MiB/s of curls that share the bytes."""
    begun = time.monotonic()
    running = [subprocess.Popen(["curl", "-fsS", "--noproxy", "*", *one]) for one in commands]
    for one in running:
        if one.wait() != 0:
            raise SystemExit("curl failed")
    return MEBIBYTES / (time.monotonic() - begun)


def curl(put, get, part):
    written = at_once([[*put(n), "-T", part, *["-o", "/dev/null"]] for n in range(CONNECTIONS)])
    return {"write": written, "read": at_once([[*get(n), "-o", "/dev/null"] for n in range(CONNECTIONS)])}


def multipart(endpoint, key):
    """MiB/s of curl that makes one object of parts of 8 MiB, as an object of that size has to be made."""
    url = f"{endpoint}/weir/{key}"
    ask = ["curl", "-fsS", "--noproxy", "*", *SIGNED]
    with tempfile.NamedTemporaryFile() as part:
        part.write(os.urandom(8 << 20))
        part.flush()
        begun = time.monotonic()
        said = subprocess.run(
            [*ask, "-X", "POST", "-H", "Content-Type: application/octet-stream", f"{url}?uploads="],
            capture_output=True, text=True, check=True,
        ).stdout
        upload = re.search("<UploadId>(.*)</UploadId>", said)[1]
        urls = [f"{url}?partNumber={n + 1}&uploadId={upload}" for n in range(MEBIBYTES // 8)]
        sent = [word for one in urls for word in ("-T", part.name, one)]
        said = subprocess.run(
            [*ask, "-Z", "--parallel-max", str(CONNECTIONS), "-D", "-", "-o", "/dev/null", *sent],
            capture_output=True, text=True, check=True,
        ).stdout
        tag = re.search('(?i)etag: *("[^"]*")', said)[1]
        parts = "".join(
            f"<Part><PartNumber>{n + 1}</PartNumber><ETag>{tag}</ETag></Part>" for n in range(MEBIBYTES // 8)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        subprocess.run(
            [*ask, "-H", "Content-Type: application/xml", "--data-binary", body, f"{url}?uploadId={upload}"],
            stdout=subprocess.DEVNULL, check=True,
        )
        return MEBIBYTES / (time.monotonic() - begun)


def weir(path, environment):
    done = subprocess.run(
        [PROGRAM, path, str(MEBIBYTES), str(CONNECTIONS)], env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def show(name, rounds, what, ours, theirs):
    """Medians of the rounds, whose ratio is taken of each."""
    mine, other = ([one[key][what] for one in rounds] for key in (ours, theirs))
    ratios = sorted(100 * a / b for a, b in zip(mine, other))
    print(
        f"{name} {what}: {statistics.median(mine):.0f} MiB/s, curl {statistics.median(other):.0f} MiB/s: "
        f"{statistics.median(ratios):.0f} % ({ratios[0]:.0f}-{ratios[-1]:.0f}; {MEBIBYTES} MiB, {CONNECTIONS} connections, "
        f"{len(rounds)} rounds, {max(one['weir']['memory'] for one in rounds)} MiB of memory, load {os.getloadavg()[0]:.0f})",
        flush=True,
    )


def removed(urls):
    """What a round has written makes room for the next."""
    for arguments in urls:
        subprocess.run(["curl", "-fsS", "--noproxy", "*", "-X", "DELETE", "-o", "/dev/null", *arguments], check=True)


def s3_rounds(part):
    s3 = services.S3(Cleanups)
    environment = {"AWS_ENDPOINT_URL": s3.endpoint, "AWS_ACCESS_KEY_ID": s3.KEY, "AWS_SECRET_ACCESS_KEY": s3.SECRET}
    for number in range(1 + ROUNDS):
        objects = [f"{s3.endpoint}/weir/curl-{number}-{n}" for n in range(CONNECTIONS)]
        yield {
            "curl": curl(lambda n: [*SIGNED, objects[n]], lambda n: [*SIGNED, objects[n]], part),
            "weir": weir(f"s3://weir/bench-{number}", environment),
            "parts": {"write": multipart(s3.endpoint, f"curl-parts-{number}")},
        }
        mine = [f"{s3.endpoint}/weir/{name}-{number}" for name in ("bench", "curl-parts")]
        removed([*SIGNED, one] for one in objects + mine)


def hdfs_rounds(part):
    hdfs = services.Hdfs(Cleanups)
    base = f"http://127.0.0.1:{hdfs.port + 1}/webhdfs/v1"
    for number in range(1 + ROUNDS):
        files = [f"{base}/curl-{number}-{n}?user.name=weir&op=" for n in range(CONNECTIONS)]
        yield {
            "curl": curl(lambda n: ["-L", files[n] + "CREATE"], lambda n: ["-L", files[n] + "OPEN"], part),
            "weir": weir(f"webhdfs://127.0.0.1:{hdfs.port + 1}/bench-{number}", {}),
        }
        removed([one + "DELETE"] for one in [*files, f"{base}/bench-{number}?user.name={getpass.getuser()}&op="])


def main():
    with tempfile.NamedTemporaryFile() as part:
        part.write(os.urandom(1 << 20) * (MEBIBYTES // CONNECTIONS))
        part.flush()
        if ONLY != "hdfs":
            rounds = list(s3_rounds(part.name))[1:]
            show("S3, of one object by a multipart upload,", rounds, "write", "weir", "parts")
            show("S3, of one object, beside as many by curl,", rounds, "write", "weir", "curl")
            show("S3", rounds, "read", "weir", "curl")
        if ONLY != "s3":
            rounds = list(hdfs_rounds(part.name))[1:]
            show("HDFS", rounds, "write", "weir", "curl")
            show("HDFS", rounds, "read", "weir", "curl")


if __name__ == "__main__":
    try:
        main()
    finally:
        Cleanups.doClassCleanups()
