"""swaks: one process a message. PLAIN, LOGIN, CRAM-MD5; STARTTLS and implicit TLS; LMTP; pipelining."""
from __future__ import annotations

import re

from ..base import exited, said, succeeded
from .base import HELLO, NOBODY, SENDER, SmtpClient, came

# from swaks' manual: no recipient was accepted; STARTTLS failed; AUTH failed
NO_RECIPIENT, NO_TLS, NO_AUTH = 24, 29, 28


def sent(message: bytes) -> bytes:
    """Its own ideas: what has no empty line gets one; a backslash and an n are a line end; a last line that is a dot is left
    out; there is one more line end; a dot at the very start is not stuffed."""
    message = message if b"\r\n\r\n" in message else message + b"\r\n"
    return re.sub(rb"\r\n\.(?:\r\n)?\Z", b"", message.replace(rb"\n", b"\r\n")).removeprefix(b".") + b"\r\n"


def checks(c: SmtpClient) -> None:
    t = c.target
    some = dict(list(t.few.items())[::3])       # perl takes its time to start

    def command(port: int, number: int, *options: str, to: str = "alice@example.org") -> list[str]:
        return ["swaks", "--server", t.host, "--port", str(port), "--helo", HELLO, "--from", SENDER, "--to", to, "--data", f"@{t.file(number)}", *options]

    def all_by(store: str, port: int, *options: str, words: tuple[str, ...] = (), to: tuple[str, ...] = ("alice@example.org",), **envelope) -> str:
        for number in some:
            said(succeeded(c.run(*command(port, number, *options, to=",".join(to)))), *words)
        return came(t.store(store).take(), {number: sent(message) for number, message in some.items()}, *(name for name in to if name != NOBODY), **envelope)

    def refused() -> str:
        note = exited(c.run(*command(t.open, 1, to=NOBODY)), NO_RECIPIENT)
        assert not t.store("open").take(), "stored"
        return note

    def fails(code: int, port: int, *options: str) -> str:
        note = exited(c.run(*command(port, 1, *options)), code)
        assert not t.store("auth").take() + t.store("open").take(), "stored"
        return note

    tls = ("--tls-verify", "--tls-ca-path", str(t.ca))
    login = ("--auth-user", "alice", "--auth-password", "secret")
    c.check("DATA", lambda: all_by("open", t.open))
    c.check("one of the recipients refused", lambda: all_by("open", t.open, to=("alice@example.org", NOBODY, "bob@example.org")))
    c.check("all recipients refused", refused)
    if "pipelining" in t.offers:
        c.check("PIPELINING", lambda: all_by("open", t.open, "--pipeline", to=("alice@example.org", NOBODY, "bob@example.org")))
    c.check("STARTTLS", lambda: all_by("open", t.open, "--tls", *tls, words=("-> STARTTLS", "TLS started"), tls=True))
    c.check("implicit TLS", lambda: all_by("open", t.smtps, "--tls-on-connect", *tls, words=("TLS started",), tls=True))
    c.check("STARTTLS, unknown authority", lambda: fails(NO_TLS, t.open, "--tls", "--tls-verify"))
    for name in ("PLAIN", "LOGIN"):
        if f"auth {name.lower()}" in t.offers:
            c.check(f"AUTH {name}", lambda: all_by("auth", t.auth, "--tls", *tls, "--auth", name, *login, words=(f"~> AUTH {name}",), tls=True, user="alice"))
    c.check("wrong password", lambda: fails(NO_AUTH, t.auth, "--tls", *tls, "--auth", "PLAIN", "--auth-user", "alice", "--auth-password", "wrong"))
    c.check("AUTH in the clear is not to be had", lambda: fails(NO_AUTH, t.auth, "--auth", "PLAIN", *login))
    c.check("LMTP", lambda: all_by("lmtp", t.lmtp, "--protocol", "LMTP", words=("-> LHLO",), to=("alice@example.org", NOBODY, "bob@example.org")))
