# SPDX-License-Identifier: MIT
"""An app that answers with what reached it, for tests of headers."""

import hashlib
import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _body(self):
        """(length, SHA-256) of the body, chunked or not."""
        digest, total = hashlib.sha256(), 0
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        left = int(self.headers.get("Content-Length") or 0)
        while left or chunked:
            if chunked and not left:
                left = int(self.rfile.readline().split(b";")[0], 16)
                if not left:
                    self.rfile.readline()
                    break
            data = self.rfile.read(min(left, 1 << 16))
            if not data:
                break
            left -= len(data)
            total += len(data)
            digest.update(data)
            if chunked and not left:
                self.rfile.readline()
        return total, digest.hexdigest()

    def _answer(self):
        length, digest = self._body()
        self.server.seen.append((self.command, self.path))
        body = json.dumps({
            "method": self.command, "path": self.path,
            "headers": self.headers.items(),
            "length": length, "sha256": digest,
        }).encode()
        self.send_response(int(self.headers.get("X-Want-Status", "200")))
        self.send_header("Content-Type",
                         self.headers.get("X-Want-Type", "application/json"))
        for line in self.headers.get_all("X-Want-Line") or [
                "Cache-Control: public, max-age=60"]:
            if line:
                self.send_header(*line.split(": ", 1))
        if "X-Want-Buffering" in self.headers:
            self.send_header("X-Accel-Buffering",
                             self.headers["X-Want-Buffering"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *args):
        pass


class Echo:
    """Listens on a free port; seen: (method, path) of every request."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.seen = self.seen = []
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
