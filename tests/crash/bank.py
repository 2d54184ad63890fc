"""Clients of crash.Bank and what they may believe: each remembers what it was told; `Books` compares that with what is kept."""

import http.client
import json
import random
import threading
import time

COUNTERS, ACCOUNTS = ("a", "b", "c"), ("u", "v", "w", "x", "y")
UNKNOWN, REFUSED = object(), object()  # answers: nobody knows what became of it; it failed, so it left nothing


class Wrong(AssertionError):
    """The node broke its promise."""


def expect(fine, what):
    if not fine:
        raise Wrong(what)


class Line:
    """One connection to the bank."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.is_cut = False

    def ask(self, method, payload, key=None):
        """The answer; UNKNOWN, then the line is cut; or REFUSED with `error` set."""
        headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
        try:
            self.connection.request("POST", f"/crash.Bank/{method}", json.dumps(payload), headers)
            r = self.connection.getresponse()
            body = r.read()
        except (OSError, http.client.HTTPException):
            self.is_cut = True
            return UNKNOWN
        if r.status == 200:
            return json.loads(body)
        self.error = json.loads(body)
        return REFUSED

    def entries(self, prefix, after=None):
        """All below the prefix, after a key: pairs of key and value."""
        while True:
            page = self.ask("entries", {"prefix": prefix} | ({"after": after} if after else {}))
            expect(isinstance(page, dict), f"cannot list {prefix}: {getattr(self, 'error', 'no answer')}")
            for e in page["entries"]:
                yield e["key"], e["value"]
            if not (after := page.get("next")):
                return


class Client:
    """Sends one request after another until it is told to stop or the node is gone."""

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.sent = 0
        self.told = {}  # token -> (counter, value), what must be there; for moves: None
        self.refused = {}  # token -> the error
        self.pending = []  # keyed requests without an answer: (payload, token)
        self.doubles = []  # the same, of somebody else who repeats them at the same time
        self.answered = []  # some keyed requests with their answers
        self.retold = 0

    def token(self):
        self.sent += 1
        return f"{self.number:02}/{self.sent:08}"

    def remember(self, token, answer, what):
        if answer is REFUSED:
            self.refused[token] = self.line.error
        elif answer is not UNKNOWN:
            self.told[token] = what(answer)

    def increment(self, key):
        token = self.token()
        payload = {"counter": self.random.choice(COUNTERS), "token": token}
        self.keyed(payload, token) if key else self.remember(
            token, self.line.ask("increment", payload), lambda n: (payload["counter"], n))

    def keyed(self, payload, token):
        answer = self.line.ask("incrementOnce", payload, token)
        if answer is UNKNOWN:
            self.pending.append((payload, token))
        else:
            self.remember(token, answer, lambda n: (payload["counter"], n))
            if answer is not REFUSED:
                self.answered.append((payload, token, answer))
                del self.answered[:-50]

    def repeat(self):
        """Again what was answered long ago or just now: it must be the same."""
        payload, token, answer = self.random.choice(self.answered)
        again = self.line.ask("incrementOnce", payload, token)
        expect(again in (UNKNOWN, answer) or again is REFUSED and self.line.error["code"] == "unavailable",
               f"{token} was answered {answer}, its repeat {self.line.error if again is REFUSED else again}")
        self.retold += again == answer

    def transfer(self):
        token = self.token()
        one, other = self.random.sample(ACCOUNTS, 2)
        self.remember(token, self.line.ask("transfer", {"from": one, "to": other, "amount": self.random.randint(1, 100),
                                                        "move": token}), lambda _: None)

    def run(self, port, stop):
        self.line = Line(port)
        before, self.pending = self.pending, []
        for payload, token in before:
            self.pending.append((payload, token)) if self.line.is_cut else self.keyed(payload, token)
        for payload, token in self.doubles:
            if isinstance(answer := self.line.ask("incrementOnce", payload, token), int):
                self.told[token] = (payload["counter"], answer)
        while not (stop.is_set() or self.line.is_cut):
            kind = self.random.random()
            if kind < 0.4:
                self.transfer()
            elif kind < 0.6:
                self.increment(key=False)
            elif kind < 0.9 or not self.answered:
                self.increment(key=True)
            else:
                self.repeat()
        self.line.connection.close()


class Load:
    """All clients at work against one node, until the block ends."""

    def __init__(self, clients, port):
        self.stop, self.wrong = threading.Event(), []
        for c, neighbour in zip(clients, clients[1:] + clients[:1]):
            neighbour.doubles = list(c.pending)
        self.threads = [threading.Thread(target=self.run, args=(c, port)) for c in clients]

    def run(self, client, port):
        try:
            client.run(port, self.stop)
        except Exception as e:  # noqa: BLE001 — told by the main thread
            self.wrong.append(e)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def end(self):
        """Waits for the clients; for after the node was killed, or to let them finish."""
        self.stop.set()
        for t in self.threads:
            t.join()
        if self.wrong:
            raise self.wrong[0]

    def __exit__(self, kind, *_):
        self.stop.set()
        for t in self.threads:
            t.join()


class Books:
    """What is known of the bank's state so far. `check` reads what was added since and compares it with what clients were told."""

    def __init__(self):
        self.values = dict.fromkeys(COUNTERS, 0)
        self.found = {}  # token -> (counter, value) or None
        self.last_move = {}
        self.balances = dict.fromkeys(ACCOUNTS, 0)

    def read(self, line, clients):
        for counter, have in self.values.items():
            for key, token in line.entries(f"log/{counter}/", f"log/{counter}/{have:012}"):
                n = self.values[counter] + 1
                expect(key == f"log/{counter}/{n:012}", f"after {n - 1} of {counter} comes {key}: a request is half there")
                expect(token not in self.found, f"{token} was applied twice: {self.found.get(token)} and {counter} {n}")
                self.found[token] = (counter, n)
                self.values[counter] = n
        kept = {k.removeprefix("count/"): v for k, v in line.entries("count/")}
        expect({c: kept.get(c, 0) for c in COUNTERS} == self.values, f"counters are {kept}, their logs end at {self.values}")
        for client in clients:
            prefix = f"move/{client.number:02}/"
            for key, did in line.entries(prefix, self.last_move.get(client.number, prefix)):
                self.last_move[client.number] = key
                one, other, amount = did.split()
                self.balances[one] -= int(amount)
                self.balances[other] += int(amount)
                self.found[key.removeprefix("move/")] = None
        kept = {k.removeprefix("account/"): v for k, v in line.entries("account/")}
        expect({a: kept.get(a, 0) for a in ACCOUNTS} == self.balances, f"balances are {kept}, the moves make {self.balances}")
        expect(sum(kept.values()) == 0, f"balances do not sum up to 0: {kept}")

    def check(self, port, clients):
        """Nobody else may be at work. Forgets nothing: what was there once must stay, which `check` of new books shows."""
        self.read(Line(port), clients)
        for client in clients:
            for token, what in client.told.items():
                expect(token in self.found, f"{token} was acknowledged ({what}) and is lost")
                expect(self.found[token] == what, f"{token} was acknowledged as {what} and is {self.found[token]}")
            for token, error in client.refused.items():
                expect(token not in self.found, f"{token} failed with {error} and is there")


def work(clients, port, seconds):
    """For a while, then lets all finish."""
    with Load(clients, port) as load:
        time.sleep(seconds)
        load.end()
