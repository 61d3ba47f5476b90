#!/usr/bin/env python3
"""Checks our server smtp-sink with Python's smtplib and with octets of our own, and compares what it stored, octet for octet.

    check_smtp_sink.py STORES ALL FEW --ca ca.pem --ports OPEN SMTPS AUTH LMTP --max-size N [--only TEXT]

Three of them run, as clients/smtp/base.py says of the ports; nobody@ is refused, no message above N octets is taken,
OPEN is told --xclient. ALL and FEW are folders of messages.
One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import base64
import random
import re
import smtplib
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import messages
from check_smtp_servers import Smtp
from clients.smtp.base import HELLO, NOBODY, SENDER, Store, came, ended
from smtp_peers import Checks

ALICE, BOB = "alice@example.org", "bob@example.org"
TO = (ALICE, NOBODY, BOB)
PLAIN = base64.b64encode(b"\0alice\0secret").decode()
REJECTED = (500, 501, 502, 503, 504, 530, 538, 550, 553, 554)


class Raw:
    """A connection on which we say what we like."""
    def __init__(self, port: int, hello: str = "EHLO") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        assert self.reply() == 220
        if hello:
            assert self.say(f"{hello} {HELLO}") == 250, self.text

    def send(self, *lines: str) -> None:
        self.sock.sendall(b"".join(line.encode() + b"\r\n" for line in lines))

    def reply(self) -> int:
        """The code of the next reply; 0 if the connection has ended."""
        self.text = b""
        while True:
            line = self.file.readline()
            self.text += line
            if not line:
                return 0
            assert re.match(rb"[2-5]\d\d[ -].*\r\n\Z|[2-5]\d\d\r\n\Z", line), f"not a reply line: {line!r}"
            if line[3:4] != b"-":
                return int(line[:3])

    def say(self, *lines: str) -> int:
        """The code of the reply to the last of these."""
        self.send(*lines)
        return [self.reply() for _ in lines][-1]

    def tls(self, ca: str) -> None:
        self.file.close()
        self.sock = ssl.create_default_context(cafile=ca).wrap_socket(self.sock, server_hostname="127.0.0.1")
        self.file = self.sock.makefile("rb")


def stuffed(message: bytes) -> bytes:
    message = message if message.endswith(b"\r\n") or not message else message + b"\r\n"
    return re.sub(rb"^\.", b"..", message, flags=re.MULTILINE) + b".\r\n"       # no bare LF in them, so ^ is behind CRLF


def envelope(*to: str, mail: str = "") -> list[str]:
    return [f"MAIL FROM:<{SENDER}>{mail}", *(f"RCPT TO:<{name}>" for name in to)]


class Sink(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.open, self.smtps, self.auth, self.lmtp = args.ports
        self.ca, self.max_size = args.ca, args.max_size
        self.few, self.all = (dict(enumerate(messages.read(folder), 1)) for folder in (args.few, args.all))
        self.stores = {name: Store(args.stores / name) for name in ("open", "auth", "lmtp")}

    def came(self, store: str, want: dict[int, bytes], *to: str, **how) -> str:
        return came(self.stores[store].take(), want, *to, **how)

    def nothing(self, store: str) -> None:
        left = self.stores[store].take()
        assert not left, f"stored {len(left)}"

    def smtplib(self, port: int, tls: str = "", login: bool = False) -> Smtp:
        context = ssl.create_default_context(cafile=self.ca)
        smtp = Smtp(timeout=60)
        smtp._host = "127.0.0.1"                # smtplib wants it for the name in the certificate
        smtp.sock = socket.create_connection(("127.0.0.1", port))
        if tls == "tls":
            smtp.sock = context.wrap_socket(smtp.sock, server_hostname="127.0.0.1")
        assert smtp.getreply()[0] == 220
        smtp.hello()
        if tls == "starttls":
            smtp.starttls(context=context)
            smtp.hello()
        if login:
            smtp.login("alice", "secret")
        return smtp

    def offers(self, smtp: smtplib.SMTP, *want: str, never: tuple[str, ...] = ()) -> None:
        has = set(smtp.esmtp_features)
        assert not set(want) - has, f"not offered: {sorted(set(want) - has)}"
        assert not set(never) & has, f"offered: {sorted(set(never) & has)}"

    # ---- what is checked

    def offered(self) -> str:
        plain, under_tls, auth, auth_tls = (self.smtplib(self.open), self.smtplib(self.open, "starttls"), self.smtplib(self.auth), self.smtplib(self.auth, "starttls"))
        usual = ("pipelining", "8bitmime", "size", "chunking", "smtputf8", "dsn", "enhancedstatuscodes")
        self.offers(plain, *usual, "starttls", "xclient", never=("auth",))
        assert plain.esmtp_features["size"] == str(self.max_size), plain.esmtp_features["size"]
        self.offers(under_tls, *usual, never=("starttls", "auth"))
        # in the clear only mechanisms that do not show the password
        self.offers(auth, *usual, "starttls", "auth", never=("xclient",))
        open_ones = set(auth.esmtp_features["auth"].split())
        assert not open_ones & {"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"} and "SCRAM-SHA-256" in open_ones, f"{open_ones}"
        self.offers(auth_tls, *usual, "auth", never=("starttls",))
        assert "PLAIN" in auth_tls.esmtp_features["auth"].split()
        return " ".join(sorted(plain.esmtp_features))

    def by_smtplib(self, port: int, store: str, some: dict[int, bytes], **how) -> str:
        login = how.get("login", False)
        smtp = self.smtplib(port, **how)
        for message in some.values():
            refused = smtp.sendmail(SENDER, TO, message)
            assert {name: code for name, (code, _) in refused.items()} == {NOBODY: 550}, refused
        smtp.quit()
        return self.came(store, ended(some), ALICE, BOB, tls=bool(how.get("tls")), user="alice" if login else None)

    def pipelined(self) -> str:
        """Each group behind the text of the message before it, in one piece: RFC 2920 allows that."""
        raw = Raw(self.open)
        behind = b""
        for message in self.all.values():
            raw.sock.sendall(behind + "".join(line + "\r\n" for line in [*envelope(*TO), "DATA"]).encode())
            codes = [raw.reply() for _ in range(6 if behind else 5)]
            assert codes == [250] * bool(behind) + [250, 250, 550, 250, 354], codes
            behind = stuffed(message)
        raw.sock.sendall(behind + b"QUIT\r\n")
        assert (raw.reply(), raw.reply(), raw.reply()) == (250, 221, 0)
        return self.came("open", ended(self.all), ALICE, BOB)

    def chunks(self, store: str, port: int, hello: str = "EHLO") -> str:
        """BDAT in chunks of all sizes, and all of it at once, without waiting: nothing waits for a reply."""
        rng = random.Random(3030)
        raw = Raw(port, hello)
        many = list(self.all.values()) if store == "open" else list(self.few.values())
        codes: list[int] = []
        failed: list[BaseException] = []

        def send() -> None:
            try:
                for message in many:
                    raw.send(*envelope(*TO, mail=" BODY=8BITMIME"))
                    while len(message) > 5 and rng.random() < 0.7:
                        size = rng.randrange(len(message))
                        raw.sock.sendall(b"BDAT %d\r\n" % size + message[:size])
                        codes.append(250)
                        message = message[size:]
                    if rng.random() < 0.3:
                        raw.sock.sendall(b"BDAT %d\r\n" % len(message) + message + b"BDAT 0 LAST\r\n")
                        codes.append(250)
                    else:
                        raw.sock.sendall(b"BDAT %d LAST\r\n" % len(message) + message)
                    codes.append(-1)
                raw.send("QUIT")
            except OSError as error:
                failed.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        got: list[int] = []
        while code := raw.reply():
            got.append(code)
        sender.join()
        assert not failed, failed
        want: list[int] = []
        for part in "".join("L" if code == -1 else "c" for code in codes).split("L")[:-1]:
            want += [250, 250, 550, 250, *[250] * len(part), *[250] * (2 if store == "lmtp" else 1)]
        assert got == [*want, 221], f"{len(got)} replies, not {len(want) + 1}; {next((n, g, w) for n, (g, w) in enumerate(zip([*got, 0], [*want, 221, 0])) if g != w)}"
        return self.came(store, dict(enumerate(many, 1)), ALICE, BOB)

    def binary(self) -> str:
        """RFC 3030: where BINARYMIME is offered, a chunk may hold anything; where it is not, it is refused."""
        raw = Raw(self.open)
        offered = "binarymime" in self.smtplib(self.open).esmtp_features
        code = raw.say(*envelope(mail=" BODY=BINARYMIME"))
        if not offered:
            assert code in (501, 504, 555), raw.text
            return "not offered, and refused"
        message = messages.head(1, "binary") + b"\r\n" + bytes(range(256)) * 3 + b"\n.\n\r\n.\r\n\r"
        raw.sock.sendall(f"RCPT TO:<{ALICE}>\r\nBDAT {len(message)} LAST\r\n".encode() + message)
        assert (code, raw.reply(), raw.reply()) == (250, 250, 250), raw.text
        return self.came("open", {1: message}, ALICE)

    def octet_by_octet(self) -> str:
        raw = Raw(self.open)
        message = next(m for m in self.few.values() if b"\r\n.." in m)
        for part in ("\r\n".join([*envelope(ALICE), "DATA", ""]).encode(), stuffed(message)):
            for n in range(len(part)):
                raw.sock.sendall(part[n:n + 1])
                if n < 300:
                    time.sleep(0.0002)
        assert [raw.reply() for _ in range(4)] == [250, 250, 354, 250]
        return self.came("open", ended({1: message}), ALICE)

    def injected(self) -> str:
        """What stands in the clear behind STARTTLS is not carried out under TLS."""
        raw = Raw(self.open)
        raw.send("STARTTLS", *envelope(ALICE))
        if raw.reply() != 220:
            return f"refused: {raw.text.decode().strip()}"
        try:
            raw.tls(self.ca)
            code = raw.say(f"EHLO {HELLO}", *envelope(ALICE)[1:])
        except (ssl.SSLError, ConnectionError) as error:
            return f"no handshake: {type(error).__name__}"
        assert code in (0, 503), f"RCPT under TLS is answered {raw.text!r}: it knows MAIL"
        return f"answered {code}"

    def authenticates(self) -> None:
        for how in ("initial", "challenge"):
            raw = Raw(self.auth)
            assert raw.say("STARTTLS") == 220
            raw.tls(self.ca)
            raw.say(f"EHLO {HELLO}")
            if how == "initial":
                assert raw.say(f"AUTH PLAIN {PLAIN}") == 235, raw.text
            else:
                assert raw.say("AUTH PLAIN") == 334, raw.text
                assert raw.say(PLAIN) == 235, raw.text
            code = raw.say(f"AUTH PLAIN {PLAIN}")
            assert code == 503, f"a second AUTH is answered {code}"

    def auth_refused(self) -> None:
        raw = Raw(self.auth)
        assert raw.say(f"AUTH PLAIN {PLAIN}") in REJECTED, f"AUTH in the clear: {raw.text!r}"
        assert raw.say(*envelope()) in REJECTED, f"MAIL without TLS and AUTH: {raw.text!r}"
        assert raw.say("STARTTLS") == 220
        raw.tls(self.ca)
        raw.say(f"EHLO {HELLO}")
        assert raw.say(*envelope()) == 530, f"MAIL without AUTH: {raw.text!r}"
        assert raw.say("AUTH PLAIN " + base64.b64encode(b"\0alice\0wrong").decode()) == 535, raw.text
        assert raw.say("AUTH PLAIN") == 334 and raw.say("*") == 501, f"cancelled: {raw.text!r}"
        assert raw.say("AUTH PLAIN ###") == 501, f"not base64: {raw.text!r}"
        assert raw.say("AUTH NOSUCH") == 504, raw.text
        assert raw.say(f"AUTH PLAIN {PLAIN}") == 235, f"and then the right one: {raw.text!r}"
        self.nothing("auth")

    def too_big(self) -> str:
        raw = Raw(self.open)
        assert raw.say(f"MAIL FROM:<{SENDER}> SIZE={self.max_size + 1}") == 552, raw.text
        assert raw.say(*envelope(ALICE), "DATA") == 354
        line = b"x" * 78 + b"\r\n"
        raw.sock.sendall(line * (self.max_size // len(line) + 2) + b".\r\n")
        assert raw.reply() == 552, raw.text
        self.nothing("open")
        assert raw.say(*envelope(ALICE), "DATA") == 354, "after it"
        raw.sock.sendall(stuffed(self.few[1]))
        assert raw.reply() == 250, raw.text
        return self.came("open", ended({1: self.few[1]}), ALICE)

    def out_of_order(self) -> None:
        raw = Raw(self.open, "")
        assert raw.say(*envelope()) == 503, f"MAIL before EHLO: {raw.text!r}"
        assert raw.say(f"EHLO {HELLO}") == 250
        assert raw.say(envelope(ALICE)[1]) == 503, f"RCPT before MAIL: {raw.text!r}"
        assert raw.say("DATA") == 503, f"DATA before MAIL: {raw.text!r}"
        assert raw.say(*envelope(), *envelope()) == 503, f"MAIL twice: {raw.text!r}"
        assert raw.say("DATA") in (503, 554), f"DATA without recipients: {raw.text!r}"
        assert raw.say("RSET", envelope(ALICE)[1]) == 503, f"RCPT after RSET: {raw.text!r}"
        assert raw.say(*envelope(NOBODY), "DATA") in (503, 554), f"DATA, all recipients refused: {raw.text!r}"
        assert raw.say("RSET", "NOSUCH") == 500, raw.text
        assert raw.say("NOOP " + "x" * 3000) == 500, f"a line of 3005 octets: {raw.text[:60]!r}"
        assert raw.say("MAIL FROM:" + "x" * 10 + "@") == 501, raw.text
        assert raw.say("MAIL FROM:<a@example.org> NOSUCH=1") in (504, 555), raw.text
        assert raw.say(f"LHLO {HELLO}") in REJECTED, f"LHLO of an SMTP server: {raw.text!r}"
        assert raw.say("QUIT") == 221 and raw.reply() == 0
        self.nothing("open")

    def smtputf8(self) -> None:
        raw = Raw(self.open)
        assert raw.say(f"MAIL FROM:<{SENDER}>", "RCPT TO:<jürgen@example.org>") in (501, 550, 553), f"not declared: {raw.text!r}"
        assert raw.say("RSET", "MAIL FROM:<jürgen@example.org> SMTPUTF8", "RCPT TO:<用户@example.org>", "DATA") == 354, raw.text
        raw.sock.sendall(stuffed(self.few[1]))
        assert raw.reply() == 250, raw.text
        self.came("open", ended({1: self.few[1]}), "用户@example.org", sender="jürgen@example.org")

    def dsn(self) -> None:
        raw = Raw(self.open)
        mail, rcpt = f"<{SENDER}> RET=FULL ENVID=q+2Bq SIZE=2000", f"<{ALICE}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob+2Bx@example.net"
        assert raw.say(f"MAIL FROM:{mail}", f"RCPT TO:{rcpt}", "DATA") == 354, raw.text
        raw.sock.sendall(stuffed(self.few[1]))
        assert raw.reply() == 250, raw.text
        one, = self.stores["open"].take()
        assert (one.mail, one.recipients) == (mail, [rcpt]), f"not as on the wire: {one.mail!r} {one.recipients}"

    def null_sender(self) -> None:
        raw = Raw(self.open)
        assert raw.say("MAIL FROM:<>", f"RCPT TO:<{ALICE}>", "RCPT TO:<postmaster>", "DATA") == 354, raw.text
        raw.sock.sendall(stuffed(self.few[1]))
        assert raw.reply() == 250, raw.text
        self.came("open", ended({1: self.few[1]}), ALICE, "postmaster", sender="")

    def xclient(self) -> None:
        raw = Raw(self.open)
        assert raw.say("XCLIENT NAME=far.example.net ADDR=192.0.2.7") == 220, raw.text
        assert raw.say(f"EHLO {HELLO}", *envelope(ALICE)) == 250, raw.text
        raw = Raw(self.auth)
        assert raw.say("XCLIENT NAME=far.example.net ADDR=192.0.2.7") in REJECTED, f"where it is not offered: {raw.text!r}"

    def by_lmtp(self) -> str:
        """A reply for each accepted recipient; groups behind texts, as in SMTP."""
        raw = Raw(self.lmtp, "")
        assert raw.say(f"EHLO {HELLO}") in REJECTED, f"EHLO of an LMTP server: {raw.text!r}"
        assert raw.say(f"LHLO {HELLO}") == 250
        for message in self.few.values():
            raw.send(*envelope(*TO), "DATA")
            codes = [raw.reply() for _ in range(5)]
            assert codes == [250, 250, 550, 250, 354], codes
            raw.sock.sendall(stuffed(message) + b"NOOP\r\n")
            codes = [raw.reply() for _ in range(3)]
            assert codes == [250, 250, 250], codes
        assert raw.say("QUIT") == 221
        return self.came("lmtp", ended(self.few), ALICE, BOB)

    def checks(self) -> None:
        check = self.check
        check("what EHLO offers", self.offered)
        check("all messages by smtplib, refused recipients mixed in", lambda: self.by_smtplib(self.open, "open", self.all))
        check("all messages, pipelined behind each other", self.pipelined)
        check("all messages by BDAT, nothing waited for", lambda: self.chunks("open", self.open))
        check("BINARYMIME", self.binary)
        check("octet by octet", self.octet_by_octet)
        check("STARTTLS", lambda: self.by_smtplib(self.open, "open", self.few, tls="starttls"))
        check("STARTTLS, commands behind it in the clear", self.injected)
        check("implicit TLS", lambda: self.by_smtplib(self.smtps, "open", self.few, tls="tls"))
        check("STARTTLS and AUTH", lambda: self.by_smtplib(self.auth, "auth", self.few, tls="starttls", login=True))
        check("AUTH PLAIN, initial response and challenge", self.authenticates)
        check("AUTH that must be refused", self.auth_refused)
        check("SIZE, and a message above it", self.too_big)
        check("commands out of order", self.out_of_order)
        check("SMTPUTF8", self.smtputf8)
        check("DSN parameters as on the wire", self.dsn)
        check("null sender, postmaster", self.null_sender)
        check("XCLIENT", self.xclient)
        check("LMTP, refused recipients mixed in", self.by_lmtp)
        check("LMTP by BDAT", lambda: self.chunks("lmtp", self.lmtp, "LHLO"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", type=Path)
    parser.add_argument("all", type=Path)
    parser.add_argument("few", type=Path)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--ports", type=int, nargs=4, required=True)
    parser.add_argument("--max-size", type=int, required=True)
    parser.add_argument("--only", default="", help="only the checks with this text in their name")
    args = parser.parse_args()
    sink = Sink(args)
    for store in sink.stores.values():
        store.take()                            # what came before
    sink.checks()
    return sink.failed != 0


if __name__ == "__main__":
    sys.exit(main())
