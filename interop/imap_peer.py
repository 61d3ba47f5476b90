"""Python's imaplib as the other witness: what it gets of a server, and its FETCH as our client prints it."""
from __future__ import annotations

import calendar
import imaplib
import re
import socket
import ssl
from typing import Any, Iterator

imaplib._MAXLINE = 64 << 20                     # ENVELOPE of a long header, SEARCH of many
imaplib.Commands.update(dict.fromkeys(("IDLE", "METADATA"), ("AUTH", "SELECTED")))


def login(host: str, port: int, user: str, password: str, ca: str | None = None) -> imaplib.IMAP4:
    imap = imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(cafile=ca)) if ca else imaplib.IMAP4(host, port)
    imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    imap.login(user, password)
    return imap


def ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    assert status == "OK", f"imaplib: {status} {data!r}"
    return data


def tokens(data: list[Any]) -> list[Any]:
    """FETCH responses as imaplib gives them, as nested lists; strings are bytes, NIL is None, atoms are str."""
    top: list[Any] = []
    stack = [top]

    def plain(text: bytes) -> None:
        at = 0
        while at < len(text):
            octet = text[at:at + 1]
            if octet == b"(":
                stack.append([])
            elif octet == b")":
                done = stack.pop()
                stack[-1].append(done)
            elif octet == b'"':
                end, out = at + 1, bytearray()
                while text[end:end + 1] != b'"':
                    end += text[end:end + 1] == b"\\"
                    out += text[end:end + 1]
                    end += 1
                stack[-1].append(bytes(out))
                at = end
            elif octet not in b" \r\n":
                # brackets hold spaces and parentheses
                word = re.compile(rb"[^\s()\[\"]*(\[[^\]]*\][^\s()]*)?").match(text, at).group()
                stack[-1].append(None if word.upper() == b"NIL" else word.decode("latin-1"))
                at += len(word) - 1
            at += 1

    for piece in data:
        if isinstance(piece, tuple):
            plain(re.sub(rb"~?\{\d+\+?\}$", b"", piece[0]))
            stack[-1].append(piece[1])
        elif piece is not None:
            plain(piece)
    assert len(stack) == 1, "parentheses"
    return top


def fetches(data: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and attributes of each FETCH response."""
    flat = tokens(data)
    for number, attributes in zip(flat[::2], flat[1::2]):
        yield int(number), dict(zip((name.upper() for name in attributes[::2]), attributes[1::2]))


def text(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def envelope(value: list[Any]) -> dict[str, Any]:
    names = ("date", "subject", "from", "sender", "reply-to", "to", "cc", "bcc", "in-reply-to", "message-id")
    shown = {}
    for name, field in zip(names, value, strict=True):
        shown[name] = [[text(part) for part in address] for address in field] if isinstance(field, list) else text(field)
        if 2 <= names.index(name) <= 7:
            shown[name] = shown[name] or []
    return shown


def pairs(value: list[Any] | None) -> list[list[str | None]]:
    return [[text(name), text(of)] for name, of in zip(value[::2], value[1::2])] if value else []


def extension(part: dict[str, Any], rest: list[Any]) -> dict[str, Any]:
    """What stands behind: disposition, languages, location."""
    rest = rest + [None] * 3
    if isinstance(rest[0], list):
        part["disposition"] = [text(rest[0][0]), pairs(rest[0][1])]
    part["languages"] = [text(it) for it in rest[1]] if isinstance(rest[1], list) else [text(rest[1])] if rest[1] is not None else []
    part["location"] = text(rest[2])
    return part


def parts(body: list[Any], number: str, root: bool) -> Iterator[dict[str, Any]]:
    """BODYSTRUCTURE as a list of its parts, each before those in it."""
    if isinstance(body[0], list):
        inner = [it for n, it in enumerate(body) if isinstance(it, list) and all(isinstance(before, list) for before in body[:n])]
        subtype, *rest = body[len(inner):]
        part = {"part": number, "type": "MULTIPART", "subtype": text(subtype), "params": pairs(rest[0] if rest else None)}
        yield extension(part, rest[1:])
        for n, it in enumerate(inner, 1):
            yield from parts(it, f"{number}.{n}" if number else str(n), False)
        return
    main, subtype, params, ident, description, encoding, octets, *rest = body
    if root:
        number = f"{number}.1" if number else "1"
    part = {"part": number, "type": text(main), "subtype": text(subtype), "params": pairs(params), "id": text(ident), "description": text(description), "encoding": text(encoding), "octets": int(octets)}
    part["lines"] = None
    kind = (text(main).upper(), text(subtype).upper())
    nested = kind[0] == "MESSAGE" and kind[1] in ("RFC822", "GLOBAL") and rest and isinstance(rest[0], list)
    if nested:
        part["envelope"] = envelope(rest[0])
        inside, rest = rest[1], rest[2:]
    if kind[0] == "TEXT" or nested:
        part["lines"] = int(rest[0])
        rest = rest[1:]
    part["md5"] = text(rest[0]) if rest else None
    yield extension(part, rest[1:])
    if nested:
        yield from parts(inside, number, True)


def shown(number: int, attributes: dict[str, Any]) -> dict[str, Any]:
    """As imap-get prints it."""
    out: dict[str, Any] = {"number": number}
    for name, value in attributes.items():
        if name in ("UID", "RFC822.SIZE"):
            out["uid" if name == "UID" else "size"] = int(value)
        elif name == "FLAGS":
            out["flags"] = sorted(value)
        elif name == "MODSEQ":
            out["modseq"] = int(value[0])
        elif name == "INTERNALDATE":
            moment, zone = re.fullmatch(rb"(.*) ([+-]\d{4})", value).groups()
            day, month, year, *clock = re.split(rb"[- :]+", moment.strip())
            months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
            utc = calendar.timegm((int(year), months.index(month.decode().title()) + 1, int(day), *map(int, clock)))
            minutes = int(zone[1:3]) * 60 + int(zone[3:])
            out["internaldate"] = utc - 60 * (-minutes if zone.startswith(b"-") else minutes)
        elif name == "ENVELOPE":
            out["envelope"] = envelope(value)
        elif name == "BODYSTRUCTURE":
            out["parts"] = list(parts(value, "", True))
    return out
