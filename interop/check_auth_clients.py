#!/usr/bin/env python3
"""Logs clients that others wrote in to our servers, by each mechanism that they have, with what is right and with what is wrong.

    check_auth_clients.py STORE [--only TEXT]

Our pop3-serve and smtp-sink run as auth.sh starts them: they offer everything, and smtp-sink stores in STORE, so that the envelope says
who has logged in. The clients run in the jail "auth-clients" (jail.sh), which the first call fills from Debian's packages.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from clients.base import JAIL, exited, said, succeeded, tail
from smtp_peers import WORK, Checks, fresh

Result = subprocess.CompletedProcess[bytes]
PORTS = int(os.environ.get("INTEROP_PORTS") or 21000)
POP, POPS, SMTP, SMTPS = (PORTS + n for n in (9110, 9995, 9587, 9466))
TLS = WORK / "tls"
CA, CERT, KEY = TLS / "ca.pem", TLS / "client.pem", TLS / "client.key"
TOKEN, WRONG = "ya29.good-token", "Xq7-wrong"
SENDER, RECIPIENT = "sender@example.org", "alice@example.org"
PACKAGES = ("gsasl", "curl", "swaks", "libio-socket-ssl-perl", "libauthen-sasl-perl", "libdigest-hmac-perl", "msmtp", "mpop", "cyrus-clients", "sasl2-bin", "libsasl2-modules",
            "libsasl2-modules-db", "ca-certificates")


class Clients(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.store = args.store
        self.work = fresh(WORK / "check-auth-clients")
        self.message = self.file("1.eml", "From: sender@example.org\r\nTo: alice@example.org\r\nSubject: auth\r\n\r\nhello\r\n")

    def file(self, name: str, text: str) -> Path:
        path = self.work / name
        path.write_text(text, newline="")
        path.chmod(0o600)
        return path

    def run(self, *argv: str | Path, given: bytes = b"") -> Result:
        return subprocess.run([JAIL, "run", "auth-clients", "timeout", "20", *argv], input=given, capture_output=True, timeout=60)

    def users(self) -> list[str | None]:
        """Who has sent what smtp-sink has stored since the last call."""
        out = []
        for path in sorted(self.store.glob("*.eml")):
            out.append(json.loads(path.with_suffix(".json").read_text())["user"])
            path.unlink()
            path.with_suffix(".json").unlink()
        return out

    def in_as(self, user: str, done: Result, *words: str) -> None:
        """The client is content, and its message came from that user."""
        succeeded(done)
        got = self.users()
        assert got == [user], f"users {got}, not {user}"
        said(done, *words)

    def refused(self, done: Result, *words: str) -> str:
        assert done.returncode not in (0, 124), f"exit status {done.returncode}: {tail(done)}"
        said(done, *words)
        got = self.users()
        assert not got, f"a message came from {got}"
        return f"exit status {done.returncode}"

    def both(self, name: str, right, wrong=None) -> None:
        self.check(name, right)
        if wrong:
            self.check(f"{name}, wrong", wrong)

    # ---- clients: what each is told, and the one place that knows its command line

    def gsasl(self, mechanism: str, password: str = "secret") -> Result:
        """GNU SASL's own program. It says SMTP as far as AUTH, and takes STARTTLS where it is offered."""
        options: list[str | Path] = ["--authentication-id", "alice", "--password", password, "--quality-of-protection", "qop-auth"]
        if mechanism.startswith("SCRAM-") and not mechanism.endswith("-PLUS"):
            options += ["--no-cb"]              # or it wants -PLUS
        if mechanism == "ANONYMOUS":
            options = ["--anonymous-token", "sirhc"]
        if mechanism == "EXTERNAL":
            options = ["--authorization-id", "alice", *(["--x509-cert-file", CERT, "--x509-key-file", KEY] if password == "secret" else [])]
        return self.run("gsasl", "--smtp", "--connect", f"localhost:{SMTP}", "--verbose", "--mechanism", mechanism, "--x509-ca-file", CA, "--starttls",
                        "--service=smtp", *options)

    def gsasl_in(self, mechanism: str) -> None:
        said(succeeded(self.gsasl(mechanism)), f"AUTH {mechanism}", "235 2.7.0 Welcome")

    def curl(self, protocol: str, mechanism: str, right: bool) -> Result:
        options: list[str | Path] = ["--user", f"alice:{'secret' if right else WRONG}"]
        if mechanism in ("OAUTHBEARER", "XOAUTH2"):
            options = ["--user", "alice:", "--oauth2-bearer", TOKEN if right else WRONG]
        if mechanism == "EXTERNAL":
            options = ["--user", "alice:", *(["--cert", CERT, "--key", KEY] if right else [])]
        common = ("curl", "--silent", "--show-error", "--verbose", "--max-time", "15", "--ssl-reqd", "--cacert", CA, "--login-options", f"AUTH={mechanism}", *options)
        if protocol == "pop3":
            return self.run(*common, f"pop3://localhost:{POP}/1")
        return self.run(*common, "--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "--upload-file", self.message, f"smtp://localhost:{SMTP}/client.example.org")

    def curl_pop_in(self, mechanism: str) -> None:
        done = succeeded(self.curl("pop3", mechanism, True))
        assert b"\r\n" in done.stdout and b"+OK alice, " in done.stderr, f"{done.stderr[-200:]!r}"
        said(done, f"> AUTH {mechanism}")

    def swaks(self, mechanism: str, password: str) -> Result:
        return self.run("swaks", "--server", "localhost", "--port", str(SMTP), "--helo", "client.example.org", "--from", SENDER, "--to", RECIPIENT, "--data", f"@{self.message}",
                        "--tls", "--tls-verify", "--tls-ca-path", CA, "--auth", mechanism, "--auth-user", "alice", "--auth-password", password)

    def msmtp(self, mechanism: str, right: bool) -> Result:
        secret = TOKEN if mechanism in ("OAUTHBEARER", "XOAUTH2") else "secret"
        lines = [f"host localhost", f"port {SMTP}", f"from {SENDER}", "tls on", f"tls_trust_file {CA}", f"auth {mechanism.lower()}", "user alice"]
        lines += [f"tls_cert_file {CERT}", f"tls_key_file {KEY}"] if mechanism == "EXTERNAL" and right else []
        lines += [] if mechanism == "EXTERNAL" else [f"password {secret if right else WRONG}"]
        config = self.file("msmtprc", "\n".join(["account default", *lines]) + "\n")
        return self.run("msmtp", f"--file={config}", "--debug", RECIPIENT, given=self.message.read_bytes())

    def mpop(self, mechanism: str, right: bool) -> Result:
        folder = fresh(self.work / "mpop")
        for sub in ("tmp", "new", "cur"):
            (folder / sub).mkdir()
        secret = TOKEN if mechanism in ("OAUTHBEARER", "XOAUTH2") else "secret"
        lines = ["host localhost", f"port {POP}", "tls on", "tls_starttls on", f"tls_trust_file {CA}", f"auth {mechanism.lower()}", "user alice", f"delivery maildir {folder}", "keep on",
                 f"uidls_file {self.work}/uidls"]
        lines += [f"tls_cert_file {CERT}", f"tls_key_file {KEY}"] if mechanism == "EXTERNAL" and right else []
        lines += [] if mechanism == "EXTERNAL" else [f"password {secret if right else WRONG}"]
        config = self.file("mpoprc", "\n".join(["account default", *lines]) + "\n")
        (self.work / "uidls").unlink(missing_ok=True)
        return self.run("mpop", f"--file={config}", "--debug")

    def mpop_in(self, mechanism: str) -> None:
        done = succeeded(self.mpop(mechanism, True))
        said(done, f"--> AUTH {mechanism}", "<-- +OK alice, ")

    def cyrus(self, program: str, mechanism: str, password: str) -> Result:
        """Cyrus SASL's clients, by Cyrus IMAP's programs for tests. They take commands from the standard input after the login."""
        port = POP if program == "pop3test" else SMTP
        who = ("-a", "alice", "-u", "alice", "-w", password) if mechanism != "ANONYMOUS" else ("-a", "sirhc", "-u", "sirhc", "-w", "sirhc")
        key: list[str | Path] = ["-t", ""]
        if mechanism == "EXTERNAL":
            both = self.file("client-both.pem", CERT.read_text() + KEY.read_text())
            key = ["-t", both if password == "secret" else ""]
        return self.run(f"/usr/lib/cyrus/bin/{program}", "-p", str(port), "-m", mechanism, *key, *who, "localhost", given=b"QUIT\r\n")

    def cyrus_in(self, program: str, mechanism: str) -> None:
        who = "anonymous" if mechanism == "ANONYMOUS" else "alice"
        welcome = f"S: +OK {who}, " if program == "pop3test" else "S: 235 2.7.0 Welcome"
        said(self.cyrus(program, mechanism, "secret"), f"AUTH {mechanism}", welcome, "Authenticated.")

    def cyrus_refused(self, program: str, mechanism: str) -> str:
        done = self.cyrus(program, mechanism, WRONG)
        said(done, "Authentication failed.")
        assert b"Authenticated." not in done.stdout + done.stderr, tail(done)
        return ""

    # ---- what is checked

    def checks(self) -> None:
        self.users()                            # what came before
        for m in "ANONYMOUS EXTERNAL LOGIN PLAIN DIGEST-MD5 CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS".split():
            self.both(f"gsasl, SMTP: {m}", lambda: self.gsasl_in(m), m != "ANONYMOUS" and (lambda: self.refused(self.gsasl(m, WRONG))))
        # XOAUTH2 it takes only where OAUTHBEARER is not offered
        for m in "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 OAUTHBEARER EXTERNAL".split():
            self.both(f"curl, POP3: {m}", lambda: self.curl_pop_in(m), lambda: self.refused(self.curl("pop3", m, False)))
            self.both(f"curl, SMTP: {m}", lambda: self.in_as("alice", self.curl("smtp", m, True), f"> AUTH {m}"), lambda: self.refused(self.curl("smtp", m, False)))
        for m in "PLAIN LOGIN CRAM-MD5 DIGEST-MD5".split():
            self.both(f"swaks, SMTP: {m}", lambda: self.in_as("alice", self.swaks(m, "secret"), f"~> AUTH {m}"), lambda: self.refused(self.swaks(m, WRONG)))
        for m in "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 EXTERNAL".split():
            self.both(f"msmtp, SMTP: {m}", lambda: self.in_as("alice", self.msmtp(m, True), f"--> AUTH {m}"), lambda: self.refused(self.msmtp(m, False)))
            self.both(f"mpop, POP3: {m}", lambda: self.mpop_in(m), lambda: self.refused(self.mpop(m, False)))
        for m in "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 EXTERNAL ANONYMOUS".split():
            for program in ("pop3test", "smtptest"):
                wrong = (lambda: self.cyrus_refused(program, m)) if m != "ANONYMOUS" else None
                self.both(f"Cyrus SASL, {program}: {m}", lambda: self.cyrus_in(program, m), wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    subprocess.run([JAIL, "install", "auth-clients", *PACKAGES], check=True)
    subprocess.run([JAIL, "start", "auth-clients", "bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], check=True)
    try:
        clients = Clients(args)
        clients.checks()
        return clients.failed != 0
    finally:
        subprocess.run([JAIL, "stop", "auth-clients"], check=True)


if __name__ == "__main__":
    sys.exit(main())
