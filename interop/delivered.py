#!/usr/bin/env python3
"""Takes what an SMTP or LMTP server delivered, and undoes what delivering did to it.

    delivered.py MAIL OUT "FIELD..."

MAIL holds one Maildir for each user. Each message in it is moved to OUT/USER/NNNNNN.eml: with CRLF for the stored LF,
and without the header fields that the server put before it. These must be there (but for those with a ?), once
each and in the order given; they go to OUT/USER/NNNNNN.added.
"""
from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):.*\r\n(?:[ \t].*\r\n)*")


def split(message: bytes, fields: list[str]) -> tuple[bytes, bytes]:
    """What the server added, and the message."""
    at = 0
    for name in fields:
        field = FIELD.match(message, at)
        if field and field[1].decode() == name.removesuffix("?"):
            at = field.end()
        elif not name.endswith("?"):
            raise SystemExit(f"no {name} field at {at}: {message[:at + 60]!r}")
    return message[:at], message[at:]


def main() -> None:
    mail, out, fields = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for maildir in sorted(mail.iterdir()):
        folder = out / maildir.name
        folder.mkdir()
        new = sorted((maildir / "new").glob("*"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for number, path in enumerate(new, 1):
            added, message = split(path.read_bytes().replace(b"\n", b"\r\n"), fields)
            (folder / f"{number:06}.eml").write_bytes(message)
            (folder / f"{number:06}.added").write_bytes(added)
            path.unlink()


if __name__ == "__main__":
    main()
