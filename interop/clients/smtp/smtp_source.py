"""Postfix's smtp-source: 10,000 messages over ten connections at a time; SMTP and LMTP."""
from __future__ import annotations

from ..base import succeeded
from .base import HELLO, SENDER, SmtpClient, address

# It sends a file, line by line, dots stuffed, and an empty line: this one.
TEXT = b"From: Source <sender@example.org>\nTo: alice@example.org\nSubject: 10,000\n\n.\n..\n.dot\nWort f\xc3\xbcr Wort\n\n" + b"x" * 998 + b"\nend\n"


def checks(c: SmtpClient) -> None:
    t = c.target

    def source(store: str, port: int, count: int, *options: str, recipients: int = 1) -> str:
        text = c.scratch / "text"
        text.write_bytes(TEXT)
        done = c.run("smtp-source", *options, "-m", str(count), "-s", "10", "-M", HELLO, "-f", SENDER, "-t", "alice@example.org", "-r", str(recipients), "-F", text, f"inet:{t.host}:{port}")
        succeeded(done)
        assert not done.stderr, done.stderr
        stored = t.store(store).take()
        assert len(stored) == count, f"{len(stored)} messages"
        want = TEXT.replace(b"\n", b"\r\n") + b"\r\n"
        for one in stored:
            assert one.octets == want, f"{one.octets[:300]!r} .. {one.octets[-40:]!r}"
            assert one.sender == SENDER and len(one.recipients) == recipients and one.hello == HELLO, one
            assert all(address(name).endswith("alice@example.org") for name in one.recipients), one.recipients
        return f"{count} messages, {count * len(want)} octets"

    c.check("10,000 messages", lambda: source("open", t.open, 10_000, "-d"))
    c.check("a connection for each message", lambda: source("open", t.open, 500, recipients=5))
    c.check("LMTP", lambda: source("lmtp", t.lmtp, 500, "-d", "-L", recipients=3))
