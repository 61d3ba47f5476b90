"""fetchmail: hands each message to a command, here one that writes it to a file.

Told `invisible` it adds no Received field, and the command gets LF line ends. Two changes remain, see `delivered`.
"""
from __future__ import annotations

from pathlib import Path

from .base import Client, Result, Target, exited, said, same_set, stored, succeeded


LONGEST_LINE = 8190                             # fetchmail 6.4.37 puts rubbish (NUL, line end) into longer ones


def delivered(t: Target) -> dict[int, bytes]:
    """What it makes of the messages: one that is all header gets the empty line that ends a header."""
    sound = {n: m for n, m in stored(t).items() if max(map(len, m.split(b"\n"))) <= LONGEST_LINE}
    return {n: m if b"\n\n" in m else m + b"\n" for n, m in sound.items()}


def run(c: Client, *, options: str = "fetchall keep", protocol: str = "POP3", password: str = "", tls: str = "sslproto ''") -> Result:
    t = c.target
    (c.scratch / "mail").mkdir(exist_ok=True)
    rc = c.file("fetchmailrc", f"""
set no syslog
set no bouncemail
set invisible
poll {t.host} protocol {protocol} port {t.port} {"uidl" if protocol == "POP3" else ""}
  user "{t.user}" password "{password or t.password}"
  {options} no rewrite pass8bits no mimedecode no dropstatus {tls}
  mda "sh -c 'cat > {c.scratch}/mail/$$'"
""")
    return c.run("fetchmail", "--fetchmailrc", rc, "--pidfile", c.scratch / "pid", "--idfile", c.scratch / "ids", "--nodetach", "-v", "-v")


def fetched(c: Client) -> list[bytes]:
    return [path.read_bytes() for path in sorted((c.scratch / "mail").iterdir(), key=lambda path: int(path.name))]


def checks(c: Client) -> None:
    t = c.target
    expected = delivered(t)

    def all_by(word: str, **how: str) -> str:
        said(succeeded(run(c, **how)), word)
        return same_set(fetched(c), expected, t.count - len(expected))

    def twice() -> str:
        """`keep` without `fetchall`: remembers by UIDL, and reads with TOP n 99999999 to leave no mark."""
        note = all_by("TOP 1 99999999", options="keep")
        said(run(c, options="keep"), "UIDL")
        assert len(fetched(c)) == t.count, "fetched again what it knew"
        return note

    c.check("RETR of all, USER/PASS", lambda: all_by("> PASS"))
    c.check("UIDL, TOP of all, nothing new the second time", twice)
    if t.apop:
        c.check("APOP, RETR of all", lambda: all_by("> APOP", protocol="APOP"))
        c.check("APOP, wrong password", lambda: exited(run(c, protocol="APOP", password="wrong"), 3))
    if t.ca:
        c.check("STLS, RETR of all", lambda: all_by("> STLS", tls=f"sslproto TLS1.2+ sslcertck sslcommonname localhost sslcertfile {t.ca}"))
        c.check("STLS, unknown authority", lambda: exited(run(c, tls="sslproto TLS1.2+ sslcertck sslcommonname localhost"), 2))
    c.check("wrong password", lambda: exited(run(c, password="wrong"), 3))


def deletes(c: Client) -> None:
    t = c.target

    def delete() -> None:
        said(succeeded_or_more(run(c, options="fetchall no keep fetchlimit 3")), "> DELE 3")
        first = list(t.messages)[:3]
        same_set(fetched(c), {number: delivered(t)[number] for number in first})
        for number in first:
            del t.messages[number]
        t.messages = dict(enumerate(t.messages.values(), 1))
        t.count -= 3

    c.check("DELE", delete)


def succeeded_or_more(done: Result) -> Result:
    """13: there was more, but the limit was reached."""
    exited(done, 0, 13)
    return done
