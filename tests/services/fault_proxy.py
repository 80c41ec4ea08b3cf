"""A proxy for one HTTP server that goes wrong when it is told to, for tests of who talks to that server.

    fault_proxy.py LISTEN_PORT UPSTREAM_PORT [FROM_PORT:TO_PORT]    # Locations on the first port are sent to the second

GET /fault-proxy/plan?fault=F&times=N&method=M&text=T: the next N requests of method M with T in their path or query meet F:
status:NNN  answered so, and not passed on       lost     passed on, but its answer is not
short       half of the answer's body, then the end     cut      half of the request's body is read, then the end
standby     answered as a name node that stands by
silent      nothing is answered                 slow:S   passed on after S seconds
stray       the answer has a body that its method does not have, a moment after its headers
flip        one byte of the request's body is changed
GET /fault-proxy/met: how many did; GET /fault-proxy/clear: plans and count are forgotten.
"""

import http.client
import http.server
import socket
import sys
import threading
import time
import urllib.parse


class Plans:
    """What shall go wrong next. Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.plans = []
        self.met = 0

    def take(self, method, path):
        with self.lock:
            for plan in self.plans:
                if plan["times"] > 0 and plan["method"] in (method, "ANY") and plan["text"] in path:
                    plan["times"] -= 1
                    self.met += 1
                    return plan["fault"]
        return ""

    def command(self, path):
        parsed = urllib.parse.urlsplit(path)
        with self.lock:
            if parsed.path.endswith("/clear"):
                self.plans, self.met = [], 0
            elif parsed.path.endswith("/plan"):
                given = dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
                self.plans = [{**given, "times": int(given["times"])}]
            return str(self.met)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        if self.path.startswith("/fault-proxy/"):
            return self.answer(200, [], PLANS.command(self.path).encode())
        fault = PLANS.take(self.command, self.path)
        length = int(self.headers.get("Content-Length", 0))
        if fault == "cut":
            self.rfile.read(length // 2)
            return self.end()
        body = self.rfile.read(length)
        if fault == "silent":
            time.sleep(3)
            return self.end()
        if fault == "standby":
            return self.answer(403, [("Content-Type", "application/json")], STANDBY)
        if fault.startswith("status:"):
            return self.answer(int(fault[7:]), [], b"a fault")
        if fault.startswith("slow:"):
            time.sleep(float(fault[5:]))
        if fault == "flip" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        try:
            status, headers, answer = self.pass_on(body)
        except OSError:
            return self.end()  # As the server's own end would look.
        if fault == "lost":
            return self.end()
        self.answer(status, headers, answer, short=fault == "short")
        if fault == "stray":
            self.wfile.flush()
            time.sleep(0.2)
            self.wfile.write(b"no answer to anything")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def pass_on(self, body):
        upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    upstream.putheader(name, value)  # Host too: it is signed.
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            upstream.close()

    def answer(self, status, headers, body, short=False):
        self.send_response_only(status)
        told = False
        for name, value in headers:
            if name.lower() in ("connection", "transfer-encoding"):
                continue
            if name.lower() == "content-length":
                told = True
            if name.lower() == "location":
                for old, new in MOVED:
                    value = value.replace(f":{old}/", f":{new}/")
            self.send_header(name, value)
        if not told:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if short else body)
        if short:
            self.end()

    def end(self):
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # Clients go away when they are told to.


STANDBY = (
    b'{"RemoteException":{"exception":"StandbyException","javaClassName":"org.apache.hadoop.ipc.StandbyException",'
    b'"message":"Operation category READ is not supported in state standby"}}'
)
PLANS = Plans()
UPSTREAM = int(sys.argv[2]) if len(sys.argv) > 2 else 0
MOVED = [one.split(":") for one in sys.argv[3:]]

if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
