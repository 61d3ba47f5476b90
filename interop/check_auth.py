#!/usr/bin/env python3
"""Logs our clients in to a real server, by each mechanism that it offers, with what is right and with what is wrong.

    check_auth.py BIN dovecot|cyrus|postfix STORE [--only TEXT]

BIN holds pop3-get, smtp-send and scram-record; the server's recipe runs, and so does our smtp-sink, to which Dovecot's submission
server sends on, and which stores in STORE. The mechanisms are those that the server offers at its port, seen by Python, so that none is
passed over: each of them must be one that is checked here.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import http.server
import json
import os
import poplib
import re
import smtplib
import ssl
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

from clients.base import JAIL, exited, succeeded
from smtp_peers import WORK, Checks, fresh

Result = subprocess.CompletedProcess[bytes]
PORTS = int(os.environ.get("INTEROP_PORTS") or 21000)
TLS = WORK / "tls"
TOKEN, WRONG = "ya29.good-token", "Xq7-wrong"
# what each server must offer within TLS; what it should have and does not is as wrong as what nobody has checked
WANTED = {
    "dovecot": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 EXTERNAL ANONYMOUS",
    "cyrus": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP EXTERNAL",
    "postfix": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP ANONYMOUS",
}
STRONGEST = {"dovecot": "SCRAM-SHA-256", "cyrus": "SCRAM-SHA-512", "postfix": "SCRAM-SHA-512"}
NEEDS_CERTIFICATE = {"EXTERNAL"}                # offered only to who has shown one, by some


class Introspection(http.server.BaseHTTPRequestHandler):
    """Says of tokens whether they are good (RFC 7662), and whose."""
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = urllib.parse.parse_qs(body).get("token") == [TOKEN]
        answer = json.dumps({"active": True, "username": "alice"} if good else {"active": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


class Auth(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.bin = args.bin
        self.server = args.server
        self.store = args.store
        self.work = fresh(WORK / "check-auth")
        self.message = self.work / "1.eml"
        self.message.write_bytes(b"From: sender@example.org\r\nTo: alice@example.org\r\nSubject: auth\r\n\r\nhello\r\n")

    def file(self, name: str, text: str) -> Path:
        path = self.work / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def credentials(self, mechanism: str, right: bool, user: str = "alice") -> list[str | Path]:
        """The options that are the same for both programs."""
        if mechanism == "EXTERNAL":
            return ["--user", user if right else "bob", "--cert", TLS / "client.pem", "--key", TLS / "client.key"] if right else ["--user", user]
        if mechanism in ("OAUTHBEARER", "XOAUTH2"):
            return ["--user", user, "--token-file", self.file("token", TOKEN if right else WRONG)]
        if mechanism == "OTP":
            return ["--user", "carol", "--password-file", self.file("password", "secret pass phrase" if right else "another pass phrase")]
        if mechanism == "ANONYMOUS":
            return ["--user", "sirhc"]
        return ["--user", user, "--password-file", self.file("password", "secret" if right else WRONG)]

    def run(self, *argv: str | Path, given: bytes = b"") -> Result:
        return subprocess.run(argv, input=given, capture_output=True, timeout=60)

    # ---- POP3

    def pop(self, port: int, tls: str, mechanism: str, right: bool, auth: str, user: str = "alice") -> Result:
        trust = ["--ca", TLS / "ca.pem"] if tls != "none" else []
        return self.run(self.bin / "pop3-get", "--host", "localhost", "--port", str(port), "--tls", tls, *trust, "--auth", auth, "--list",
                        *self.credentials(mechanism, right, user))

    def pop_right(self, port: int, tls: str, mechanism: str, auth: str = "", user: str = "alice") -> str:
        line = succeeded(self.pop(port, tls, mechanism, True, auth or mechanism, user)).stderr.decode()
        way = mechanism if mechanism == "APOP" else f"AUTH {mechanism}"
        assert f"({way}, " in line, f"not by {way}: {line}"
        return ""

    def pop_wrong(self, port: int, tls: str, mechanism: str) -> str:
        done = self.pop(port, tls, mechanism, False, mechanism)
        exited(done, 3)
        assert WRONG.encode() not in done.stdout + done.stderr, "shows the password"
        return done.stderr.decode().strip()[:100]

    def pop3(self, port: int, tls_port: int) -> None:
        context = ssl.create_default_context(cafile=TLS / "ca.pem")
        context.load_cert_chain(TLS / "client.pem", TLS / "client.key")
        seen = poplib.POP3_SSL("localhost", tls_port, context=context)
        offered = seen.capa().get("SASL", [])
        seen.quit()
        self.check("POP3: mechanisms offered", lambda: self.all_offered(offered))
        for mechanism in self.wanted():
            self.check(f"POP3S: {mechanism}", lambda: self.pop_right(tls_port, "implicit", mechanism))
            if mechanism != "ANONYMOUS":
                self.check(f"POP3S: {mechanism}, wrong", lambda: self.pop_wrong(tls_port, "implicit", mechanism))
        for mechanism in ("CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
            self.check(f"POP3: {mechanism}", lambda: self.pop_right(port, "none", mechanism))
        self.check("POP3: APOP", lambda: self.pop_right(port, "none", "APOP", "apop"))
        self.check("POP3 with STLS: the strongest", lambda: self.pop_right(port, "stls", STRONGEST[self.server], "auto"))
        self.check("POP3: the strongest", lambda: self.pop_right(port, "none", STRONGEST[self.server], "auto"))

    # ---- SMTP

    def smtp(self, port: int, tls: str, mechanism: str, right: bool, auth: bool = True) -> Result:
        trust = [f"--{tls}", "--ca", TLS / "ca.pem"] if tls else []
        return self.run(self.bin / "smtp-send", *trust, "--from", "sender@example.org", "--to", "alice@example.org", *(["--auth", mechanism] if auth else []),
                        *self.credentials(mechanism, right), f"localhost:{port}", self.message)

    def came(self) -> int:
        """How many messages our smtp-sink has got from Dovecot since the last call."""
        paths = list(self.store.glob("*.eml"))
        for path in paths:
            assert b"Subject: auth\r\n\r\nhello\r\n" in path.read_bytes(), f"{path}: another message"
            path.unlink()
        return len(paths)

    def smtp_right(self, port: int, tls: str, mechanism: str, auth: bool = True) -> str:
        done = succeeded(self.smtp(port, tls, mechanism, True, auth))
        assert done.stdout.split(b"\t")[2].startswith(b"250"), f"{done.stdout!r}"
        if self.server == "dovecot":
            assert self.came() == 1, "the message was not sent on"
        return ""

    def smtp_wrong(self, port: int, tls: str, mechanism: str) -> str:
        done = self.smtp(port, tls, mechanism, False)
        exited(done, 2)
        assert b"AUTH" in done.stderr and WRONG.encode() not in done.stdout + done.stderr, f"{done.stderr!r}"
        if self.server == "dovecot":
            assert self.came() == 0, "a message was sent on"
        return done.stderr.decode().strip()[:100]

    def submission(self, port: int) -> None:
        with smtplib.SMTP("localhost", port) as seen:
            context = ssl.create_default_context(cafile=TLS / "ca.pem")
            context.load_cert_chain(TLS / "client.pem", TLS / "client.key")
            seen.starttls(context=context)
            seen.ehlo()
            offered = seen.esmtp_features.get("auth", "").split()
        self.check("SMTP: mechanisms offered", lambda: self.all_offered(offered))
        for mechanism in self.wanted():
            self.check(f"SMTP with STARTTLS: {mechanism}", lambda: self.smtp_right(port, "starttls", mechanism))
            if mechanism != "ANONYMOUS":
                self.check(f"SMTP with STARTTLS: {mechanism}, wrong", lambda: self.smtp_wrong(port, "starttls", mechanism))
        for mechanism in ("CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
            self.check(f"SMTP: {mechanism}", lambda: self.smtp_right(port, "", mechanism))
        self.check("SMTP with STARTTLS: the strongest", lambda: self.smtp_right(port, "starttls", STRONGEST[self.server], False))

    def wanted(self) -> list[str]:
        return WANTED[self.server].split()

    def all_offered(self, offered: list[str]) -> str:
        assert set(offered) == set(self.wanted()), f"offers {sorted(offered)}, checked are {sorted(self.wanted())}"
        return " ".join(offered)

    # ---- records

    def doveadm(self, *argv: str) -> str:
        return succeeded(self.run(JAIL, "run", "dovecot", "doveadm", "-c", WORK / "dovecot/dovecot.conf", *argv)).stdout.decode().strip()

    def record(self, *options: str) -> str:
        return succeeded(self.run(self.bin / "scram-record", "make", *options, given=b"secret\n")).stdout.decode().strip()

    def theirs(self, record: str) -> str:
        """Our parser takes it, and knows the right password from a wrong one."""
        exited(self.run(self.bin / "scram-record", "check", record, given=b"secret\n"), 0)
        exited(self.run(self.bin / "scram-record", "check", record, given=b"Secret\n"), 1)
        return f"{len(record)} characters"

    def ours(self, mechanism: str) -> str:
        record = self.record("--mechanism", mechanism, "--iterations", "5000")
        for password, verdict in (("secret", "(verified)"), ("Secret", "error")):
            done = self.run(JAIL, "run", "dovecot", "doveadm", "-c", WORK / "dovecot/dovecot.conf", "pw", "-t", record, "-p", password)
            text = (done.stdout + done.stderr).decode()
            assert verdict in text and (done.returncode == 0) == (verdict != "error"), f"of {password}: {text}"
        return record.partition(",")[0]

    def stored(self, mechanism: str, port: int) -> str:
        """Dovecot lets a user in whose record we made."""
        user = f"by-{mechanism.lower()}"
        with (WORK / "dovecot/records").open("a") as records:
            records.write(f"{user}:{self.record('--mechanism', mechanism)}::::::\n")
        for way in (mechanism, "PLAIN"):
            self.pop_right(port, "implicit", way, user=user)
        return user

    def records(self, port: int) -> None:
        for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
            self.check(f"doveadm pw -s {mechanism}, checked by us", lambda: self.theirs(self.doveadm("pw", "-s", mechanism, "-p", "secret")))
            self.check(f"our record of {mechanism}, checked by doveadm pw -t", lambda: self.ours(mechanism))
            self.check(f"our record of {mechanism} in Dovecot's store", lambda: self.stored(mechanism, port))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=Path)
    parser.add_argument("server", choices=WANTED)
    parser.add_argument("store", type=Path)
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    auth = Auth(args)
    if args.server == "dovecot":
        stub = http.server.ThreadingHTTPServer(("127.0.0.1", PORTS + 80), Introspection)
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        auth.came()                             # what came before
        auth.pop3(PORTS + 110, PORTS + 995)
        auth.submission(PORTS + 587)
        auth.records(PORTS + 995)
    elif args.server == "cyrus":
        auth.pop3(PORTS + 1110, PORTS + 1995)
    else:
        auth.submission(PORTS + 5025)
    return auth.failed != 0


if __name__ == "__main__":
    sys.exit(main())
