#!/usr/bin/env python3
"""Runs curl, fetchmail and mpop against a POP3 server that serves the messages of a folder.

    check_clients.py HOST PORT DIR [--user alice] [--password secret] [--ca ca.pem] [--no-apop] [--only TEXT]
    check_clients.py HOST PORT DIR --delete    instead: each client deletes some, the last one all that is left

The clients run in the jail "clients" (jail.sh), which the first call fills from Debian's packages. Every file
that a client made stays in $INTEROP_WORK/clients/ until its next test, the last output with them.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import messages
from clients import curl, fetchmail, mpop
from clients.base import JAIL, Client, Target

PACKAGES = ("curl", "fetchmail", "mpop", "ca-certificates")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--ca", type=lambda path: Path(path).resolve(), help="check STLS too; the authority of the server's certificate")
    parser.add_argument("--no-apop", action="store_true")
    parser.add_argument("--needs-utf8", action="store_true", help="without UTF8 it withholds messages with UTF-8 headers (Courier)")
    parser.add_argument("--delete", action="store_true")
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    subprocess.run([JAIL, "install", "clients", *PACKAGES], check=True)
    subprocess.run([JAIL, "start", "clients", "bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], check=True)
    try:
        return run(args)
    finally:
        subprocess.run([JAIL, "stop", "clients"], check=True)


def run(args: argparse.Namespace) -> int:
    work = Path(os.environ.get("INTEROP_WORK") or Path(__file__).parent / ".work").resolve()
    stored = dict(enumerate(messages.read(args.dir), 1))
    shown = {n: m for n, m in stored.items() if not (args.needs_utf8 and messages.has_utf8_header(m))}
    target = Target(args.host, args.port, args.user, args.password, args.ca, not args.no_apop, shown, len(stored))
    failed = 0
    for module in (curl, fetchmail, mpop):
        client = Client(module.__name__.rpartition(".")[2], target, work, args.only)
        (module.deletes if args.delete else module.checks)(client)
        failed += client.failed
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
