#!/usr/bin/env python3
"""Runs IMAP clients that others wrote against a server that holds the messages of a folder in INBOX: curl, mbsync, fetchmail.

    check_imap_clients.py HOST PORT DIR --ca ca.pem [--user alice] [--password secret] [--only TEXT]

The clients run in the jail "imap-clients" (jail.sh), which the first call fills from Debian's packages.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import imap_peer
import messages
from clients import fetchmail
from clients.base import JAIL, Client, Result, Target, exited, lf, maildir, said, same_set, succeeded

PACKAGES = ("curl", "isync", "fetchmail", "ca-certificates")


def curl_checks(c: Client) -> None:
    t = c.target
    url = f"imap://{t.host}:{t.port}/"
    user = ("--user", f"{t.user}:{t.password}")

    def curl(*argv: str) -> Result:
        return c.run("curl", "--silent", "--show-error", "--verbose", "--max-time", "60", *argv)

    def download(*options: str) -> str:
        done = succeeded(curl(*user, *options, f"{url}INBOX;MAILINDEX=[1-{t.count}]", "--output", f"{c.scratch}/#1.eml"))
        wrong = [number for number, message in t.messages.items() if (c.scratch / f"{number}.eml").read_bytes() != message]
        assert not wrong, f"differ: {wrong[:10]}"
        said(done, *(("> A002 STARTTLS",) if "--ssl-reqd" in options else ()))
        return f"{t.count} messages"

    def one(word: str, *options: str) -> None:
        done = succeeded(curl(*user, *options, url + "INBOX;MAILINDEX=1"))
        said(done, word)
        assert done.stdout == t.messages[1], "not the message"

    def section() -> None:
        done = succeeded(curl(*user, url + "INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)"))
        assert done.stdout == re.search(rb"Subject: .*\r\n", t.messages[1]).group() + b"\r\n", f"{done.stdout!r}"

    def upload() -> str:
        path = c.scratch / "sent.eml"
        path.write_bytes(t.messages[5])
        succeeded(curl(*user, "--request", "CREATE Sent", url))
        succeeded(curl(*user, "--upload-file", str(path), url + "Sent"))
        done = succeeded(curl(*user, url + "Sent;UID=1"))
        assert done.stdout == t.messages[5], "not what was sent"
        return f"{len(done.stdout)} octets"

    def asked() -> str:
        found = succeeded(curl(*user, url + "INBOX?SUBJECT%20tiny")).stdout.decode()
        assert len(found.split()) - 2 == sum(b"\r\nSubject: tiny " in m for m in t.messages.values()), found[:100]
        listed = succeeded(curl(*user, url)).stdout.decode()
        assert '"/" INBOX' in listed, listed
        return listed.splitlines()[0]

    c.check("FETCH of all", download)
    c.check("STARTTLS, FETCH of all", lambda: download("--ssl-reqd", "--cacert", str(t.ca)))
    c.check("STARTTLS, unknown authority", lambda: exited(curl(*user, "--ssl-reqd", url), 60))
    c.check("HEADER.FIELDS", section)
    c.check("SEARCH, LIST", asked)
    c.check("APPEND", upload)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"):
        c.check(mechanism, lambda mechanism=mechanism: one(f"AUTHENTICATE {mechanism}", "--login-options", f"AUTH={mechanism}"))
    c.check("PLAIN, initial response", lambda: one("AUTHENTICATE PLAIN ", "--login-options", "AUTH=PLAIN", "--sasl-ir"))
    c.check("wrong password", lambda: exited(curl("--user", f"{t.user}:wrong", url), 67))
    c.check("no such message", lambda: exited(curl(*user, f"{url}INBOX;MAILINDEX={t.count + 1}"), 8, 78))


def mbsync_checks(c: Client) -> None:
    t = c.target
    folder = c.work / "clients" / "mbsync-mail"         # stays from check to check
    # it leaves out a message that is all header, and marks all others
    expected = {number: lf(message) for number, message in t.messages.items() if b"\r\n\r\n" in message}

    def unmarked(message: bytes) -> bytes:
        return re.sub(rb"X-TUID: .*\r?\n", b"", message, count=1)

    def mbsync(password: str = t.password) -> Result:
        rc = c.file("mbsyncrc", f"""
