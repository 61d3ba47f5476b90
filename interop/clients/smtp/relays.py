"""Postfix and Exim as clients: what they are handed with smtplib, they send on to our server. (The recipes tell them where.)"""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import smtp_peers
from check_smtp_servers import Smtp
from .base import NOBODY, SENDER, SmtpClient, Stored, address, came, ended

SERVERS = Path(__file__).resolve().parent.parent.parent / "servers"
RECEIVED = re.compile(rb"Received: .*\r\n(?:[ \t].*\r\n)*")


def recipe(name: str, *words: str) -> None:
    done = subprocess.run([SERVERS / f"{name}.sh", *words], capture_output=True, timeout=120)
    assert done.returncode == 0, f"{name} {' '.join(words)}: {done.stderr.decode()[-300:]}"


def hand_over(port: int, messages: dict[int, bytes], to: list[str], mail: str = "", rcpt: str = "") -> None:
    smtp = Smtp("127.0.0.1", port, timeout=60)
    smtp.hello()
    for message in messages.values():
        smtp.command_encoding = "utf-8"
        for line in (f"MAIL FROM:<{SENDER}>{mail}", *(f"RCPT TO:<{name}>{rcpt}" for name in to)):
            smtp.putcmd(line)
            answer = smtp.getreply()
            assert answer[0] == 250, (line, answer)
        answer = smtp.data(message)
        assert answer[0] == 250, answer
    smtp.quit()


def without_received(stored: list[Stored]) -> list[Stored]:
    """Without the one field that the relay added."""
    for one in stored:
        field = RECEIVED.match(one.octets)
        assert field, f"no Received field: {one.octets[:80]!r}"
        one.octets = one.octets[field.end():]
    return stored


def relayed(c: SmtpClient, server: str, port: int, domain: str, store: str, messages: dict[int, bytes], hello: str, *,
            names: tuple[str, ...] = ("alice",), words: tuple[str, str] = ("", ""), mail: str = "", rcpt: str = "", **envelope) -> str:
    recipe(server, "collect", str(c.work / "collected" / server))
    to = [f"{name}@{domain}" for name in names]
    hand_over(port, messages, to, mail, rcpt)
    recipe(server, "settle")
    stored = without_received(c.target.store(store).take())
    for one in stored:
        for parameters, line in ((words[0], one.mail), *((words[1], name) for name in one.recipients)):
            assert set(parameters.split()) <= set(line.split()), f"{line}: not all of {parameters}"
    peer = smtp_peers.PEERS[server]
    messages = {number: peer.delivered(message) for number, message in messages.items()}
    return came(stored, messages, *(name for name in to if not name.startswith("nobody@")), hello=hello, **envelope)


def bounced(c: SmtpClient, server: str, count: int, bounces: str) -> str:
    """The relay saw our refusals: their sender got reports, with our reply in each."""
    recipe(server, "collect", str(c.work / "collected" / server))
    reports = [path.read_bytes() for path in (c.work / "collected" / server / "sender").glob("*.eml")]
    assert len(reports) == count, f"{len(reports)} reports, not {count}"
    wrong = [report for report in reports if not re.search(rb"550[ -]5\.1\.1", report)]
    assert not wrong, f"no reply in {wrong[0][:1500]!r}"
    return bounces


def postfix(c: SmtpClient, port: int) -> None:
    t = c.target
    hello = "postfix.example.org"
    c.check("all messages", lambda: relayed(c, "postfix", port, "via.example.net", "open", t.all, hello))
    c.check("refused recipients mixed in", lambda: relayed(c, "postfix", port, "via.example.net", "open", t.few, hello, names=("nobody", "alice", "bob"))
            + bounced(c, "postfix", len(t.few), ", each reported to its sender"))
    c.check("STARTTLS and AUTH", lambda: relayed(c, "postfix", port, "via-tls.example.net", "auth", t.few, hello, tls=True, user="alice"))
    c.check("LMTP", lambda: relayed(c, "postfix", port, "via-lmtp.example.net", "lmtp", t.few, hello, names=("alice", "nobody", "bob"))
            + bounced(c, "postfix", len(t.few), ", each reported to its sender"))
    if "dsn" in t.offers:
        c.check("DSN parameters", lambda: relayed(c, "postfix", port, "via.example.net", "open", t.few, hello, words=("RET=HDRS ENVID=x+2By", "NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob+2B@example.net"),
                mail=" RET=HDRS ENVID=x+2By", rcpt=" NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob+2B@example.net"))
    if "smtputf8" in t.offers:
        c.check("SMTPUTF8", lambda: relayed(c, "postfix", port, "via.example.net", "open", t.few, hello, names=("jürgen",), words=("SMTPUTF8", ""), mail=" SMTPUTF8 BODY=8BITMIME"))


def exim(c: SmtpClient, port: int) -> None:
    t = c.target
    hello = "exim.example.org"
    tls = "starttls" in t.offers                # it takes TLS where it is offered, whoever signed
    how = "BDAT" if "chunking" in t.offers else "DATA"
    c.check(f"{how}, refused recipients mixed in", lambda: relayed(c, "exim", port, "via.example.net", "open", t.few, hello, tls=tls, names=("nobody", "alice", "bob"))
            + bounced(c, "exim", len(t.few), ", each reported to its sender"))
    if "dsn" in t.offers:
        c.check("DSN parameters", lambda: relayed(c, "exim", port, "via.example.net", "open", t.few, hello, tls=tls, words=("RET=HDRS ENVID=x+2By", "NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob+2B@example.net"),
                mail=" RET=HDRS ENVID=x+2By", rcpt=" NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob+2B@example.net"))
    if "smtputf8" in t.offers:
        c.check("SMTPUTF8", lambda: relayed(c, "exim", port, "via.example.net", "open", t.few, hello, tls=tls, names=("jürgen",), words=("SMTPUTF8", ""), mail=" SMTPUTF8 BODY=8BITMIME"))
