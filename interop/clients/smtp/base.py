"""What the SMTP client modules share: the server to talk to, and what it stored of what a client sent."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable

from ..base import Client, same_set

SENDER, HELLO = "sender@example.org", "client.example.org"
NOBODY = "nobody@example.org"                   # the one that the server refuses


@dataclass
class Stored:
    """One message: the octets after dot-unstuffing, and the envelope as it was on the wire."""
    octets: bytes
    mail: str
    recipients: list[str]
    sender: str
    hello: str
    tls: bool
    user: str | None


class Store:
    """A folder that a receiving server fills: NNNNNN.eml and NNNNNN.json of each message that it accepted."""
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self) -> list[Stored]:
        """What came since the last call."""
        out = []
        for path in sorted(self.folder.glob("*.eml")):
            envelope = path.with_suffix(".json")
            out.append(Stored(path.read_bytes(), **json.loads(envelope.read_text())))
            path.unlink()
            envelope.unlink()
        return out


@dataclass
class SmtpTarget:
    """Our server, or one in its place: on four ports, with three stores."""
    host: str
    open: int                                   # STARTTLS offered, no AUTH
    smtps: int                                  # the same under implicit TLS
    auth: int                                   # AUTH wanted, after STARTTLS only
    lmtp: int
    ca: Path
    stores: Path
    few: dict[int, bytes]
    all: dict[int, bytes]
    offers: set[str] = field(default_factory=set)    # what EHLO says
    folder: Path = Path()                       # of few, and of all
    all_folder: Path = Path()

    def store(self, name: str) -> Store:
        return Store(self.stores / name)

    def file(self, number: int) -> Path:
        return self.folder / f"{number:03}.eml"


@dataclass
class SmtpClient(Client):
    target: SmtpTarget  # type: ignore[assignment]
    jail: str = "smtp-clients"

    def check(self, what: str, test: Callable[[], str | None]) -> None:
        def run() -> str | None:
            for name in ("open", "auth", "lmtp"):
                self.target.store(name).take()  # what a check that failed may have left
            return test()
        super().check(what, run)


def address(wire: str) -> str:
    """`<a@b> X=Y`: the address."""
    return re.match(r"<([^>]*)>", wire)[1]      # type: ignore[index]


def came(stored: Iterable[Stored], expected: dict[int, bytes], *recipients: str, tls: bool = False, user: str | None = None,
         hello: str = HELLO, sender: str = SENDER) -> str:
    """Each message once and octet for octet, each with this envelope."""
    stored = list(stored)
    note = same_set([one.octets for one in stored], expected)
    for one in stored:
        got = (one.sender, sorted(map(address, one.recipients)), one.tls, one.user, one.hello)
        want = (sender, sorted(recipients), tls, user, hello)
        assert got == want, f"envelope {got}, not {want}"
    return note


def ended(messages: dict[int, bytes]) -> dict[int, bytes]:
    """DATA ends the last line in any case."""
    return {number: m if m.endswith(b"\r\n") or not m else m + b"\r\n" for number, m in messages.items()}
