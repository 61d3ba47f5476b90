"""What the client modules share: the server to talk to, how to run a client, how to compare what it fetched."""
from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable

import messages

JAIL = Path(__file__).resolve().parent.parent / "jail.sh"
NOBODY = 65534                                  # fetchmail warns when root
Result = subprocess.CompletedProcess[bytes]


@dataclass
class Target:
    """A POP3 server, and what it serves."""
    host: str
    port: int
    user: str
    password: str
    ca: Path | None
    apop: bool
    messages: dict[int, bytes]                  # number: octets; without those that it withholds
    count: int                                  # all, with those


@dataclass
class Client:
    """One client in its jail, with a fresh scratch folder for every test."""
    name: str
    target: Target
    work: Path
    only: str = ""
    failed: int = 0
    jail: str = "clients"

    def check(self, what: str, test: Callable[[], str | None]) -> None:
        name = f"{self.name}: {what}"
        if self.only not in name:
            return
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        try:
            note = test()
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            self.failed += 1
            print(f"FAIL {name}: {error}", flush=True)
        else:
            print(f"ok   {name}" + (f" ({note})" if note else ""), flush=True)

    @property
    def scratch(self) -> Path:
        return self.work / "clients" / self.name

    def file(self, name: str, text: str) -> Path:
        path = self.scratch / name
        path.write_text(text)
        path.chmod(0o600)                       # fetchmail and mpop refuse a password that others can read
        return path

    def run(self, *argv: str | Path) -> Result:
        """Runs a command in the jail; its messages and its exit status are for the test to judge."""
        for path in (self.scratch, *self.scratch.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        as_nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", f"HOME={self.scratch}")
        done = subprocess.run([JAIL, "run", self.jail, "timeout", "100", *as_nobody, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        (self.scratch / "output").write_bytes(done.stdout + done.stderr)
        return done


def succeeded(done: Result) -> Result:
    assert done.returncode == 0, f"exit status {done.returncode}: {tail(done)}"
    return done


def exited(done: Result, *codes: int) -> str:
    assert done.returncode in codes, f"exit status {done.returncode}, not {codes}: {tail(done)}"
    return f"exit status {done.returncode}"


def tail(done: Result) -> str:
    return " | ".join((done.stdout + done.stderr).decode(errors="replace").splitlines()[-3:])


def said(done: Result, *words: str) -> None:
    """The client's own protocol trace shows that it did what it was told."""
    text = (done.stdout + done.stderr).decode(errors="replace")
    for word in words:
        assert word in text, f"no {word!r} in the client's trace"


def same_set(got: Iterable[bytes], expected: dict[int, bytes], others: int = 0) -> str:
    """Each message once, whatever the order; `others` more may be there (what a server withholds, see README.md)."""
    left = list(got)
    total = sum(map(len, left))
    count = len(left)
    wanted = dict(expected)
    by_content = {message: number for number, message in wanted.items()}
    assert len(by_content) == len(wanted)
    rest = [message for message in left if wanted.pop(by_content.get(message, 0), None) is None]
    if wanted or len(rest) != others:
        number, message = next(iter(wanted.items()), (0, b""))
        near = next((r for r in rest if b"<interop.%d@" % number in r), b"")
        at = next((i for i, (a, b) in enumerate(zip(near, message)) if a != b), min(len(near), len(message)))
        raise AssertionError(
            f"{count} messages, {len(wanted)} of {len(expected)} missing, {len(rest)} unknown; missing {list(wanted)[:12]}; "
            f"{number} at {at}: {near[max(at - 20, 0):at + 20]!r}, not {message[max(at - 20, 0):at + 20]!r}")
    return f"{count} messages, {total} octets"


def lf(message: bytes) -> bytes:
    """As clients store it in a Maildir."""
    return message.replace(b"\r\n", b"\n")


def retrieved(target: Target) -> dict[int, bytes]:
    return {number: messages.retr(message) for number, message in target.messages.items()}


def stored(target: Target) -> dict[int, bytes]:
    return {number: lf(message) for number, message in retrieved(target).items()}


def maildir(folder: Path) -> list[bytes]:
    return [path.read_bytes() for sub in ("new", "cur") for path in sorted((folder / sub).glob("*"))]


def make_maildir(folder: Path) -> Path:
    for sub in ("tmp", "new", "cur"):
        (folder / sub).mkdir(parents=True)
    return folder
