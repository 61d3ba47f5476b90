#!/usr/bin/env python3
"""Runs our client smtp-send against one of the real servers, and compares what was delivered, octet for octet.

    check_smtp_send.py PROGRAM SERVER HOST PORT ALL FEW --ca ca.pem [--tls-port PORT] [--unix PATH] [--only TEXT]

SERVER is a recipe in servers/, and runs. ALL and FEW are folders of messages (messages.py write --smtp).
Expected of smtp-send: for each message and recipient a line FILE TAB RECIPIENT TAB REPLY; exit status 0 if all were
accepted, 1 if some were refused or not sent, 2 with a line on stderr if it could not be done. Where the server does not offer
what an option or an address needs, it cannot be done, and no message is sent.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable

from clients.base import exited
from smtp_peers import HELLO, PEERS, SENDER, WORK, Checks, Mail, Tap, collect, each_got, expected, fresh, pipelined, read

Result = subprocess.CompletedProcess[bytes]
WRONG = "Xq7-wrong"                             # a password that no message of a program holds by chance


class SmtpSend(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.args = args
        self.peer = PEERS[args.server]
        self.work = fresh(WORK / "smtp-send")
        self.all = self.files(args.all)
        self.few = self.files(args.few)
        self.tap: Tap | None = None

    def files(self, folder: Path) -> dict[Path, bytes]:
        paths = sorted(folder.glob("*.eml"), key=lambda path: int(path.stem))
        return {path: message for path, message in zip(paths, read(folder)) if self.peer.takes(message)}

    # The one place that knows the command line of smtp-send.
    def run(self, files: dict[Path, bytes], *options: str, to: tuple[str, ...] = ("alice",), at: str = "", tls: str = "", ca: bool = True,
            user: str = "", password: str = "secret") -> Result:
        a = self.args
        argv = [a.program, "--from", SENDER, "--hello", HELLO]
        for name in to:
            argv += ["--to", f"{name}@example.org"]
        if "lmtp" in self.peer.offers:
            argv += ["--lmtp"]
        if tls:
            argv += [f"--{tls}"]
            if ca:
                argv += ["--ca", a.ca]
        if user:
            secret = self.work / "password"
            secret.write_text(password)
            secret.chmod(0o600)
            argv += ["--user", user, "--password-file", secret]
        port = self.tap.port if self.tap else a.tls_port if tls == "tls" else a.port
        argv += [*options, at or f"{a.host}:{port}", *files]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def replies(self, done: Result, files: dict[Path, bytes], to: tuple[str, ...]) -> list[tuple[str, str]]:
        """(recipient, reply), for each message and recipient in their order."""
        lines = [line.split("\t", 2) for line in done.stdout.decode().splitlines()]
        assert all(len(line) == 3 for line in lines), f"not FILE, RECIPIENT, REPLY: {lines[:3]}"
        got = [(file, recipient) for file, recipient, _ in lines]
        want = [(str(file), f"{name}@example.org") for file in files for name in to]
        wrong = next(((g, w) for g, w in zip(got, want) if g != w), None)
        assert wrong is None and len(got) == len(want), f"{len(got)} lines, not {len(want)}; {wrong}; {done.stderr.decode()[-200:]}"
        return [(recipient.partition("@")[0], reply) for _, recipient, reply in lines]

    def delivers(self, files: dict[Path, bytes], *options: str, to: tuple[str, ...] = ("alice",), refused: tuple[str, ...] = (),
                 reports: Callable[[list[Mail]], None] | None = None, **how) -> dict[str, list[Mail]]:
        """All recipients but the refused get all messages."""
        done = self.run(files, *options, to=to, **how)
        got = collect(self.args.server)         # first, so that nothing is left for the next check
        exited(done, 1 if refused else 0)
        for name, reply in self.replies(done, files, to):
            assert reply.startswith("550" if name in refused else "250"), f"{name}: {reply}"
        if reports:
            reports(got.pop("sender", []))
        self.note = each_got(got, expected(self.peer, files.values(), "--chunking" in options), *(name for name in to if name not in refused))
        return got

    def tapped(self, test: Callable[[Tap], str | None]) -> Callable[[], str | None]:
        """With a tap between, in `self.tap`."""
        def run() -> str | None:
            with Tap(self.args.host, self.args.port) as tap:
                self.tap = tap
                try:
                    return test(tap)
                finally:
                    self.tap = None
        return run

    def fails(self, *options: str, **how) -> str:
        """It must say so in its exit status and on stderr, show no password, and have delivered nothing."""
        done = self.run(dict(list(self.few.items())[:2]), *options, password=WRONG, **how)
        got = collect(self.args.server)         # first, so that nothing is left for the next check
        exited(done, 2)
        lines = done.stderr.decode().strip().splitlines()
        assert lines, "says nothing on stderr"
        assert WRONG not in done.stderr.decode() + done.stdout.decode(), "shows the password"
        each_got(got, {})
        return lines[-1][:100]

    # ---- what is checked

    def thousand(self, tap: Tap) -> str:
        self.delivers(self.all, "--body", "8bitmime", to=("alice", "nobody"), refused=("nobody",))
        greetings = len(re.findall(rb"^(?:EHLO|LHLO) ", tap.client(), re.MULTILINE))
        assert greetings == 1, f"{greetings} connections"
        groups = pipelined(tap)
        want = len(self.all) if "pipelining" in self.peer.offers else 0
        assert groups == want, f"{groups} transactions were pipelined, not {want}"
        return f"{self.note}; {groups} pipelined"

    def one_by_one(self, tap: Tap) -> str:
        self.delivers(self.few, "--no-pipelining", to=("noone", "alice", "nobody", "bob"), refused=("noone", "nobody"))
        assert pipelined(tap) == 0, "was pipelined"
        return self.note

    def all_refused(self) -> str:
        """Whatever the server says to a DATA that was pipelined behind refused recipients, the next message comes in step."""
        done = self.run(self.few, to=("nobody", "noone"))
        got = collect(self.args.server)
        exited(done, 1)
        wrong = [reply for _, reply in self.replies(done, self.few, ("nobody", "noone")) if not reply.startswith("550")]
        assert not wrong, f"{wrong[:3]}"
        each_got(got, {})
        return f"{len(self.few)} times"

    def over_tls(self, tls: str, **how) -> str:
        got = self.delivers(self.few, tls=tls, **how)
        wrong = [mail.added for mail in got["alice"] if not re.search(self.peer.auth if how.get("user") else self.peer.tls, mail.added)]
        assert not wrong, f"the server did not see it so: {wrong[0]!r}"
        return self.note

    def chunking(self, tap: Tap) -> str:
        self.delivers(self.few, "--chunking", "--body", "8bitmime")
        assert re.search(rb"^BDAT \d+ LAST\r\n", tap.client(), re.MULTILINE | re.IGNORECASE), "no BDAT"
        assert not re.search(rb"^DATA\r\n", b"".join(GROUPS.findall(tap.client())), re.MULTILINE), "DATA"
        return self.note

    def chunking_refused(self) -> str:
        self.delivers(self.few, "--chunking", to=("nobody", "alice", "noone"), refused=("nobody", "noone"))
        return self.note

    def dsn(self, tap: Tap) -> str:
        """Asked for, each message gets a report that it was delivered."""
        def reports(mails: list[Mail]) -> None:
            assert len(mails) == len(self.few), f"{len(mails)} reports"
            for mail in mails:
                for word in (rb"(?i)^Content-Type: message/delivery-status", rb"(?i)^Action: (?:delivered|relayed)", rb"(?i)^Final-Recipient: rfc822; ?alice@example\.org"):
                    assert re.search(word, mail.octets, re.MULTILINE), f"no {word!r} in {mail.octets[:1500]!r}"
        self.delivers(self.few, "--dsn", reports=reports)
        said = tap.client()
        for word in (rb"^MAIL FROM:[^\r\n]* RET=(?:HDRS|FULL)", rb"^MAIL FROM:[^\r\n]* ENVID=", rb"^RCPT TO:[^\r\n]* NOTIFY=[A-Z,]*SUCCESS"):
            assert re.search(word, said, re.MULTILINE | re.IGNORECASE), f"no {word!r}"
        return self.note

    def smtputf8(self, tap: Tap) -> str:
        """An address in UTF-8 needs no option."""
        self.delivers(self.few, to=("jürgen", "alice"))
        said = tap.client()
        assert re.search(rb"^MAIL FROM:[^\r\n]* SMTPUTF8", said, re.MULTILINE), "not declared"
        assert "RCPT TO:<jürgen@example.org>".encode() in said
        return self.note

    def utf8_header(self, tap: Tap) -> str:
        self.delivers(self.few, "--smtputf8")
        assert re.search(rb"^MAIL FROM:[^\r\n]* SMTPUTF8", tap.client(), re.MULTILINE), "not declared"
        return self.note

    def no_smtputf8(self, tap: Tap) -> str:
        note = self.fails(to=("jürgen", "alice"))
        assert tap.client().isascii(), "sent an address in UTF-8 without SMTPUTF8"
        return note

    def xclient(self) -> str:
        got = self.delivers(self.few, "--xclient", "NAME=far.example.net ADDR=192.0.2.7")
        wrong = [mail.added for mail in got["alice"] if "(far.example.net [192.0.2.7])" not in mail.added]
        assert not wrong, f"{wrong[0]!r}"
        return self.note

    def unix(self) -> str:
        self.delivers(self.few, to=("alice", "nobody", "bob"), refused=("nobody",), at=f"unix:{self.args.unix}")
        return self.note

    def checks(self) -> None:
        has = self.peer.offers
        check, tapped = self.check, self.tapped
        check("all messages on one connection, refused recipients mixed in", tapped(self.thousand))
        check("no pipelining", tapped(self.one_by_one))
        check("all recipients refused", self.all_refused)
        if "starttls" in has:
            check("STARTTLS", lambda: self.over_tls("starttls"))
            check("STARTTLS, unknown authority", lambda: self.fails(tls="starttls", ca=False))
        else:
            check("STARTTLS not offered: nothing is sent", lambda: self.fails(tls="starttls"))
        if "smtps" in has:
            check("SMTPS", lambda: self.over_tls("tls"))
            check("SMTPS, unknown authority", lambda: self.fails(tls="tls", ca=False))
        if "auth" in has:
            check("AUTH under STARTTLS", lambda: self.over_tls("starttls", user="alice"))
            check("AUTH under SMTPS", lambda: self.over_tls("tls", user="alice"))
            check("AUTH, wrong password", lambda: self.fails(tls="starttls", user="alice"))
            check("AUTH: no password in the clear unless told", tapped(self.cleartext))
        if "chunking" in has:
            check("CHUNKING", tapped(self.chunking))
            check("CHUNKING, refused recipients mixed in", self.chunking_refused)
            if "binarymime" not in has:
                check("BINARYMIME not offered: nothing is sent", lambda: self.fails("--chunking", "--body", "binarymime"))
        else:
            check("CHUNKING not offered: nothing is sent", lambda: self.fails("--chunking"))
        if "dsn" in has:
            check("DSN", tapped(self.dsn))
        else:
            check("DSN not offered: nothing is sent", lambda: self.fails("--dsn"))
        if "smtputf8" in has:
            check("SMTPUTF8 for an address", tapped(self.smtputf8))
            check("SMTPUTF8 for the header", tapped(self.utf8_header))
        else:
            check("SMTPUTF8 not offered, for an address: nothing is sent", tapped(self.no_smtputf8))
            check("SMTPUTF8 not offered, for the header: nothing is sent", lambda: self.fails("--smtputf8"))
        if "xclient" in has:
            check("XCLIENT", self.xclient)
        else:
            check("XCLIENT not offered: nothing is sent", lambda: self.fails("--xclient", "NAME=far.example.net ADDR=192.0.2.7"))
        if "unix" in has:
            check("over a Unix socket, refused recipients mixed in", self.unix)

    def cleartext(self, tap: Tap) -> str:
        note = self.fails("--auth", "plain", user="alice")
        assert b"AUTH" not in tap.client(), "sent it"
        return note


GROUPS = re.compile(rb"^MAIL FROM:[^\r\n]*\r\n(?:RCPT TO:[^\r\n]*\r\n)+(?:DATA\r\n|BDAT )", re.IGNORECASE | re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("server", choices=PEERS)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("all", type=Path)
    parser.add_argument("few", type=Path)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--tls-port", type=int)
    parser.add_argument("--unix", type=Path)
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    collect(args.server)                        # what came before
    send = SmtpSend(args)
    send.checks()
    return send.failed != 0


if __name__ == "__main__":
    sys.exit(main())
