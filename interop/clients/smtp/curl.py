"""curl: several messages on one connection. SIZE; AUTH PLAIN with and without initial response; STARTTLS and implicit TLS."""
from __future__ import annotations

from ..base import Result, exited, said, succeeded
from .base import HELLO, NOBODY, SENDER, SmtpClient, came, ended


def checks(c: SmtpClient) -> None:
    t = c.target

    def curl(port: int, numbers: list[int], *options: str, scheme: str = "smtp", to: tuple[str, ...] = ("alice@example.org",)) -> Result:
        common = ["--silent", "--show-error", "--verbose", "--max-time", "60", "--mail-from", SENDER, *(word for name in to for word in ("--mail-rcpt", name)), *options]
        url = f"{scheme}://{t.host}:{port}/{HELLO}"
        argv: list[str] = []
        for number in numbers:
            argv += ["--next", *common, "--upload-file", str(t.file(number)), url]
        return c.run("curl", *argv[1:])

    def all_by(store: str, port: int, *options: str, words: tuple[str, ...] = (), to: tuple[str, ...] = ("alice@example.org",), scheme: str = "smtp", **envelope) -> str:
        said(succeeded(curl(port, list(t.few), *options, scheme=scheme, to=to)), *words)
        return came(t.store(store).take(), ended(t.few), *(name for name in to if name != NOBODY), **envelope)

    def fails(code: int, port: int, *options: str, to: tuple[str, ...] = ("alice@example.org",)) -> str:
        note = exited(curl(port, [1], *options, to=to), code)
        assert not t.store("auth").take() + t.store("open").take(), "stored"
        return note

    trust = ("--ssl-reqd", "--cacert", str(t.ca))
    mixed = ("alice@example.org", NOBODY, "bob@example.org")
    c.check("DATA", lambda: all_by("open", t.open, words=("> MAIL FROM:<sender@example.org> SIZE=", "Re-using existing connection")))
    c.check("one of the recipients refused", lambda: all_by("open", t.open, "--mail-rcpt-allowfails", to=mixed))
    c.check("one of the recipients refused, all wanted", lambda: fails(55, t.open, to=mixed))
    c.check("STARTTLS", lambda: all_by("open", t.open, *trust, words=("> STARTTLS", "SSL connection using TLSv1.3"), tls=True))
    c.check("implicit TLS", lambda: all_by("open", t.smtps, "--cacert", str(t.ca), words=("SSL connection using TLSv1.3",), scheme="smtps", tls=True))
    c.check("STARTTLS, unknown authority", lambda: fails(60, t.open, "--ssl-reqd"))
    for name, option in (("", ()), (", initial response", ("--sasl-ir",))):
        c.check(f"AUTH PLAIN{name}", lambda: all_by("auth", t.auth, *trust, "--user", "alice:secret", "--login-options", "AUTH=PLAIN", *option, words=("> AUTH PLAIN",), tls=True, user="alice"))
    c.check("wrong password", lambda: fails(67, t.auth, *trust, "--user", "alice:wrong", "--login-options", "AUTH=PLAIN"))
    c.check("AUTH wanted, none given", lambda: fails(55, t.auth, *trust))
