"""The simulator behind HTTP, for 127.0.0.1 only."""

import errno
import gc
import json
import signal
import sys
import traceback
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Event, Thread
from typing import Self

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import Request

from local.simulator import control, running
from local.simulator.identities import HOUR
from local.simulator.machines import Place
from local.simulator.warming import SERVICES, warm_up
from local.simulator.world import HOME, World

HOST = "127.0.0.1"
PORT_TAKEN = 2


class HttpServer(ThreadingMixIn, TCPServer):
    """One thread a connection; connections stay open."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, world: World, port: int) -> None:
        warm_up()
        super().__init__((HOST, port), Handler)
        self.world = world
        self._thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        """What a client is given as its endpoint_url."""
        return f"http://{HOST}:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A client that went away in the middle is its own business."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, writes the answer in one piece."""

    server: HttpServer
    headers: HTTPHeaders
    MessageClass = HTTPHeaders
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer, or break the connection if a fault says so."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, headers, answer = self._answer(body)
        except ConnectionClosedError:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"status", "date", "server", "content-length"}:
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_POST  # noqa: N815  # the same

    def _answer(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.path.startswith(control.PREFIX):
            status, reply = control.answer(self.server.world, self.command, self.path, body)
            return status, {"Content-Type": "application/json"}, json.dumps(reply).encode()
        scope = running.scope(self.headers)
        if not scope:
            return 403, {"X-Amzn-Errortype": "MissingAuthenticationToken"}, b'{"message": "not signed"}'
        if scope.service not in SERVICES:
            return self._by_moto(scope, body)
        request = Request.from_primitives(self.command, self.server.endpoint + self.path, self.headers, body)
        request.environ[running.KEY] = self.server.world
        status, headers, answer = SERVICES[scope.service].dispatch(request)
        return status, headers, _bytes(answer)

    def _by_moto(self, scope: running.Scope, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Other services (SSM, KMS) are moto's, as they are."""
        url = f"https://{scope.service}.{scope.region}.amazonaws.com{self.path}"
        request = AWSPreparedRequest(self.command, url, self.headers, body, stream_output=False)
        status, headers, answer = BotocoreStubber().process_request(request)
        return status, headers, _bytes(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Quiet: the call log says it better."""


def _bytes(answer: str | bytes) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer


def run(port: int, servers: int, home: Place = HOME, *, throttles: bool = True) -> None:
    """Serve until SIGTERM or SIGINT; one line of JSON tells where. A taken port ends with status 2."""
    try:
        server = HttpServer(World(home, servers, throttles, HOUR), port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"simulator: port {port} on {HOST} is taken", file=sys.stderr)
        sys.exit(PORT_TAKEN)
    ended = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    gc.freeze()  # what is loaded stays: a full collection would stop every call for 150 ms
    with server:
        print(json.dumps({"endpoint": server.endpoint, "servers": servers}), flush=True)
        ended.wait()
