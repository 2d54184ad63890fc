"""Server-sent events, read line by line: for what graphql-sse's client does not show, such as ids."""

import http.client
import json


class EventStream:
    """A subscription by POST. Use it in `with`; iterate for its events: (event, id, data)."""

    def __init__(self, node, query, variables=None, headers=None, path="/graphql", timeout=10):
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=timeout)
        self.connection.request("POST", path, json.dumps({"query": query, "variables": variables}),
                                {"content-type": "application/json", "accept": "text/event-stream", **(headers or {})})
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def __iter__(self):
        return self

    def __next__(self):
        event, id_, data = None, None, None
        while True:
            line = self.response.readline()
            if not line:
                raise StopIteration
            line = line.decode().rstrip("\n")
            if not line and event is not None:
                return event, id_, json.loads(data) if data else None
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "id":
                id_ = value
            elif name == "data":
                data = value

    def take(self, n):
        return [next(self) for _ in range(n)]

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
