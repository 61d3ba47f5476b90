#!/usr/bin/env python3
"""Checks a POP3 server with Python's poplib: it must serve the messages of a folder octet for octet.

    check_server.py HOST PORT DIR [--user alice] [--password secret] [--ca ca.pem] [--tls-port PORT] [--no-apop]
    check_server.py HOST PORT DIR --delete     instead: what DELE, RSET and QUIT leave (changes the mailbox)

One line for each check, "ok ..." or "FAIL ...", and the exit status says whether all passed.
"""
from __future__ import annotations

import argparse
import base64
import poplib
import socket
import ssl
import sys
from pathlib import Path
from typing import Callable

import messages

TIMEOUT = 60


class Strict:
    """poplib takes bare LF for a line end and refuses lines above 2048 octets; a message may have those."""

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline()  # type: ignore[attr-defined]
        if not line.endswith(b"\r\n"):
            raise poplib.error_proto(f"line without CRLF: {line[-40:]!r}" if line else "connection closed")
        return line[:-2], len(line)


class Pop(Strict, poplib.POP3):
    pass


class PopTls(Strict, poplib.POP3_SSL):
    pass


class Server:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.messages = messages.read(args.dir)
        self.failed = 0

    def connect(self) -> Pop:
        return Pop(self.args.host, self.args.port, timeout=TIMEOUT)

    def same(self, number: int, lines: list[bytes], expected: bytes) -> int:
        if self.args.needs_utf8 and messages.has_utf8_header(expected):
            assert lines[0].startswith(b"From: Mail Delivery Subsystem"), f"message {number}: not the notice that it needs UTF8"
            return 0
        return same(number, lines, expected)

    def login(self) -> Pop:
        pop = self.connect()
        pop.user(self.args.user)
        pop.pass_(self.args.password)
        return pop

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.args.ca)

    def check(self, name: str, test: Callable[[], str | None]) -> None:
        try:
            note = test()
        except (AssertionError, poplib.error_proto, OSError) as error:
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__} {error}", flush=True)
        else:
            print(f"ok   {name}" + (f" ({note})" if note else ""), flush=True)

    # ---- who may come in

    def apop(self) -> None:
        pop = self.connect()
        pop.apop(self.args.user, self.args.password)
        pop.quit()

    def plain(self) -> None:
        """RFC 5034: with an initial response, and with the response to an empty challenge."""
        token = base64.b64encode(f"\0{self.args.user}\0{self.args.password}".encode()).decode()
        pop = self.connect()
        pop._shortcmd(f"AUTH PLAIN {token}")
        pop.quit()
        pop = self.connect()
        pop._putcmd("AUTH PLAIN")
        challenge, _ = pop._getline()
        assert challenge.startswith(b"+ ") or challenge == b"+", challenge
        pop._shortcmd(token)
        pop.quit()

    def wrong_password(self) -> str:
        pop = self.connect()
        pop.user(self.args.user)
        answer = refused(lambda: pop.pass_("not the password"))
        refused(pop.stat)
        pop.user(self.args.user)                            # a second try in the same session
        pop.pass_(self.args.password)
        pop.quit()
        return answer

    def stls(self) -> None:
        pop = self.connect()
        assert "STLS" in pop.capa()
        pop.stls(self.context())
        assert "STLS" not in pop.capa(), "STLS offered again under TLS"
        pop.user(self.args.user)
        pop.pass_(self.args.password)
        assert pop.stat()[0] == len(self.messages)
        pop.quit()

    def tls_first(self) -> str:
        """A server that takes no password in the clear."""
        pop = self.connect()
        capa = pop.capa()
        assert "STLS" in capa and "USER" not in capa and "PLAIN" not in capa.get("SASL", []), f"offered in the clear: {capa}"
        token = base64.b64encode(f"\0{self.args.user}\0{self.args.password}".encode()).decode()
        for command in (f"USER {self.args.user}", f"AUTH PLAIN {token}"):
            answer = refused(lambda: pop._shortcmd(command))
        pop.quit()
        self.stls()
        return answer

    def stls_distrusted(self) -> None:
        pop = self.connect()
        try:
            pop.stls(ssl.create_default_context())          # this machine does not know our authority
        except ssl.SSLCertVerificationError:
            return
        raise AssertionError("a certificate nobody vouches for was taken")

    def implicit(self) -> None:
        pop = PopTls(self.args.host, self.args.tls_port, timeout=TIMEOUT, context=self.context())
        pop.user(self.args.user)
        pop.pass_(self.args.password)
        assert pop.stat()[0] == len(self.messages)
        pop.quit()

    # ---- what stands in the mailbox

    def listing(self) -> str | None:
        pop = self.login()
        sizes = sizes_of(pop)
        assert list(sizes) == list(range(1, len(self.messages) + 1)), f"LIST numbers {len(sizes)} messages"
        assert pop.stat() == (len(sizes), sum(sizes.values())), "STAT is not the sum of LIST"
        assert pop.list(2).split()[:3] == [b"+OK", b"2", str(sizes[2]).encode()]
        sent = {n: len(messages.retr(m)) for n, m in enumerate(self.messages, 1)}
        stored = {n: len(m) for n, m in enumerate(self.messages, 1)}
        differ = [n for n in sizes if sizes[n] not in (sent[n], stored[n])]
        assert not differ, "sizes: " + ", ".join(f"{n}: {sizes[n]}, not {sent[n]}" for n in differ[:5])
        short = [n for n in sizes if sizes[n] != sent[n]]
        pop.quit()
        return f"{len(sizes)} messages" + (f", {len(short)} announced without the CRLF that RETR adds" if short else "")

    def uidl(self) -> str:
        first, second = ({}, {})
        for found in (first, second):
            pop = self.login()
            found.update(uids_of(pop))
            assert pop.uidl(3).split()[:3] == [b"+OK", b"3", found[3]]
            pop.quit()
        assert first == second, "not the same in two sessions"
        assert len(set(first.values())) == len(self.messages), "not unique"
        return f"such as {first[1].decode()}"

    def retrieve(self) -> str:
        pop = self.login()
        total = 0
        for number, message in enumerate(self.messages, 1):
            total += self.same(number, pop.retr(number)[1], messages.retr(message))
        pop.quit()
        return f"{total} octets"

    def utf8(self) -> None:
        """RFC 6856: after UTF8 the messages with UTF-8 in their headers come as they are."""
        pop = self.connect()
        assert "UTF8" in pop.capa()
        pop.utf8()
        pop.user(self.args.user)
        pop.pass_(self.args.password)
        for number, message in enumerate(self.messages, 1):
            if messages.has_utf8_header(message):
                same(number, pop.retr(number)[1], messages.retr(message))
        pop.quit()

    def top(self) -> None:
        pop = self.login()
        for number, message in enumerate(self.messages, 1):
            for count in (0, 1, 7):
                self.same(number, pop.top(number, count)[1], messages.top(message, count))
        pop.quit()

    def pipelining(self) -> str:
        """All commands in one write, then the answers in order."""
        pop = self.login()
        announced = "PIPELINING" in pop.capa()
        numbers = [n for n, m in enumerate(self.messages, 1) if len(m) < messages.MIB]
        pop.sock.sendall(b"".join(b"LIST %d\r\nRETR %d\r\nRETR 0\r\n" % (n, n) for n in numbers) + b"NOOP\r\nQUIT\r\n")
        for number in numbers:
            assert pop._getresp().split()[1] == b"%d" % number
            self.same(number, pop._getlongresp()[1], messages.retr(self.messages[number - 1]))
            refused(pop._getresp)
        pop._getresp()
        pop._getresp()
        pop.close()
        return f"{3 * len(numbers)} commands" + ("" if announced else ", not announced")

    def errors(self) -> None:
        pop = self.login()
        beyond = len(self.messages) + 1
        for command in ("RETR 0", f"RETR {beyond}", f"DELE {beyond}", f"LIST {beyond}", f"UIDL {beyond}", f"TOP {beyond} 1",
                        "RETR", "RETR x", "TOP 1", "XYZZY", "RETR 99999999999999999999"):
            answer = refused(lambda: pop._shortcmd(command))
            assert answer.startswith("-ERR"), f"{command}: {answer}"
        pop.noop()                                          # and the session goes on
        pop.quit()

    def unauthenticated(self) -> None:
        for command in ("STAT", "LIST", "RETR 1", "DELE 1"):
            pop = self.connect()                            # each in its own: Dovecot hangs up after a few
            refused(lambda: pop._shortcmd(command))
            pop.quit()

    def all_small(self) -> None:
        """Command by command in small writes: a server must not take a packet for a line."""
        pop = self.connect()
        pop.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in (f"USER {self.args.user}\r\n", f"PASS {self.args.password}\r\n", "RETR 1\r\n"):
            for octet in line.encode():
                pop.sock.sendall(bytes([octet]))
            if not line.startswith("RETR"):
                pop._getresp()
        same(1, pop._getlongresp()[1], messages.retr(self.messages[0]))
        pop.quit()

    # ---- what leaves it

    def reset(self) -> None:
        pop = self.login()
        pop.dele(1)
        refused(lambda: pop.retr(1))
        refused(lambda: pop.dele(1))
        assert pop.stat()[0] == len(self.messages) - 1 and 1 not in sizes_of(pop)
        pop.rset()
        assert pop.stat()[0] == len(self.messages)
        pop.dele(2)
        pop.close()                                         # no QUIT: RFC 1939 keeps everything
        pop = self.login()
        assert pop.stat()[0] == len(self.messages)
        pop.quit()

    def delete(self) -> None:
        pop = self.login()
        before = uids_of(pop)
        gone = [1, 3, len(self.messages)]
        for number in gone:
            pop.dele(number)
        pop.quit()
        pop = self.login()
        after = uids_of(pop)
        assert list(after.values()) == [uid for number, uid in before.items() if number not in gone]
        kept = [m for number, m in enumerate(self.messages, 1) if number not in gone]
        for number, message in enumerate(kept, 1):
            self.same(number, pop.retr(number)[1], messages.retr(message))
        pop.quit()


