"""curl: writes what RETR gave, octet for octet. Shows LIST, UIDL, TOP; deletes; APOP, AUTH PLAIN; STLS.

(USER/PASS only where a server offers nothing else: 7.88 cannot be told to.)
"""
from __future__ import annotations

import messages
from .base import Client, exited, retrieved, said, same_set, succeeded


def checks(c: Client) -> None:
    t = c.target
    url = f"pop3://{t.host}:{t.port}/"
    user = ("--user", f"{t.user}:{t.password}")
    some = min(7, len(t.messages))

    def curl(*argv: str):
        return c.run("curl", "--silent", "--show-error", "--verbose", "--max-time", "60", *argv)

    def listing() -> str:
        lines = succeeded(curl(*user, url)).stdout.split(b"\r\n")[:-1]
        sizes = {int(number): int(size) for number, size in (line.split()[:2] for line in lines)}
        assert list(sizes) == list(range(1, t.count + 1))
        wrong = [n for n, m in t.messages.items() if sizes[n] not in (len(m), len(messages.retr(m)))]
        assert not wrong, f"sizes of {wrong[:5]}"
        return f"{len(sizes)} messages"

    def uidl() -> None:
        lines = succeeded(curl(*user, "--request", "UIDL", url)).stdout.split(b"\r\n")[:-1]
        assert [int(line.split()[0]) for line in lines] == list(range(1, t.count + 1))
        assert len({line.split()[1] for line in lines}) == t.count

    def top() -> None:
        for number in list(t.messages)[:some]:
            got = succeeded(curl(*user, "--request", f"TOP {number} 1", url)).stdout
            assert got == messages.top(t.messages[number], 1), f"message {number}: {got[-40:]!r}"

    def download(*options: str):
        numbers = f"[1-{t.count}]"              # one session: curl keeps the connection
        done = succeeded(curl(*user, *options, url + numbers, "--output", f"{c.scratch}/#1.eml"))
        got = {number: (c.scratch / f"{number}.eml").read_bytes() for number in t.messages}
        wrong = [number for number, message in retrieved(t).items() if got[number] != message]
        assert not wrong, f"differ: {wrong[:10]}"
        return done

    def one(word: str, *options: str) -> None:
        """One message, logged in this way."""
        done = succeeded(curl(*user, *options, url + "1"))
        said(done, word)
        assert done.stdout == messages.retr(t.messages[1])

    def stls() -> None:
        said(succeeded(curl(*user, "--ssl-reqd", "--cacert", str(t.ca), url)), "> STLS", "SSL connection using TLSv1.3")
        said(download("--ssl-reqd", "--cacert", str(t.ca)), "> STLS")

    c.check("LIST", listing)
    c.check("UIDL", uidl)
    c.check("TOP", top)
    c.check("RETR of all", lambda: download() and f"{t.count} messages")
    c.check("AUTH PLAIN", lambda: one("> AUTH PLAIN", "--login-options", "AUTH=PLAIN"))
    c.check("AUTH PLAIN, initial response", lambda: one("> AUTH PLAIN ", "--login-options", "AUTH=PLAIN", "--sasl-ir"))
    if t.apop:
        c.check("APOP", lambda: one("> APOP", "--login-options", "AUTH=+APOP"))
    if t.ca:
        c.check("STLS, RETR of all", stls)
        c.check("STLS, unknown authority", lambda: exited(curl(*user, "--ssl-reqd", url), 60))
    c.check("wrong password", lambda: exited(curl("--user", f"{t.user}:wrong", url), 67))
    if t.apop:
        c.check("wrong password, APOP", lambda: exited(curl("--user", f"{t.user}:wrong", "--login-options", "AUTH=+APOP", url), 67))
    c.check("no such message", lambda: exited(curl(*user, f"{url}{t.count + 1}"), 8))


def deletes(c: Client) -> None:
    t = c.target
    url = f"pop3://{t.host}:{t.port}/"
    user = ("--user", f"{t.user}:{t.password}")

    def delete() -> None:
        number = max(t.messages)
        succeeded(c.run("curl", "-sS", *user, "--head", "--request", "DELE", f"{url}{number}"))
        del t.messages[number]
        t.count -= 1
        numbers = f"[1-{t.count}]"
        succeeded(c.run("curl", "-sS", *user, url + numbers, "--output", f"{c.scratch}/#1.eml"))
        same_set([path.read_bytes() for path in c.scratch.glob("*.eml")], retrieved(t), t.count - len(t.messages))

    c.check("DELE", delete)
