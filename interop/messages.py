#!/usr/bin/env python3
"""The messages of the interop run: the same few hundred octet for octet on every machine.

    messages.py write DIR [--odd] [--few] [--smtp] [--imap]   NNN.eml and index.tsv (number, kind, octets)
    messages.py load-maildir DIR MAILDIR UID         as a local delivery agent would store them: LF line ends
    messages.py load-imap DIR HOST PORT USER PASSWORD    APPEND: adds nothing to a message (Cyrus)

Every message is CRLF throughout and free of NUL, so that POP3 can carry it. --odd adds a few that it cannot
carry faithfully (bare CR, bare LF, no octet at all): servers differ there, see README.md.
--few takes one of each kind except the huge one, for quick looks.
--imap adds some with all kinds of addresses, parts, and fields of parts.
--smtp adds more, up to 1,000, and takes the huge one away: 5 MiB are enough for a thing that goes through queues.
"""
from __future__ import annotations

import argparse
import base64
import imaplib
import os
import random
import shutil
import socket
from pathlib import Path
from typing import Iterator

MIB = 1024 * 1024
Messages = list[tuple[str, bytes]]


def head(number: int, kind: str, *extra: str) -> bytes:
    """A header section without the empty line that ends it."""
    lines = [
        f"From: Sender {number} <sender{number}@example.org>",
        "To: alice@example.org",
        f"Subject: {kind} {number}",
        f"Date: Tue, 03 Mar 2020 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000",
        f"Message-ID: <interop.{number}@example.org>",
        *extra,
    ]
    return b"".join(line.encode() + b"\r\n" for line in lines)


def shapes() -> Iterator[tuple[str, bytes]]:
    """Bodies (after the empty line) with the name of what is special about them."""
    for body in (b".\r\n", b".\r\n.\r\n.\r\n", b"a\r\n.\r\nb\r\n", b"a\r\n.\r\n", b".\r\na\r\n", b"\r\n.\r\n\r\n.\r\n"):
        yield "dot-only", body
    for body in (b".a\r\n", b"a\r\n.b\r\nc\r\n", b"a\r\n.b\r\n", b". \r\n", b".\t.\r\n", b"a.\r\nb.\r\n.\tc\r\n"):
        yield "dot-start", body
    for body in (b"..\r\n", b"..a\r\n", b"...\r\n", b"a\r\n..\r\nb\r\n", b"....\r\n..\r\n.\r\n", b"..\r\n..a\r\n..b\r\n"):
        yield "two-dots", body
    for body in (b".x\r\n" * 2000, b".\r\n" * 3000, b"..\r\n" * 3000):
        yield "all-dots", body
    for body in (b"end", b".", b"a\r\n.", b"a\r\n..", b".a\r\n\r\nb"):
        yield "no-final-newline", body
    yield "empty-body", b""
    yield "blank-lines", b"\r\n"
    yield "blank-lines", b"\r\n" * 500
    for body in (b"+OK 3 messages\r\n-ERR no\r\n+ \r\n", b"From here on\r\n>From there\r\nFrom: x\r\n", b"QUIT\r\nRSET\r\n"):
        yield "looks-like-protocol", body
    for body in (b" leading\r\ntrailing \r\n\t\r\n", b"tab\tand\x0bother\x0ccontrols\x01\x02\x1b[0m\x7f\r\n", b"a\r\n  \r\n b\r\n"):
        yield "spaces-and-controls", body
    yield "8-bit", bytes(range(0x80, 0x100)) + b"\r\n"
    yield "8-bit", "Grüße aus Köln, 日本語, \U0001f4ee\r\n".encode() * 40
    yield "8-bit", b"\xff\xfe\r\n.\xff\r\n\xc3\r\n\xa9\r\n"
    for length in (78, 510, 512, 998, 999, 1000, 2046, 2050, 4096, 65_536, 300_000):
        yield "long-line", b"x" * length + b"\r\nand a short one\r\n"
    yield "long-line", b"." * 5000 + b"\r\n" + b"." + b"y" * 5000 + b"\r\n"
    # CR LF dot around the sizes of usual read buffers, as counted from the start of the body
    for size in (512, 1024, 1460, 2048, 4096, 8192, 16_384, 65_536):
        for off in (-3, -2, -1, 0, 1):
            yield "dot-at-buffer-end", lines_until(size + off) + b"\r\n.\r\n..\r\n.z\r\n"


