"""What the SMTP checks share: the servers and what they are like, how to get back what was delivered, the tap."""
from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable

import messages
from clients.base import same_set

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("INTEROP_WORK") or HERE / ".work").resolve()
SENDER = "sender@example.org"
HELLO = "client.example.org"


class Checks:
    """Prints one line for each check, "ok ..." or "FAIL ...", and counts."""
    def __init__(self, only: str = "") -> None:
        self.failed = 0
        self.only = only

    def check(self, name: str, test: Callable[[], str | None]) -> None:
        if self.only not in name:
            return
        try:
            note = test()
        except (AssertionError, OSError, EOFError, ValueError, KeyError, subprocess.SubprocessError) as error:
            self.failed += 1
            text = str(error).replace("\n", " | ")[:500]
            print(f"FAIL {name}: {'' if type(error) is AssertionError else type(error).__name__ + ' '}{text}", flush=True)
        else:
            print(f"ok   {name}" + (f" ({note})" if note else ""), flush=True)


@dataclass(frozen=True)
class Peer:
    """One of the real servers: what it offers, and how it says what it saw (in the Received field that it adds)."""
    offers: frozenset[str]
    tls: str = ""                               # patterns
    auth: str = ""
    longest_line: int = 1 << 30                 # on the wire; a longer one ends the connection (README.md)
    ends_header: bool = False                   # a message that is all header gets the empty line that ends one
    keeps_end: bool = False                     # that of BDAT stays without a final line end

    def takes(self, message: bytes) -> bool:
        return max(map(len, message.split(b"\r\n"))) < self.longest_line

    def delivered(self, message: bytes, bdat: bool = False) -> bytes:
        """DATA ends the last line in any case, and so do most for BDAT."""
        if not message.endswith(b"\r\n") and not (bdat and self.keeps_end):
            message += b"\r\n"
        return message + b"\r\n" if self.ends_header and b"\r\n\r\n" not in message else message


def offers(text: str) -> frozenset[str]:
    return frozenset(text.split())


PEERS = {
    "postfix": Peer(
        offers("pipelining starttls smtps auth dsn chunking smtputf8 xclient"), tls=r"using TLSv1\.3", auth=r"\(Authenticated sender: alice@localhost\)"),
    "exim": Peer(
        offers("pipelining starttls smtps auth dsn chunking smtputf8"), tls=r"esmtps", auth=r"esmtpsa", ends_header=True),
    "opensmtpd": Peer(offers("dsn"), longest_line=65_534),
    "dovecot-lmtp": Peer(offers("lmtp unix pipelining starttls chunking"), tls=r"with LMTPS", keeps_end=True),
}


@dataclass
class Mail:
    octets: bytes
    added: str                                  # the header fields that the server put before it


def collect(server: str) -> dict[str, list[Mail]]:
    """What was delivered since the last call, for each user."""
    out = WORK / "collected" / server
    done = subprocess.run([HERE / "servers" / f"{server}.sh", "collect", out], capture_output=True, timeout=90)
    assert done.returncode == 0, f"collect: {done.stderr.decode()}"
    return {folder.name: [Mail(path.read_bytes(), path.with_suffix(".added").read_text()) for path in sorted(folder.glob("*.eml"))]
            for folder in out.iterdir()}


def expected(peer: Peer, stored: Iterable[bytes], bdat: bool = False) -> dict[int, bytes]:
    return {number: peer.delivered(message, bdat) for number, message in enumerate(stored, 1)}


def each_got(got: dict[str, list[Mail]], want: dict[int, bytes], *users: str) -> str:
    """Each of these users got all of them, once and octet for octet; nobody else got anything."""
    others = {user: len(mails) for user, mails in got.items() if mails and user not in users}
    assert not others, f"delivered to others: {others}"
    note = ""
    for user in users:
        note = same_set([mail.octets for mail in got.get(user, [])], want)
    return f"{len(users)} x {note}" if len(users) > 1 else note


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Tap:
    """A relay on the way to a server, that keeps what passes: of each connection the turns of the talk, as (who, octets)."""
    def __init__(self, host: str, port: int, at: int = 0) -> None:
        self.to = (host, port)
        self.talks: list[list[tuple[str, bytearray]]] = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", at))
        self.port: int = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> Tap:
        self.start(self.accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.to)
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            turns: list[tuple[str, bytearray]] = []
            self.talks.append(turns)
            self.start(self.pump, turns, "C", client, server)
            self.start(self.pump, turns, "S", server, client)

    def pump(self, turns: list[tuple[str, bytearray]], who: str, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                with self.lock:
                    if not turns or turns[-1][0] != who:
                        turns.append((who, bytearray()))
                    turns[-1][1].extend(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:                         # one side is gone: so must the other learn
            for side in (source, sink):
                try:
                    side.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def of(self, who: str) -> list[bytes]:
        return [bytes(octets) for turns in self.talks for w, octets in turns if w == who]

    def client(self) -> bytes:
        """What the client said, one connection after the other."""
        return b"".join(self.of("C"))


GROUP = re.compile(rb"^MAIL FROM:[^\r\n]*\r\n(?:RCPT TO:[^\r\n]*\r\n)+(?=DATA\r\n|BDAT \d)", re.IGNORECASE | re.MULTILINE)


def pipelined(tap: Tap) -> int:
    """How many transactions came as one group: MAIL, RCPTs and DATA (or BDAT), with no reply between them."""
    return sum(len(GROUP.findall(turn)) for turn in tap.of("C"))


def read(folder: Path) -> list[bytes]:
    return messages.read(folder)
