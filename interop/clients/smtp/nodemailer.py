"""nodemailer: ten connections with many messages each (on each it waits 40 ms for a delayed ACK before the end of a message). AUTH, STARTTLS and implicit TLS, LMTP, DSN parameters."""
from __future__ import annotations

import json
from pathlib import Path

from ..base import Result, exited, succeeded
from .base import HELLO, NOBODY, SENDER, SmtpClient, came, ended

SCRIPT = Path(__file__).with_suffix(".js")


def checks(c: SmtpClient) -> None:
    t = c.target
    script = c.work / "nodemailer.js"           # where the jail sees it

    def run(port: int, files: list[Path], to: tuple[str, ...], dsn: dict[str, object] | None = None, **transport) -> Result:
        script.write_bytes(SCRIPT.read_bytes())
        how = {"from": SENDER, "to": to, "dsn": dsn, "transport": {"host": t.host, "port": port, "name": HELLO, **transport}}
        return c.run("env", "NODE_PATH=/usr/share/nodejs:/usr/lib/nodejs", "node", script, json.dumps(how), *files)

    def all_by(store: str, port: int, to: tuple[str, ...] = ("alice@example.org",), every: bool = False, dsn: dict[str, object] | None = None,
               envelope: dict[str, object] = {}, **transport) -> str:
        messages = t.all if every else t.few
        files = [(t.all_folder if every else t.folder) / f"{number:03}.eml" for number in messages]
        done = json.loads(succeeded(run(port, files, to, dsn, **transport)).stdout)
        assert done == {"sent": len(messages), "rejected": [NOBODY] if NOBODY in to else [], "errors": []}, done
        stored = t.store(store).take()
        if dsn:
            missing = [one.mail for one in stored if "RET=HDRS" not in one.mail or "ENVID=x+2By" not in one.mail]
            assert not missing, f"{missing[0]}"
            missing = [one.recipients for one in stored if "NOTIFY=SUCCESS,FAILURE" not in one.recipients[0] or "ORCPT=rfc822;bob@example.net" not in one.recipients[0]]
            assert not missing, f"{missing[0]}"
        return came(stored, ended(messages), *(name for name in to if name != NOBODY), **envelope)

    def fails(word: str, port: int, **transport) -> str:
        done = run(port, [t.file(1)], ("alice@example.org",), **transport)
        exited(done, 1)
        assert word in done.stdout.decode(), done.stdout
        assert not t.store("auth").take() + t.store("open").take(), "stored"
        return word

    mixed = ("alice@example.org", NOBODY, "bob@example.org")
    login = {"user": "alice", "pass": "secret"}
    starttls = {"ca": str(t.ca), "requireTLS": True}
    c.check("all messages, refused recipients mixed in", lambda: all_by("open", t.open, mixed, every=True, ignoreTLS=True))
    c.check("STARTTLS", lambda: all_by("open", t.open, envelope={"tls": True}, **starttls))
    c.check("implicit TLS", lambda: all_by("open", t.smtps, envelope={"tls": True}, ca=str(t.ca), secure=True))
    c.check("STARTTLS, unknown authority", lambda: fails("ESOCKET", t.open, requireTLS=True))
    for name in ("plain", "login"):
        if f"auth {name}" in t.offers:
            c.check(f"AUTH {name.upper()}", lambda: all_by("auth", t.auth, envelope={"tls": True, "user": "alice"}, **starttls, auth=login, authMethod=name.upper()))
    c.check("wrong password", lambda: fails("EAUTH", t.auth, **starttls, auth={"user": "alice", "pass": "wrong"}))
    c.check("AUTH wanted, none given", lambda: fails("EENVELOPE", t.auth, **starttls))
    c.check("LMTP", lambda: all_by("lmtp", t.lmtp, mixed, lmtp=True, ignoreTLS=True))
    if "dsn" in t.offers:
        c.check("DSN parameters", lambda: all_by("open", t.open, ignoreTLS=True, dsn={"id": "x+y", "return": "headers", "notify": ["success", "failure"], "recipient": "bob@example.net"}))