def lines_until(size: int) -> bytes:
    """`size` octets of lines, without the line end of the last."""
    text = b"abcdefghijklmnopqrstuvwxyz 0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ.\r\n"
    return (text * (size // len(text) + 1))[: max(size - 2, 1)].rstrip(b"\r\n").ljust(size, b"~")


def multipart(number: int, rng: random.Random) -> bytes:
    bound = f"=_part_{number}"
    attached = base64.encodebytes(rng.randbytes(rng.randrange(10, 30_000))).replace(b"\n", b"\r\n")
    return (
        head(number, "multipart", "MIME-Version: 1.0", f'Content-Type: multipart/mixed;\r\n\tboundary="{bound}"')
        + b"\r\nThis is a message in several parts.\r\n"
        + f"--{bound}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
        + "Füße\r\n.\r\n.punkt\r\n".encode()
        + f"--{bound}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + head(number, "inner") + b"\r\n.inner\r\n"
        + f"--{bound}\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\n".encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n" + attached
        + f"--{bound}--\r\nepilogue\r\n".encode()
    )


def huge(number: int) -> bytes:
    """10 MiB to the octet, a dot line every now and then."""
    start = head(number, "huge") + b"\r\n"
    block = b"".join(b"%s%05d %s\r\n" % (b"." if i % 7 == 0 else b"", i, b"mail " * (i % 14)) for i in range(10_000))
    body = (block * (10 * MIB // len(block) + 1))[: 10 * MIB - len(start) - 2].rstrip(b"\r\n")
    return start + body.ljust(10 * MIB - len(start) - 2, b"#") + b"\r\n"


def generate(odd: bool = False, few: bool = False) -> Messages:
    rng = random.Random(1939)
    out: Messages = []

    def add(kind: str, message: bytes) -> None:
        if not few or (kind != "huge" and all(kind != k for k, _ in out)):
            out.append((kind, message))

    def next_head(kind: str, *extra: str) -> bytes:
        return head(len(out) + 1, kind, *extra)

    for kind, body in shapes():
        add(kind, next_head(kind) + b"\r\n" + body)
    add("header-only", next_head("header-only"))                      # not even the empty line
    add("long-header", next_head("long-header", "X-Long: " + "v" * 3000) + b"\r\nlong\r\n")
    add("long-header", next_head("long-header", "X-Folded: a\r\n\tb\r\n  .c\r\n ..", "X-Many: " + ",\r\n ".join(["e"] * 400)) + b"\r\nfolded\r\n")
    add("long-header", next_head("long-header", *(f"X-{i}: {i}" for i in range(500))) + b"\r\nmany fields\r\n")
    for subject in ("Subject-2: Zażółć gęślą jaźń", "X-Umlaut: Jürgen <jürgen@exämple.org>", "Comments: 件名 \U0001f4ec"):
        add("utf8-header", next_head("utf8-header", subject) + "\r\nÄußerst\r\n".encode())
    add("encoded-word", next_head("encoded-word", "Comments: =?utf-8?B?w7w=?= =?iso-8859-1?Q?=FC?=") + b"\r\n=C3=BC=\r\n.\r\n")
    for _ in range(20):
        add("multipart", multipart(len(out) + 1, rng))
    add("huge", huge(len(out) + 1))
    for _ in range(60):                                               # random lines from an alphabet that hurts
        body = b"".join(rng.choice((b".", b"..", b"\r\n", b"\r\n.", b"a", b"b c", b"\xe9", b"=", b" ")) for _ in range(rng.randrange(400)))
        add("random", next_head("random") + b"\r\n" + body + b"\r\n")
    for number in range(100):
        add("tiny", next_head("tiny") + b"\r\n%d\r\n" % number)
    if odd:
        add("bare-lf", next_head("bare-lf") + b"\r\na\nb\n.\nc\r\n")
        add("bare-cr", next_head("bare-cr") + b"\r\na\rb\r\nc\r\r\n.\r.\r\n")
        add("zero", b"")
    return out


def smtp_shapes(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Whole messages without number: what matters where a client sends them one behind the other."""
    def fields(*extra: bytes) -> bytes:
        return b"".join(line + b"\r\n" for line in extra)

    def noise(length: int, octets: bytes) -> bytes:
        return bytes(rng.choices(octets, k=length))

    eight_bit = bytes(o for o in range(1, 256) if o not in b"\r\n")
    text = b"abcdefghij klmnopqrst uvwxyz.,;:-"
    yield "dot-first", fields(b".First: the first octet of DATA is a dot") + b"\r\n.\r\n"
    yield "dot-first", fields(b"..First: two") + b"\r\n..\r\n."
    for many in (1, 3, 20):                                            # as if it had come a long way: what a server adds stands before these
        yield "received", fields(*(b"Received: from a%d.example.net by b%d.example.net;\r\n\tTue, 03 Mar 2020 00:00:00 +0000" % (n, n) for n in range(many))) + b"\r\nfar\r\n"
    for length in (990, 997, 998):                                     # the longest line that RFC 5321 allows, before and after stuffing
        for first in (b".", b"..", b"x"):
            yield "998", b"\r\n" + first.ljust(length, b"o") + b"\r\n" + noise(length, text) + b"\r\nend"
        yield "998", fields(b"X-Long: ".ljust(length, b"h")) + b"\r\n"
    for size in (1, 2, 255, 256, 1000, 4093, 4096, 8191, 8192, 16_384, 32_768, 65_535, 65_536):    # a dot, or a line end, at the end of a piece
        for tail in (b"", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"."):
            yield "sizes", b"\r\n" + lines_until(size) + tail
    for _ in range(100):
        yield "8-bit-noise", b"\r\n" + b"".join(noise(rng.randrange(0, 998), eight_bit) + b"\r\n" for _ in range(rng.randrange(1, 30)))
    for _ in range(100):
        yield "dots-noise", b"\r\n" + b"".join(noise(rng.randrange(0, 8), b"..a ") + b"\r\n" for _ in range(rng.randrange(1, 200))) + noise(2, b".a")
    for n in range(50):
        lines = "".join(chr(rng.choice((0x41, 0xe9, 0x416, 0x65e5, 0x1f4ee))) * rng.randrange(60) + "\r\n" for _ in range(rng.randrange(30)))
        yield "utf8", f"Comments: Füße {n}, 日本語\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{lines}".encode()
    for mib in (1, 2, 3, 5):
        yield "big", b"\r\n" + b"".join(noise(rng.randrange(70), text) + b"\r\n" for _ in range(500)) * (mib * MIB // 18_500) + b".\r\n"


def smtp(few: bool = False) -> Messages:
    """The messages of `generate` and so many more that there are 1,000; of each kind one or two if only few are wanted."""
    out = [(kind, message) if kind != "huge" else ("mail", head(number, "mail") + b"\r\n") for number, (kind, message) in enumerate(generate(few=few), 1)]
    rng = random.Random(821)
    seen: dict[str, int] = {}
    for kind, rest in smtp_shapes(rng):
        seen[kind] = seen.get(kind, 0) + 1
        if not few or seen[kind] <= 2:
            first, _, others = head(len(out) + 1, kind).partition(b"\r\n")
            dotted = rest.startswith(b".")                             # such a field goes first
            field, _, body = rest.partition(b"\r\n")
            out.append((kind, field + b"\r\n" + first + b"\r\n" + others + body if dotted else first + b"\r\n" + others + rest))
    while not few and len(out) < 1000:                                 # ordinary mails, as most are
        number = len(out) + 1
        body = b"".join(b" ".join([b"word"] * rng.randrange(14)) + b"\r\n" for _ in range(rng.randrange(60)))
        out.append(("mail", head(number, "mail") + b"\r\n" + body) if number % 5 else ("multipart", multipart(number, rng)))
    return out


def structures() -> Iterator[tuple[str, bytes]]:
    """Header fields and bodies that make ENVELOPE and BODYSTRUCTURE say something: of the whole message."""
    plain = "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    for sender in ('"Doe, \\"Jo\\" \\\\ Q." <jo@example.org>', "jo@example.org (a comment)", "<@a.example,@b.example:jo@example.org>", "Team: a@example.org, B <b@example.org>;, c@example.org",
                   "undisclosed-recipients:;", "=?utf-8?Q?J=C3=BCrgen?= <j@example.org>", "jo", '"" <e@example.org>', "Jürgen <jürgen@exämple.org>", ", ".join(f"N{i} <n{i}@example.org>" for i in range(200))):
        yield "addresses", f"From: {sender}\r\nTo: {sender}\r\nSubject: of many\r\nReply-To: r@example.org\r\nCc: {sender}\r\n{plain}x\r\n".encode()
    for fields in ("", "Subject:\r\n", "Subject: a \\ \"b\"\r\n", "Subject: a\r\n\tb\r\n  c\r\nDate: yesterday\r\nMessage-ID: none\r\nIn-Reply-To: <a@b> <c@d>\r\n", "Subject: {3}\r\n", "Subject: NIL\r\nFrom: NIL\r\n",
                   "From: a@example.org\r\nFrom: b@example.org\r\nSubject: 1\r\nSubject: 2\r\n"):
        yield "envelope", (fields + plain + "x\r\n").encode()
    inner = "From: in@example.org\r\nSubject: inner\r\nDate: Tue, 03 Mar 2020 00:00:00 +0000\r\nMessage-ID: <in@example.org>\r\n"
    yield "nested", f"Subject: rfc822\r\nContent-Type: message/rfc822\r\n\r\n{inner}{plain}x\r\n".encode()
    two = 'Content-Type: multipart/mixed; boundary="in"\r\n\r\n--in\r\n' + plain + "1\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>\r\n--in--\r\n"
    yield "nested", f"Subject: rfc822 with parts\r\nContent-Type: message/rfc822\r\n\r\n{inner}{two}".encode()
    yield "nested", f'Subject: mixed\r\nContent-Type: multipart/mixed; boundary="out"\r\n\r\npreamble\r\n--out\r\nContent-Type: message/rfc822\r\n\r\n{inner}{two}\r\n--out\r\n{plain}2\r\n--out--\r\nepilogue\r\n'.encode()
    yield "nested", ("Subject: digest\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n" + inner + "\r\nx\r\n--d\r\n\r\n" + inner + "\r\ny\r\n--d--\r\n").encode()
    deep = plain + "deepest\r\n"
    for level in range(20):
        deep = f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n{deep}\r\n--b{level}--\r\n"
    yield "nested", ("Subject: deep\r\n" + deep).encode()
    rich = ('Content-Type: image/png; name="a \\"b\\" \\\\.png"; x=y\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <i@example.org>\r\nContent-Description: =?utf-8?Q?a_=C3=BC?=\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n'
            "Content-Disposition: attachment; filename*=utf-8''%C3%BC.png; size=3\r\nContent-Language: de, en\r\nContent-Location: http://example.org/a.png\r\n\r\nYWJj\r\n")
    yield "part-fields", ("Subject: one part\r\nMIME-Version: 1.0\r\n" + rich).encode()
    yield "part-fields", ("Subject: related\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r; type=\"text/html\"; start=\"<i@example.org>\"\r\nContent-Language: fr\r\nContent-Disposition: inline\r\n\r\n--r\r\n" + rich + "--r\r\n" + plain + "\r\n--r--\r\n").encode()
    for kind in ("text", "text/plain; charset", "nonsense", "text/plain; charset=\"utf-8", "multipart/mixed", "multipart/mixed; boundary=never", "TEXT/PLAIN; CHARSET=UTF-8; format=flowed", "text/x-ünicode; a=ü"):
        yield "content-type", f"Subject: of a kind\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\nx\r\n".encode()


def imap() -> Messages:
    return generate() + list(structures())


def write(messages: Messages, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, (_, message) in enumerate(messages, 1):
        (folder / f"{number:03}.eml").write_bytes(message)
    (folder / "index.tsv").write_text("".join(f"{n:03}\t{kind}\t{len(m)}\n" for n, (kind, m) in enumerate(messages, 1)))


def read(folder: Path) -> list[bytes]:
    """The messages that `write` wrote, in order."""
    return [path.read_bytes() for path in sorted(folder.glob("*.eml"), key=lambda path: int(path.stem))]


def retr(message: bytes) -> bytes:
    """What RETR must give: POP3 ends the last line in any case, and Maildirs keep LF, so CRLF comes back."""
    message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def has_utf8_header(message: bytes) -> bool:
    return not message.partition(b"\r\n\r\n")[0].isascii()


def top(message: bytes, lines: int) -> bytes:
    """What TOP must give: the header, the empty line, and so many lines of the body."""
    header, empty, body = retr(message).partition(b"\r\n\r\n")
    return header + empty + b"".join(line + b"\r\n" for line in body.split(b"\r\n")[:-1][:lines])


def load_maildir(messages: list[bytes], maildir: Path, uid: int) -> None:
    """All in new/, named so that every server numbers them in our order."""
    shutil.rmtree(maildir, ignore_errors=True)
    for sub in ("tmp", "cur", "new"):
        (maildir / sub).mkdir(parents=True)
    for number, message in enumerate(messages, 1):
        path = maildir / "new" / f"{1_600_000_000 + number}.M{number}P1.interop"
        path.write_bytes(message.replace(b"\r\n", b"\n"))
        os.utime(path, (1_600_000_000 + number,) * 2)
        os.chown(path, uid, uid)
    for path in (maildir.parent, maildir, *(maildir / sub for sub in ("tmp", "cur", "new"))):
        os.chown(path, uid, uid)


def load_imap(messages: list[bytes], host: str, port: int, user: str, password: str) -> None:
    with imaplib.IMAP4(host, port) as imap:
        imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)    # or each APPEND waits for a delayed ACK
        imap.login(user, password)
        imap.select()
        imap.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
        imap.expunge()
        for number, message in enumerate(messages, 1):
            status, answer = imap.append("INBOX", "", "", message)
            if status != "OK":
                raise SystemExit(f"APPEND of {number:03}.eml: {answer!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("write")
    verb.add_argument("dir", type=Path)
    verb.add_argument("--odd", action="store_true")
    verb.add_argument("--few", action="store_true")
    verb.add_argument("--smtp", action="store_true")
    verb.add_argument("--imap", action="store_true")
    verb = verbs.add_parser("load-maildir")
    verb.add_argument("dir", type=Path)
    verb.add_argument("maildir", type=Path)
    verb.add_argument("uid", type=int)
    verb = verbs.add_parser("load-imap")
    verb.add_argument("dir", type=Path)
    verb.add_argument("host")
    verb.add_argument("port", type=int)
    verb.add_argument("user")
    verb.add_argument("password")
    args = parser.parse_args()
    if args.verb == "write":
        write(smtp(args.few) if args.smtp else imap() if args.imap else generate(args.odd, args.few), args.dir)
    elif args.verb == "load-maildir":
        load_maildir(read(args.dir), args.maildir, args.uid)
    else:
        load_imap(read(args.dir), args.host, args.port, args.user, args.password)


if __name__ == "__main__":
    main()
