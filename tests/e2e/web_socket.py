"""A WebSocket's client side (RFC 6455), for what proper clients do not do."""

import base64
import json
import os
import socket
import struct


class WebSocket:
    """Opens a WebSocket that speaks graphql-transport-ws. `status` is the answer's, 101 where it is open. Use it in `with`."""

    def __init__(self, node, path="/graphql", headers=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", node.port))
        fields = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": "graphql-transport-ws",
                  **(headers or {})}
        lines = "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self.input = self.socket.makefile("rb")
        self.status = int(self.input.readline().split()[1])
        self.headers = {}
        while line := self.input.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.body = b"" if self.status == 101 else self.input.read(int(self.headers.get("content-length", 0)))

    def frame(self, payload, opcode=1, last=True, masked=True):
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
        first = bytes([(0x80 if last else 0) | opcode])
        if not masked:
            return first + length + payload
        return first + bytes([length[0] | 0x80]) + length[1:] + b"\0\0\0\0" + payload  # a mask of zeros changes nothing

    def send(self, message, **how):
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self.socket.sendall(self.frame(text.encode() if isinstance(text, str) else text, **how))

    def receive(self):
        """A message; ("close", code, reason) at the end; pings are passed over."""
        while True:
            head = self.input.read(2)
            if len(head) < 2:
                return "close", 1006, ""
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self.input.read(2 if size == 126 else 8), "big")
            payload = self.input.read(size)
            if head[0] & 0xF == 8:
                return "close", int.from_bytes(payload[:2], "big") or 1005, payload[2:].decode()
            if head[0] & 0xF == 10:
                return "pong", payload
            if head[0] & 0xF == 1:
                return json.loads(payload)

    def begin(self, payload=None):
        self.send({"type": "connection_init", **({"payload": payload} if payload is not None else {})})
        return self.receive()

    def subscribe(self, id_, query, **members):
        self.send({"type": "subscribe", "id": id_, "payload": {"query": query, **members}})

    def close(self):
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
