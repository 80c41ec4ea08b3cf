#!/usr/bin/env python3
"""What a file of 1 GiB takes on HDFS and S3, beside curl with as many connections to the same server.

    tests/bench/file_systems.py [MEBIBYTES] [CONNECTIONS]      # after: cmake --build --preset release --target bench_remote
"""

import json
import os
import pathlib
import re
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


def show(name, ours, theirs):
    for what in ("write", "read"):
        print(
            f"{name} {what}: {ours[what]:.0f} MiB/s, curl {theirs[what]:.0f} MiB/s: {100 * ours[what] / theirs[what]:.0f} %"
            f" ({MEBIBYTES} MiB, {CONNECTIONS} connections, {ours['memory']} MiB of memory)"
        )


def main():
    with tempfile.NamedTemporaryFile() as part:
        part.write(os.urandom(1 << 20) * (MEBIBYTES // CONNECTIONS))
        part.flush()
        s3 = services.S3(Cleanups)
        environment = {
            "AWS_ENDPOINT_URL": s3.endpoint, "AWS_ACCESS_KEY_ID": s3.KEY, "AWS_SECRET_ACCESS_KEY": s3.SECRET,
        }
        for number in range(2):  # The first time warms the server.
            objects = [f"{s3.endpoint}/weir/curl-{number}-{n}" for n in range(CONNECTIONS)]
            theirs = curl(lambda n: [*SIGNED, objects[n]], lambda n: [*SIGNED, objects[n]], part.name)
            ours = weir(f"s3://weir/bench-{number}", environment)
            in_parts = multipart(s3.endpoint, f"curl-parts-{number}")
        show("S3", ours, theirs)
        show("S3, by multipart uploads both", ours, {**theirs, "write": in_parts})
        hdfs = services.Hdfs(Cleanups)
        base = f"http://127.0.0.1:{hdfs.port + 1}/webhdfs/v1"
        for number in range(2):
            files = [f"{base}/curl-{number}-{n}?user.name=weir&op=" for n in range(CONNECTIONS)]
            theirs = curl(lambda n: ["-L", files[n] + "CREATE"], lambda n: ["-L", files[n] + "OPEN"], part.name)
            ours = weir(f"webhdfs://127.0.0.1:{hdfs.port + 1}/bench-{number}", {})
        show("HDFS", ours, theirs)


if __name__ == "__main__":
    try:
        main()
    finally:
        Cleanups.doClassCleanups()
