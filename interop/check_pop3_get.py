#!/usr/bin/env python3
"""Runs our client pop3-get against a POP3 server that serves the messages of a folder.

    check_pop3_get.py PROGRAM HOST PORT DIR [--user alice] [--password secret] --ca ca.pem
                      [--tls-port PORT] [--no-apop] [--needs-utf8] [--tls-auth HOW]
    check_pop3_get.py ... --delete       instead: downloads and deletes all (changes the mailbox)

Expected of pop3-get: exit status 0 only if all went well; --list and --uidl print "NUMBER SIZE" and
"NUMBER UID" lines; --maildir gets one file in new/ for each message with the octets that RETR carried.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import check_server
import messages
from clients.base import exited, maildir, same_set, succeeded


class PopGet:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.failed = 0
        self.work = Path(os.environ.get("INTEROP_WORK") or Path(__file__).parent / ".work").resolve() / "pop3-get"
        stored = dict(enumerate(messages.read(args.dir), 1))
        self.count = len(stored)
        self.expected = {n: messages.retr(m) for n, m in stored.items() if not (args.needs_utf8 and messages.has_utf8_header(m))}

    def check(self, name: str, test: Callable[[], str | None]) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        try:
            note = test()
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            self.failed += 1
            print(f"FAIL {name}: {error}", flush=True)
        else:
            print(f"ok   {name}" + (f" ({note})" if note else ""), flush=True)

    # The one place that knows the command line of pop3-get.
    def run(self, *options: str, auth: str = "auto", tls: str = "none", password: str = "", ca: bool = True, cleartext: bool = True):
        a = self.args
        secret = self.work / "password"
        secret.write_text(password or a.password)
        secret.chmod(0o600)
        port = a.tls_port if tls == "implicit" else a.port
        # the certificate is for localhost and 127.0.0.1 alike
        argv = [a.program, "--host", a.host, "--port", str(port), "--user", a.user, "--password-file", secret, "--auth", auth, "--tls", tls]
        if tls != "none" and ca:
            argv += ["--ca", a.ca]
        if tls == "none" and cleartext:
            argv += ["--insecure-cleartext"]
        return subprocess.run([*argv, *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def download(self, *options: str, **how: str) -> str:
        succeeded(self.run("--maildir", str(self.work / "mail"), *options, **how))
        left = list((self.work / "mail" / "tmp").iterdir())
        assert not left, f"{len(left)} files left in tmp/"
        return same_set(maildir(self.work / "mail"), self.expected, self.count - len(self.expected))

    def pairs(self, option: str) -> dict[int, bytes]:
        lines = succeeded(self.run(option)).stdout.splitlines()
        return {int(number): rest for number, rest in (line.split(b" ", 1) for line in lines)}

    def poplib(self) -> check_server.Pop:
        return check_server.Server(self.args).login()

    def listing(self) -> str:
        got = {number: int(size) for number, size in self.pairs("--list").items()}
        pop = self.poplib()
        assert got == check_server.sizes_of(pop), "not what poplib sees"
        pop.quit()
        return f"{len(got)} messages"

    def uidl(self) -> str:
        got = self.pairs("--uidl")
        pop = self.poplib()
        assert got == check_server.uids_of(pop), "not what poplib sees"
        pop.quit()
        return f"{len(got)} messages"

    def empty(self) -> None:
        left = self.pairs("--list")
        assert not left, f"{len(left)} still there"

    def fails(self, **how) -> str:
        """It must say so in its exit status and on stderr, in one readable line, and deliver nothing."""
        done = self.run("--maildir", str(self.work / "mail"), **how)
        exited(done, *range(1, 100))            # above: a panic (101) or a signal
        assert not (self.work / "mail").exists() or not maildir(self.work / "mail"), "delivered something"
        line = done.stderr.decode().strip().splitlines()
        assert line, "says nothing on stderr"
        assert "secret" not in done.stderr.decode() + done.stdout.decode(), "shows the password"
        return line[-1][:100]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--ca", required=True)
    parser.add_argument("--tls-port", type=int)
    parser.add_argument("--no-apop", action="store_true")
    parser.add_argument("--needs-utf8", action="store_true", help="without UTF8 it withholds messages with UTF-8 headers (Courier)")
    parser.add_argument("--tls-auth", default="auto", help="how to log in within TLS")
    parser.add_argument("--delete", action="store_true")
    args = parser.parse_args()
    get = PopGet(args)
    if args.delete:
        get.check("RETR, DELE of all", lambda: get.download("--delete"))
        get.check("nothing left", get.empty)
        return get.failed != 0
    get.check("LIST", get.listing)
    get.check("UIDL", get.uidl)
    get.check("USER/PASS, RETR of all", lambda: get.download(auth="userpass"))
    get.check("AUTH PLAIN, RETR of all", lambda: get.download(auth="plain"))
    if args.no_apop:
        get.check("APOP not offered", lambda: get.fails(auth="apop"))
    else:
        get.check("APOP, RETR of all", lambda: get.download(auth="apop"))
        get.check("APOP, wrong password", lambda: get.fails(auth="apop", password="wrong"))
    get.check("STLS, RETR of all", lambda: get.download(tls="stls", auth=args.tls_auth))
    get.check("STLS, unknown authority", lambda: get.fails(tls="stls", ca=False))
    if args.tls_port:
        get.check("POP3S, RETR of all", lambda: get.download(tls="implicit", auth=args.tls_auth))
        get.check("POP3S, unknown authority", lambda: get.fails(tls="implicit", ca=False))
    get.check("wrong password, USER/PASS", lambda: get.fails(auth="userpass", password="wrong"))
    get.check("wrong password, AUTH PLAIN", lambda: get.fails(auth="plain", password="wrong"))
    get.check("no password in the clear unless told", lambda: get.fails(auth="plain", cleartext=False))
    return get.failed != 0


if __name__ == "__main__":
    sys.exit(main())
