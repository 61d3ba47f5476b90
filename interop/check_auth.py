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
    # ANONYMOUS over POP3 only
    "dovecot": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 EXTERNAL ANONYMOUS",
    "cyrus": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS OTP EXTERNAL",
    "postfix": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP ANONYMOUS",
}
STRONGEST = {"dovecot": "SCRAM-SHA-256", "cyrus": "SCRAM-SHA-512", "postfix": "SCRAM-SHA-512"}


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
            return ["--user", user, *(["--cert", TLS / "client.pem", "--key", TLS / "client.key"] if right else [])]
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
        self.check("POP3: mechanisms offered", lambda: self.all_offered(offered, self.wanted()))
        for mechanism in self.wanted():
            if mechanism.endswith("-PLUS"):
                for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    self.check(f"POP3S, {version.name}: {mechanism} by tls-unique", lambda: self.bound(tls_port, mechanism, version, True, True))
                    self.check(f"POP3S, {version.name}: {mechanism} by tls-unique, wrong", lambda: self.bound(tls_port, mechanism, version, False, True))
                    self.check(f"POP3S, {version.name}: {mechanism} by tls-unique of another connection", lambda: self.bound(tls_port, mechanism, version, True, False))
                continue
            self.check(f"POP3S: {mechanism}", lambda: self.pop_right(tls_port, "implicit", mechanism))
            if mechanism != "ANONYMOUS":
                self.check(f"POP3S: {mechanism}, wrong", lambda: self.pop_wrong(tls_port, "implicit", mechanism))
        for mechanism in ("CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
            self.check(f"POP3: {mechanism}", lambda: self.pop_right(port, "none", mechanism))
        self.check("POP3: APOP", lambda: self.pop_right(port, "none", "APOP", "apop"))
        if self.server == "cyrus":
            # it knows no tls-exporter, and pop3-get no tls-unique; nothing weaker is tried
            self.check("POP3 with STLS: the strongest is bound in a way that Cyrus does not know", lambda: self.no_fallback(port))
        else:
            self.check("POP3 with STLS: the strongest", lambda: self.pop_right(port, "stls", STRONGEST[self.server], "auto"))
        self.check("POP3: the strongest", lambda: self.pop_right(port, "none", STRONGEST[self.server], "auto"))

    def no_fallback(self, port: int) -> str:
        done = self.pop(port, "stls", "SCRAM-SHA-512-PLUS", True, "auto")
        exited(done, 3)
        assert b"login by AUTH SCRAM-SHA-512-PLUS failed" in done.stderr, f"{done.stderr!r}"
        return done.stderr.decode().strip()[:100]

    def bound(self, port: int, mechanism: str, version: ssl.TLSVersion, right: bool, this: bool) -> str:
        """sasl-client, to which Python's TLS tells what tls-unique is: of this connection, or of another."""
        context = ssl.create_default_context(cafile=TLS / "ca.pem")
        context.minimum_version = context.maximum_version = version
        seen, other = (poplib.POP3_SSL("localhost", port, context=context) for _ in range(2))
        unique = (seen if this else other).sock.get_channel_binding("tls-unique")
        client = subprocess.Popen([self.bin / "sasl-client", "--auth", mechanism, "--tls-unique", unique.hex(), *self.credentials("SCRAM", right)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        line = f"AUTH {mechanism} {client.stdout.readline().strip()}"
        while True:
            seen.sock.sendall(line.encode() + b"\r\n")
            answer = seen.file.readline().decode()
            if not answer.startswith("+ "):
                break
            client.stdin.write(answer[2:].strip() + "\n")
            said = client.stdout.readline().strip()
            line = {"": "*", "=": ""}.get(said, said)    # it has given up; an empty response
        seen.close()
        other.close()
        _, errors = client.communicate("OK\n" if answer.startswith("+OK") else "", timeout=10)
        assert answer.startswith("+OK") == (right and this) and (client.returncode == 0) == (right and this), f"{answer.strip()}; {errors.strip()}"
        return answer.strip()[:60]

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
        wanted = [mechanism for mechanism in self.wanted() if (self.server, mechanism) != ("dovecot", "ANONYMOUS")]
        self.check("SMTP: mechanisms offered", lambda: self.all_offered(offered, wanted))
        for mechanism in wanted:
            self.check(f"SMTP with STARTTLS: {mechanism}", lambda: self.smtp_right(port, "starttls", mechanism))
            if mechanism != "ANONYMOUS":
                self.check(f"SMTP with STARTTLS: {mechanism}, wrong", lambda: self.smtp_wrong(port, "starttls", mechanism))
        for mechanism in ("CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
            self.check(f"SMTP: {mechanism}", lambda: self.smtp_right(port, "", mechanism))
        self.check("SMTP with STARTTLS: the strongest", lambda: self.smtp_right(port, "starttls", STRONGEST[self.server], False))

    def wanted(self) -> list[str]:
        return WANTED[self.server].split()

    def all_offered(self, offered: list[str], wanted: list[str]) -> str:
        assert set(offered) == set(wanted), f"offers {sorted(offered)}, checked are {sorted(wanted)}"
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
        for password, verdict in (("secret", "(verified)"), ("Secret", "mismatch")):
            done = self.run(JAIL, "run", "dovecot", "doveadm", "-c", WORK / "dovecot/dovecot.conf", "pw", "-t", record, "-p", password)
            text = (done.stdout + done.stderr).decode()
            assert verdict in text and (done.returncode == 0) == (verdict != "mismatch"), f"of {password}: {text}"
        return record.partition(",")[0]

    def stored(self, mechanism: str, port: int) -> str:
        """Dovecot lets a user in whose record we made."""
        for way in (mechanism, "PLAIN"):
            self.pop_right(port, "implicit", way, user=f"by-{mechanism.lower()}")
        return f"{mechanism}, PLAIN"

    def records(self, port: int) -> None:
        both = ("SCRAM-SHA-1", "SCRAM-SHA-256")
        lines = [f"by-{mechanism.lower()}:{self.record('--mechanism', mechanism)}::::::\n" for mechanism in both]
        (WORK / "dovecot/records").write_text("".join(lines))    # at once: Dovecot looks at seconds
        for mechanism in both:
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
