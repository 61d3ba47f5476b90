#!/usr/bin/env python3
"""Runs real SMTP clients against a receiving server, and compares what it stored, octet for octet.

    check_smtp_clients.py STORES ALL FEW --ca ca.pem --ports OPEN SMTPS AUTH LMTP --postfix PORT --exim PORT [--only TEXT]

The server (our smtp-sink, or servers/aiosmtpd.sh) listens on the four ports of 127.0.0.1 and stores what it accepts in
STORES/open, STORES/auth and STORES/lmtp; clients/smtp/base.py says more. Postfix and Exim, as relays, run: their recipes
send what is for via.example.net and the like to these ports. ALL and FEW are folders of messages.
The clients run in the jail "smtp-clients" (jail.sh), which the first call fills from Debian's packages.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import smtplib
import subprocess
import sys
from pathlib import Path

import messages
from clients.base import JAIL
from clients.smtp import curl, msmtp, nodemailer, relays, smtp_source, swaks
from clients.smtp.base import SmtpClient, SmtpTarget
from smtp_peers import WORK

PACKAGES = ("swaks", "libio-socket-ssl-perl", "libauthen-sasl-perl", "msmtp", "curl", "nodejs", "node-nodemailer", "postfix", "ca-certificates")


def offers(port: int, ca: Path, starttls: bool) -> set[str]:
    """What EHLO says there, in lower case."""
    import ssl
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.ehlo("client.example.org")
        if starttls:
            smtp.starttls(context=ssl.create_default_context(cafile=ca))
            smtp.ehlo("client.example.org")
        return set(smtp.esmtp_features) | {f"auth {name.lower()}" for name in smtp.esmtp_features.get("auth", "").split()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", type=Path)
    parser.add_argument("all", type=Path)
    parser.add_argument("few", type=Path)
    parser.add_argument("--ca", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--ports", type=int, nargs=4, required=True)
    parser.add_argument("--postfix", type=int, required=True)
    parser.add_argument("--exim", type=int, required=True)
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    subprocess.run([JAIL, "install", "smtp-clients", *PACKAGES], check=True)
    subprocess.run([JAIL, "start", "smtp-clients", "bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], check=True)
    try:
        return run(args)
    finally:
        subprocess.run([JAIL, "stop", "smtp-clients"], check=True)


def run(args: argparse.Namespace) -> int:
    folders = args.few.resolve(), args.all.resolve()
    few, every = (dict(enumerate(messages.read(folder), 1)) for folder in folders)
    target = SmtpTarget("127.0.0.1", *args.ports, args.ca, args.stores.resolve(), few, every,
                        offers(args.ports[0], args.ca, False) | offers(args.ports[2], args.ca, True), *folders)
    failed = 0
    for name, checks in (
        ("swaks", swaks.checks), ("msmtp", msmtp.checks), ("curl", curl.checks), ("nodemailer", nodemailer.checks), ("smtp-source", smtp_source.checks),
        ("Postfix", lambda c: relays.postfix(c, args.postfix)), ("Exim", lambda c: relays.exim(c, args.exim)),
    ):
        client = SmtpClient(name, target, WORK, args.only)
        checks(client)
        failed += client.failed
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