IMAPAccount a
Host localhost
Port {t.port}
User {t.user}
Pass {password}
SSLType STARTTLS
CertificateFile {t.ca}
AuthMechs PLAIN

IMAPStore far
Account a

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns INBOX Notes
Create Both
Expunge Both
SyncState *
""")
        subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
        return c.run("mbsync", "--config", rc, "--verbose", "--all")

    def pull() -> str:
        subprocess.run(["rm", "-rf", folder], check=True)
        folder.mkdir(parents=True)
        succeeded(mbsync())
        return same_set(map(unmarked, maildir(folder / "INBOX")), expected)

    def push() -> str:
        """A new message, a mark and a deletion here; a mark and a deletion there."""
        imap = imap_peer.login(t.host, t.port, t.user, t.password)
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Flagged)")
        imap.store("2", "+FLAGS.SILENT", r"(\Deleted)")
        imap.expunge()
        for sub in ("cur", "new", "tmp"):
            (folder / "Notes" / sub).mkdir(parents=True)
        (folder / "Notes/new/1.interop").write_bytes(b"Subject: pushed\n\n.line\n")
        ours = next(path for sub in ("cur", "new") for path in (folder / "INBOX" / sub).iterdir() if re.search(rb"Message-ID: <interop.4@", path.read_bytes()))
        ours.rename(folder / "INBOX/cur" / f"{ours.name.partition(':')[0]}:2,RT")
        succeeded(mbsync())
        imap.noop()
        there = {int(found["UID"]): found for _, found in imap_peer.fetches(imap_peer.ok(imap.uid("FETCH", "1:*", "(UID FLAGS)")))}
        assert len(there) == t.count - 2 and not {2, 4} & set(there), f"{len(there)} messages, {sorted(there)[:5]}"
        imap.select("Notes")
        pushed = imap_peer.ok(imap.fetch("1", "(BODY.PEEK[])"))[0][1]
        assert unmarked(pushed) == b"Subject: pushed\r\n\r\n.line\r\n", f"{pushed!r}"
        imap.logout()
        here = [path for sub in ("cur", "new") for path in (folder / "INBOX" / sub).iterdir()]
        assert len(here) == len(expected) - 2, f"{len(here)} files"
        assert [path for path in here if path.name.rpartition(",")[2] == "F"], "no mark"
        succeeded(mbsync())
        return f"{len(here)} messages"

    c.check("everything into a Maildir", pull)
    c.check("changes both ways", push)
    c.check("wrong password", lambda: exited(mbsync("wrong"), 1))


def fetchmail_checks(c: Client) -> None:
    t = c.target
    expected = fetchmail.delivered(t)

    def all_by(word: str, **how: str) -> str:
        said(succeeded(fetchmail.run(c, protocol="IMAP", **how)), word)
        return same_set(fetchmail.fetched(c), expected, t.count - len(expected))

    c.check("FETCH of all", lambda: all_by("IMAP> "))
    c.check("FETCH of all, STARTTLS", lambda: all_by("STARTTLS", tls=f"sslproto TLS1.2+ sslcertck sslcommonname localhost sslcertfile {t.ca}"))
    c.check("wrong password", lambda: exited(fetchmail.run(c, protocol="IMAP", password="wrong"), 3))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--ca", required=True, type=lambda path: Path(path).resolve())
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    work = Path(os.environ.get("INTEROP_WORK") or Path(__file__).parent / ".work").resolve()
    stored = dict(enumerate(messages.read(args.dir), 1))
    target = Target(args.host, args.port, args.user, args.password, args.ca, False, stored, len(stored))
    subprocess.run([JAIL, "install", "imap-clients", *PACKAGES], check=True)
    subprocess.run([JAIL, "start", "imap-clients", "bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], check=True)
    failed = 0
    try:
        for name, checks in (("curl", curl_checks), ("fetchmail", fetchmail_checks), ("mbsync", mbsync_checks)):
            client = Client(name, target, work, args.only, jail="imap-clients")
            checks(client)
            failed += client.failed
    finally:
        subprocess.run([JAIL, "stop", "imap-clients"], check=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
