"""mpop: pipelines RETR and DELE, delivers into a Maildir with LF line ends."""
from __future__ import annotations

import re
import socket

from .base import Client, Result, Target, exited, make_maildir, maildir, said, same_set, stored, succeeded


def takes_apop(t: Target) -> bool:
    """mpop does not take every APOP timestamp: not that of Dovecot, with its / and =."""
    with socket.create_connection((t.host, t.port)) as connection:
        greeting = connection.makefile("rb").readline()
    return re.search(rb"<[\w.-]+@[\w.-]+>", greeting) is not None


def run(c: Client, *argv: str, auth: str = "user", tls: str = "tls off", password: str = "", more: str = "keep on") -> Result:
    t = c.target
    if not (c.scratch / "mail").exists():
        make_maildir(c.scratch / "mail")
    rc = c.file("mpoprc", f"""
account default
host {t.host}
port {t.port}
user {t.user}
password {password or t.password}
auth {auth}
{tls}
delivery maildir {c.scratch}/mail
uidls_file {c.scratch}/uidls
received_header off
{more}
""")
    return c.run("mpop", f"--file={rc}", "--debug", *argv)


def checks(c: Client) -> None:
    t = c.target
    hidden = t.count - len(t.messages)

    def all_by(*words: str, **how: str) -> str:
        said(succeeded(run(c, **how)), *words)
        return same_set(maildir(c.scratch / "mail"), stored(t), hidden)

    def twice() -> str:
        note = all_by("UIDL")
        succeeded(run(c))
        assert len(maildir(c.scratch / "mail")) == t.count, "fetched again what it knew"
        return note

    def tls(*lines: str) -> str:
        return "\n".join(("tls on", "tls_starttls on", *lines))

    c.check("RETR of all, nothing new the second time", twice)
    c.check("pipelining on", lambda: all_by("PIPELINING", more="keep on\npipelining on"))
    c.check("pipelining off", lambda: all_by("UIDL", more="keep on\npipelining off"))
    c.check("AUTH PLAIN, RETR of all", lambda: all_by("AUTH PLAIN", auth="plain"))
    apop = t.apop and takes_apop(t)
    if apop:
        c.check("APOP, RETR of all", lambda: all_by("APOP ", auth="apop"))
    if t.ca:
        trust = tls(f"tls_trust_file {t.ca}")
        c.check("STLS, RETR of all", lambda: all_by("STLS", "TLS session parameters", tls=trust))
        c.check("STLS, unknown authority", lambda: exited(run(c, tls=tls()), 69))
    for auth in ("user", "plain", *(["apop"] if apop else [])):
        c.check(f"wrong password, {auth}", lambda: exited(run(c, auth=auth, password="wrong"), 77))
    c.check("headers only (TOP)", lambda: headers_only(c))


def headers_only(c: Client) -> None:
    """A filter that skips all: mpop asks for the header with TOP n 0 to decide."""
    said(succeeded(run(c, more="keep on\nfilter sh -c 'cat > /dev/null; exit 2'")), "TOP 1 0")
    assert not maildir(c.scratch / "mail")


def deletes(c: Client) -> None:
    t = c.target

    def delete() -> str:
        said(succeeded(run(c, more="keep off")), "DELE 1")
        note = same_set(maildir(c.scratch / "mail"), stored(t), t.count - len(t.messages))
        (c.scratch / "uidls").unlink()          # nothing is remembered, so what comes now was not deleted
        succeeded(run(c, more="keep off"))
        assert len(maildir(c.scratch / "mail")) == t.count, "still there after DELE and QUIT"
        return note

    c.check("DELE of all, pipelined", delete)
