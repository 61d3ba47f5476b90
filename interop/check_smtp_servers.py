#!/usr/bin/env python3
"""Sends to one of the real servers with Python's smtplib: does its recipe work, and does it deliver what is expected of it?

    check_smtp_servers.py SERVER HOST PORT DIR --ca ca.pem [--tls-port PORT] [--unix PATH] [--only TEXT]

One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import re
import smtplib
import socket
import ssl
import sys
from pathlib import Path

from smtp_peers import HELLO, PEERS, SENDER, Checks, collect, each_got, expected, read


class Smtp(smtplib.SMTP):
    """smtplib, but: what is sent is said here, and LMTP's DATA has a reply for each recipient."""
    lmtp = False

    def hello(self) -> dict[str, str]:
        self.ehlo_msg = "lhlo" if self.lmtp else "ehlo"
        code, text = self.ehlo(HELLO)
        assert code == 250, (code, text)
        return self.esmtp_features

    def transaction(self, message: bytes, to: list[str], mail: str = "", rcpt: str = "") -> list[int]:
        """The code for each recipient."""
        self.command_encoding = "utf-8"
        self.putcmd(f"MAIL FROM:<{SENDER}>{mail}")
        answer = self.getreply()
        assert answer[0] == 250, answer
        codes = []
        for name in to:
            self.putcmd(f"RCPT TO:<{name}@example.org>{rcpt}")
            codes.append(self.getreply()[0])
        good = [n for n, code in enumerate(codes) if code == 250]
        code, text = self.data(message)
        for n in good:
            codes[n] = code
            if self.lmtp and n != good[-1]:
                code, text = self.getreply()
        return codes


class Server(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.args = args
        self.peer = PEERS[args.server]
        self.messages = [message for message in read(args.dir) if self.peer.takes(message)]

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.args.ca)

    def connect(self, tls: str = "", login: bool = False, unix: bool = False) -> Smtp:
        smtp = Smtp(timeout=60)
        smtp.lmtp = "lmtp" in self.peer.offers
        if unix:
            smtp.sock = socket.socket(socket.AF_UNIX)
            smtp.sock.connect(str(self.args.unix))
        elif tls == "tls":
            smtp.sock = self.context().wrap_socket(socket.create_connection((self.args.host, self.args.tls_port)), server_hostname=self.args.host)
        else:
            smtp.sock = socket.create_connection((self.args.host, self.args.port))
        answer = smtp.getreply()
        assert answer[0] == 220, answer
        self.has = set(smtp.hello())            # once: OpenSMTPD refuses a second EHLO
        if tls == "starttls":
            smtp._host = self.args.host         # smtplib wants it for the name in the certificate
            smtp.starttls(context=self.context())
            smtp.hello()
        if login:
            smtp.login("alice", "secret")
        return smtp

    def delivers(self, mail: str = "", rcpt: str = "", to: tuple[str, ...] = ("alice", "nobody"), added: str = "", **how) -> str:
        smtp = self.connect(**how)
        for message in self.messages:
            codes = smtp.transaction(message, list(to), mail, rcpt)
            want = [550 if name.startswith("no") else 250 for name in to]
            assert codes == want, f"{codes}"
        smtp.quit()
        got = collect(self.args.server)
        got.pop("sender", None)
        for mails in got.values():
            for one in mails:
                assert re.search(added, one.added), f"no {added!r} in {one.added!r}"
        return each_got(got, expected(self.peer, self.messages), *(name for name in to if not name.startswith("no")))

    def offered(self) -> str:
        self.connect()
        has = self.has
        for word, keyword in (("pipelining", "pipelining"), ("starttls", "starttls"), ("auth", "auth"), ("dsn", "dsn"),
                              ("chunking", "chunking"), ("smtputf8", "smtputf8"), ("xclient", "xclient")):
            assert (word in self.peer.offers) == (keyword in has), f"{keyword}: {sorted(has)}"
        return " ".join(sorted(has))

    def wrong_password(self) -> None:
        smtp = self.connect("starttls")
        try:
            smtp.login("alice", "wrong")
        except smtplib.SMTPAuthenticationError:
            return
        raise AssertionError("accepted")

    def checks(self) -> None:
        has = self.peer.offers
        self.check("what EHLO offers", self.offered)
        self.check("delivery, refused recipients mixed in", lambda: self.delivers(to=("nobody", "alice", "noone", "bob")))
        if "starttls" in has:
            self.check("STARTTLS", lambda: self.delivers(tls="starttls", added=self.peer.tls))
        if "smtps" in has:
            self.check("SMTPS", lambda: self.delivers(tls="tls", added=self.peer.tls))
        if "auth" in has:
            self.check("AUTH under STARTTLS", lambda: self.delivers(tls="starttls", login=True, added=self.peer.auth))
            self.check("AUTH, wrong password", self.wrong_password)
        if "dsn" in has:
            self.check("DSN parameters", lambda: self.delivers(mail=" RET=HDRS ENVID=x", rcpt=" NOTIFY=FAILURE ORCPT=rfc822;a@example.org"))
        if "smtputf8" in has:
            self.check("SMTPUTF8", lambda: self.delivers(mail=" SMTPUTF8 BODY=8BITMIME", to=("jürgen", "nobody")))
        if "unix" in has:
            self.check("over a Unix socket", lambda: self.delivers(unix=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", choices=PEERS)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--tls-port", type=int)
    parser.add_argument("--unix", type=Path)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    collect(args.server)                        # what came before
    server = Server(args)
    server.checks()
    return server.failed != 0


if __name__ == "__main__":
    sys.exit(main())
