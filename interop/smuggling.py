#!/usr/bin/env python3
"""What ends a message, and what is smuggled behind it: measures each variant of CR LF . CR LF, and writes docs/smuggling.md.

    smuggling.py BIN PAGE --sink PORT --postfix DEFAULT NORMALIZE REJECT --exim PORT --opensmtpd PORT --lmtp PORT

BIN is the folder of smtp-send and smtp-sink. The servers run; Postfix and Exim relay what is for via.example.net to the
port SINK. One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator

from clients.smtp.base import HELLO, Store, address
from clients.smtp.relays import RECEIVED, recipe
from smtp_peers import HERE, WORK, Checks, Tap, collect, fresh

POLICIES = ("strict", "normalise", "lenient")
NAMED = {b"\r\n": "crlf", b"\r": "cr", b"\n": "lf", b"\0": "nul", b" ": "sp", b".": "."}
WAIT = 0.8                                      # a server that has not answered until then takes it for content
BEFORE = b"Subject: outer\r\n\r\nbefore"

VARIANTS: dict[str, bytes] = {
    "crlf.crlf": b"\r\n.\r\n", "lf.lf": b"\n.\n", "lf.crlf": b"\n.\r\n", "crlf.lf": b"\r\n.\n", "cr.cr": b"\r.\r", "crlf.cr": b"\r\n.\r", "cr.crlf": b"\r.\r\n",
    "lf.cr": b"\n.\r", "cr.lf": b"\r.\n", "crcrlf.crlf": b"\r\r\n.\r\n", "crlf.crcrlf": b"\r\n.\r\r\n", "crlf.nulcrlf": b"\r\n.\0\r\n", "crlfnul.crlf": b"\r\n\0.\r\n",
    "crlf.spcrlf": b"\r\n. \r\n", "lflf.lf": b"\n\n.\n", "lf.cr-cr.lf": b"\n.\r\r.\n", "start .crlf": b".\r\n", "start .lf": b".\n", "start .cr": b".\r",
}
PROPER = ("crlf.crlf", "crcrlf.crlf", "start .crlf")    # on the wire these do end a message
TAGS = {name: f"v{number:02}" for number, name in enumerate(VARIANTS)}


def before(name: str) -> bytes:
    return b"" if name.startswith("start") else BEFORE


def envelope(tag: str) -> bytes:
    """What a smuggler puts behind the variant: it becomes commands if the variant ends the message."""
    return f"MAIL FROM:<{tag}-in@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: inner\r\n\r\n{tag} inner\r\n".encode()


def body(name: str) -> bytes:
    """A message with the variant inside, before what would be smuggled."""
    return before(name) + VARIANTS[name] + envelope(TAGS[name])


def named(octets: bytes) -> str:
    return "".join(NAMED.get(part, part.decode("latin-1")) for part in re.findall(rb"\r\n|[\s\S]", octets)) or "nothing"


def between(octets: bytes) -> str | None:
    """What is between `before` (or the start, or a relay's Received field) and the smuggler's envelope."""
    head, inner, _ = RECEIVED.sub(b"", octets, count=1).partition(b"MAIL FROM:<v")
    return named(head.rpartition(b"before")[2]) if inner else None


# ---- our server

class Sink:
    def __init__(self, program: Path, port: int, policy: str) -> None:
        self.program, self.port, self.policy = program, port, policy

    def __enter__(self) -> Store:
        folder = fresh(WORK / "smuggling" / self.policy)
        self.process = subprocess.Popen([self.program, "--listen", f"127.0.0.1:{self.port}", "--store", folder, "--line-endings", self.policy],
                                        stdout=subprocess.PIPE, stderr=open(WORK / "smuggling" / "smtp-sink.log", "wb"))
        line = self.process.stdout.readline()   # type: ignore[union-attr]
        if not line.startswith(b"listening on"):
            raise SystemExit(f"smtp-sink does not start: {(WORK / 'smuggling' / 'smtp-sink.log').read_text()}")
        return Store(folder)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


class Talk:
    """Octets of ours, and the codes that come back."""
    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.code()

    def code(self, wait: float = 10) -> str:
        """Of the next reply; `closed`; or nothing if none comes."""
        self.sock.settimeout(wait)
        while not (reply := re.match(rb"(?:\d{3}-.*\r\n)*(\d{3})(?: .*)?\r\n", self.buffer)):
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                return ""
            except ConnectionError:
                return "closed"
            if not data:
                return "closed"
            self.buffer += data
        self.buffer = self.buffer[reply.end():]
        return reply[1].decode()

    def start(self, tag: str, first: str = "EHLO") -> None:
        for line in (f"{first} {HELLO}", f"MAIL FROM:<{tag}@example.org>", f"RCPT TO:<{tag}@example.org>", "DATA"):
            self.sock.sendall(line.encode() + b"\r\n")
            code = self.code()
            assert code in ("250", "354"), f"{line}: {code}"


def raw(port: int, name: str, split: bool = False) -> str:
    """The variant alone: does it end the message? If not, it is content, and a proper end follows."""
    talk = Talk(port)
    talk.start(TAGS[name])
    talk.sock.sendall(before(name))
    if split:
        for octet in VARIANTS[name]:
            talk.sock.sendall(bytes([octet]))
            time.sleep(0.05)
    else:
        talk.sock.sendall(VARIANTS[name])
    code = talk.code(WAIT)
    if code:
        return "END" if code[0] == "2" else f"END {code}" if name in PROPER else f"REFUSE {code}"
    talk.sock.sendall(b"after\r\n.\r\n")
    code = talk.code()
    return "data" if code[0] == "2" else f"data, then {code or 'nothing'}"


def raw_with_envelope(port: int, name: str) -> None:
    """The variant with a second envelope behind it in the same segment; what comes of it, the store says."""
    talk = Talk(port)
    talk.start(TAGS[name])
    talk.sock.sendall(body(name) + b".\r\nQUIT\r\n")
    while talk.code(2) not in ("closed", ""):
        pass


# ---- everything

class Matrix(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__()
        self.args = args
        self.send, self.sink = args.bin / "smtp-send", args.bin / "smtp-sink"
        self.files = fresh(WORK / "smuggling" / "bodies")
        for name in VARIANTS:
            (self.files / TAGS[name]).write_bytes(body(name))
        self.raw: dict[tuple[str, str], str] = {}           # variant, policy: outcome
        self.wire: dict[tuple[str, str], str] = {}          # variant, sender: what stood in the place of the variant
        self.ours: dict[tuple[str, str, str], str] = {}     # variant, sender, policy: outcome
        self.theirs: dict[tuple[str, str, str], str] = {}   # variant, policy, server: outcome

    def smtp_send(self, at: str, policy: str, name: str, *options: str) -> str:
        """Runs smtp-send with one such body. `-` if it refuses to send it, else the reply's code."""
        tag = TAGS[name]
        done = subprocess.run([self.send, "--from", f"{tag}@example.org", "--hello", HELLO, "--line-endings", policy, *options, at, self.files / tag],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        lines = done.stdout.decode().splitlines()
        if done.returncode in (0, 1) and lines:
            return lines[0].split("\t")[2][:3]
        assert done.returncode in (1, 2), f"smtp-send ends with {done.returncode}: {done.stderr.decode()[-200:]}"
        return "-"

    # -- our server under everyone

    def against_sink(self, policy: str) -> str:
        with Sink(self.sink, self.args.sink + 500, policy) as store, ThreadPoolExecutor(60) as pool:
            alone = {name: pool.submit(raw, self.args.sink + 500, name) for name in VARIANTS}
            split = pool.submit(raw, self.args.sink + 500, "crlf.crlf", True)
            outcome = {name: job.result() for name, job in alone.items()} | {"crlf.crlf, octet by octet": split.result()}
            store.take()
            for job in [pool.submit(raw_with_envelope, self.args.sink + 500, name) for name in VARIANTS]:
                job.result()
            smuggled = {one.sender[:3] for one in store.take() if one.sender.endswith("-in@example.org")}
        for name, text in outcome.items():
            self.raw[name, policy] = text + ("" if TAGS.get(name) not in smuggled else ", then the next" if name in PROPER else " **SMUGGLED**")
        proper = (*PROPER, "crlf.crlf, octet by octet")
        wrong = {name: text for name, text in ((n, self.raw[n, policy]) for n in outcome) if text.startswith("END") != (name in proper)}
        wrong |= {name: "smuggled" for name in VARIANTS if TAGS[name] in smuggled and name not in PROPER}
        assert not wrong, f"{wrong}"
        return f"{len(outcome)} variants: " + ", ".join(f"{text} x {count}" for text, count in sorted(counted(self.raw[n, policy] for n in outcome).items()))

    def senders(self) -> Iterator[tuple[str, Callable[[str, int], str]]]:
        """Each sends the body of a variant to a port, by DATA unless its name says BDAT; gives the code that it got, if it tells."""
        def relay(port: int, domain: str) -> Callable[[str, int], str]:
            def run(name: str, _: int) -> str:
                talk = Talk(port)
                for line in (f"EHLO {HELLO}", "MAIL FROM:<sender@example.org>", f"RCPT TO:<{TAGS[name]}@{domain}>"):
                    talk.sock.sendall(line.encode() + b"\r\n")
                    assert talk.code() == "250", line
                text = body(name)               # by BDAT, so that the relay gets every octet of it
                talk.sock.sendall(b"BDAT %d LAST\r\n" % len(text) + text)
                code = talk.code()
                assert code == "250", f"the relay does not take {name}: {code}"
                return ""
            return run
        yield "Postfix", relay(self.args.postfix[0], "via.example.net")
        yield "Exim", relay(self.args.exim, "via-data.example.net")
        yield "Exim, BDAT", relay(self.args.exim, "via.example.net")
        for policy in POLICIES:
            yield f"smtp-send {policy}", lambda name, port, policy=policy: self.smtp_send(f"127.0.0.1:{port}", policy, name, "--to", f"{TAGS[name]}@example.org")
        yield "smtp-send lenient, BDAT", lambda name, port: self.smtp_send(f"127.0.0.1:{port}", "lenient", name, "--chunking", "--to", f"{TAGS[name]}@example.org")

    def by_senders(self, policy: str) -> str:
        """One after the other, each through a tap on the port that the relays know."""
        stored_in_all = 0
        with Sink(self.sink, self.args.sink + 500, policy) as store:
            for sender, run in self.senders():
                with Tap("127.0.0.1", self.args.sink + 500, self.args.sink) as tap:
                    codes = {name: run(name, self.args.sink) for name in VARIANTS}
                    if sender.startswith(("Postfix", "Exim")):
                        recipe(sender.partition(",")[0].lower(), "settle")
                    said = tap.client()
                stored = store.take()
                stored_in_all += len(stored)
                for name, tag in TAGS.items():
                    wire = re.search(rb"RCPT TO:<%s@[\s\S]*?(?:DATA|BDAT \d+ LAST)\r\n([\s\S]*?MAIL FROM:<%s-in@)" % (tag.encode(), tag.encode()), said)
                    self.wire[name, sender] = between(wire[1]) or "?" if wire else "-"
                    mine = [one for one in stored if address(one.recipients[0]).startswith(f"{tag}@")]
                    inner = [one for one in stored if one.sender.startswith(f"{tag}-in")]
                    assert len(mine) <= 1, f"{sender}, {name}: {len(mine)} messages"
                    assert not inner, f"{sender}, {name}: SMUGGLED"
                    kept = between(mine[0].octets) if mine else None
                    assert kept or not mine, f"{sender}, {name}: the message was cut: {mine[0].octets!r}"
                    self.ours[name, sender, policy] = kept or ("refused" if codes[name] != "-" else "-")
        return f"{stored_in_all} messages stored, nothing smuggled"

    # -- our client against theirs

    def servers(self) -> Iterator[tuple[str, str, int, list[str]]]:
        a = self.args
        for label, port in zip(("Postfix", "Postfix, normalize", "Postfix, reject"), a.postfix):
            yield label, "postfix", port, []
        yield "Exim", "exim", a.exim, []
        yield "OpenSMTPD", "opensmtpd", a.opensmtpd, []
        yield "Dovecot LMTP", "dovecot-lmtp", a.lmtp, ["--lmtp"]

    def against(self, policy: str, label: str, server: str, port: int, options: list[str]) -> str:
        collect(server)
        codes = {}
        for name in VARIANTS:
            with Tap("127.0.0.1", port) as tap:
                codes[name] = self.smtp_send(f"127.0.0.1:{tap.port}", policy, name, *options, "--to", "alice@example.org")
                if codes[name] == "-" and b"inner" in tap.client():
                    codes[name] = "broken off"
        got = [(mail, user) for user, mails in collect(server).items() for mail in mails]
        smuggled = []
        for name, tag in TAGS.items():
            outer = [mail for mail, _ in got if f"<{tag}@example.org>" in mail.added]
            inner = [mail for mail, _ in got if f"<{tag}-in@example.org>" in mail.added]
            kept = between(outer[0].octets) if outer else None
            if inner:
                smuggled.append(name)
                self.theirs[name, policy, label] = "**SMUGGLED**"
            elif outer:
                self.theirs[name, policy, label] = kept or "**octets lost**"
            else:
                self.theirs[name, policy, label] = codes[name] if codes[name] in ("-", "broken off") else f"refused {codes[name]}"
            if policy != "lenient":
                assert len(outer) <= 1 and (kept or not outer), f"{name}: {len(outer)} messages; {outer and outer[0].octets!r}"
                assert bool(outer) == (codes[name][:1] == "2"), f"{name}: answered {codes[name]}, {len(outer)} delivered"
        if policy != "lenient":
            assert not smuggled, f"SMUGGLED: {smuggled}"
        return f"{len(got)} messages, {len(smuggled)} of them smuggled" if policy == "lenient" else f"{len(got)} messages, nothing smuggled"

    def measure(self) -> None:
        for policy in POLICIES:
            self.check(f"our octets against smtp-sink {policy}", lambda: self.against_sink(policy))
        for policy in POLICIES:
            self.check(f"Postfix, Exim and smtp-send against smtp-sink {policy}", lambda: self.by_senders(policy))
        for policy in POLICIES:
            for label, *how in self.servers():
                self.check(f"smtp-send {policy} against {label}", lambda: self.against(policy, label, *how))

    # -- the page

    def page(self) -> str:
        def table(columns: list[str], rows: Iterator[tuple[str, list[str]]]) -> str:
            lines = ["| " + " | ".join(["variant", *columns]) + " |", "|---" * (len(columns) + 1) + "|"]
            return "\n".join(lines + ["| " + " | ".join([name, *cells]) + " |" for name, cells in rows])

        senders = [sender for sender, _ in self.senders()]
        labels = [label for label, *_ in self.servers()]
        versions = ", ".join(f"{label} {version(server)}" for label, server in (("Postfix", "postfix"), ("Exim", "exim"), ("OpenSMTPD", "opensmtpd"), ("Dovecot", "dovecot-lmtp")))
        rows = [*VARIANTS, "crlf.crlf, octet by octet"]
        parts = [TEXT.format(versions=versions)]
        parts.append(OURS_RAW + table([f"`{policy}`" for policy in POLICIES], ((name, [self.raw.get((name, policy), "not measured") for policy in POLICIES]) for name in rows)))
        parts.append(WIRE + table(senders, ((name, [self.wire.get((name, sender), "not measured") for sender in senders]) for name in VARIANTS)))
        parts.append(OURS + table(senders, ((name, [together(self.ours.get((name, sender, policy), "not measured") for policy in POLICIES) for sender in senders]) for name in VARIANTS)))
        parts.append(THEIRS)
        for policy in POLICIES:
            parts.append(f"`smtp-send --line-endings {policy}`:\n\n"
                         + table(labels, ((name, [self.theirs.get((name, policy, label), "not measured") for label in labels]) for name in VARIANTS)))
        return "\n\n".join(parts) + "\n"


def together(cells: Iterator[str]) -> str:
    """The three policies in one cell; once if they agree."""
    three = list(cells)
    return three[0] if len(set(three)) == 1 else " / ".join(three)


def counted(texts: Iterator[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for text in texts:
        out[text] = out.get(text, 0) + 1
    return out


def version(server: str) -> str:
    return subprocess.run([HERE / "servers" / f"{server}.sh", "version"], capture_output=True, check=True).stdout.decode().strip()


TEXT = """# What ends a message

Generated by `interop/run smuggling` from what was observed on the wire and in the mailboxes; do not edit. {versions}.

A message ends at CR LF `.` CR LF. Software that also takes something else for the end lets a sender put commands behind it
that other software passes on as text (SMTP smuggling). So each variant below is put between the text `before` and a second
envelope (`MAIL FROM`, `RCPT TO`, `DATA`, a text). *Smuggled* means that a second message, with that envelope, was accepted.

In the names of the variants, and in the cells that show octets: lf = LF, cr = CR, nul = NUL, sp = space, `.` = a dot. `start`:
at the very start of the data. The octets in a cell are those that were found in the place of the variant. `-`: the sender did
not send it. The real servers of the same kinds, under octets that no client of ours would send, are a matter of their own."""

OURS_RAW = """## Our server, under octets of ours

`smtp-sink --line-endings` with each policy. The variant alone: `END`, the server answered at once, so it was the end (with
the code, if that was no 2xx); `data`, it was content, and the message ended at a later CR LF . CR LF (2xx unless a code is
given). `then the next`: with the envelope behind it in the same segment, that was the next message, as it should be behind a
proper end. Checked: nothing but CR LF . CR LF ends a message, and nothing is smuggled, under every policy.

"""

WIRE = """## What the senders make of it

What each put on the wire where the variant stood in the message that it was given (dot-stuffed, unless by BDAT). Postfix and
Exim were given the message by BDAT, so that every octet reached them.

"""

OURS = """## Our server, under Postfix, Exim and our client

What `smtp-sink` stored in the place of the variant, or `refused`; with `--line-endings strict` / `normalise` / `lenient`, and
once where the three agree. Checked: always one message or none, whole, and nothing smuggled.

"""

THEIRS = """## Our client, against Postfix, Exim, OpenSMTPD and Dovecot

What was delivered in the place of the variant (Maildirs hold LF: a crlf here may
have been an lf), or the code of the refusal; `broken off`: the server ended the connection. Checked: with
`strict` and `normalise` there is always one message or none, whole, and nothing is smuggled. `lenient` sends bare CR and LF as
they are: servers that take LF . LF for the end are then open to smuggling, so it is only for peers that are known not to."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--sink", type=int, required=True)
    parser.add_argument("--postfix", type=int, nargs=3, required=True)
    parser.add_argument("--exim", type=int, required=True)
    parser.add_argument("--opensmtpd", type=int, required=True)
    parser.add_argument("--lmtp", type=int, required=True)
    args = parser.parse_args()
    matrix = Matrix(args)
    matrix.measure()
    page = matrix.page()
    same = args.page.exists() and args.page.read_text() == page
    args.page.write_text(page)
    matrix.check(f"{args.page.name} written", lambda: "as it was" if same else "it has changed")
    return matrix.failed != 0


if __name__ == "__main__":
    sys.exit(main())
