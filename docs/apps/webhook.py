"""A channel: what is posted is written to ``channel.txt``. It hears one notice."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with Path("channel.txt").open("a") as channel:
            channel.write(json.loads(body)["text"] + "\n")
        self.send_response(200)
        self.end_headers()


with HTTPServer(("127.0.0.1", 0), Hook) as server:
    server.timeout = 60
    Path("port.new").write_text(str(server.server_port))
    Path("port.new").rename("port")
    server.handle_request()