def refused(call: Callable[[], object]) -> str:
    try:
        answer = call()
    except poplib.error_proto as error:
        return error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
    raise AssertionError(f"not refused: {answer!r}")


def same(number: int, lines: list[bytes], expected: bytes) -> int:
    got = b"".join(line + b"\r\n" for line in lines)
    if got != expected:
        at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
        raise AssertionError(f"message {number}: {len(got)} octets, not {len(expected)}; at {at} {got[at:at + 20]!r}, not {expected[at:at + 20]!r}")
    return len(got)


def sizes_of(pop: poplib.POP3) -> dict[int, int]:
    return {int(number): int(size) for number, size in (line.split()[:2] for line in pop.list()[1])}


def uids_of(pop: poplib.POP3) -> dict[int, bytes]:
    return {int(number): uid for number, uid in (line.split(b" ", 1) for line in pop.uidl()[1])}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--ca", help="check STLS too; the authority of the server's certificate")
    parser.add_argument("--tls-port", type=int, help="check POP3S too")
    parser.add_argument("--no-apop", action="store_true")
    parser.add_argument("--needs-utf8", action="store_true", help="without UTF8 it withholds messages with UTF-8 headers (Courier)")
    parser.add_argument("--tls-first", action="store_true", help="only check that it takes passwords after STLS and not before")
    parser.add_argument("--delete", action="store_true")
    args = parser.parse_args()
    server = Server(args)
    if args.tls_first:
        server.check("no password before STLS", server.tls_first)
        return server.failed != 0
    if args.delete:
        server.check("DELE, RSET, no QUIT", server.reset)
        server.check("DELE, QUIT", server.delete)
        return server.failed != 0
    if not args.no_apop:
        server.check("APOP", server.apop)
    server.check("AUTH PLAIN", server.plain)
    server.check("wrong password, then the right one", server.wrong_password)
    server.check("nothing before login", server.unauthenticated)
    if args.ca:
        server.check("STLS", server.stls)
        server.check("STLS, unknown authority", server.stls_distrusted)
    if args.tls_port:
        server.check("POP3S", server.implicit)
    server.check("LIST, STAT", server.listing)
    server.check("UIDL", server.uidl)
    server.check("RETR", server.retrieve)
    if args.needs_utf8:
        server.check("UTF8, RETR", server.utf8)
    server.check("TOP", server.top)
    server.check("pipelining", server.pipelining)
    server.check("octet by octet", server.all_small)
    server.check("errors", server.errors)
    return server.failed != 0


if __name__ == "__main__":
    sys.exit(main())
