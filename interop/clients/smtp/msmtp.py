"""msmtp: one process a message, which it reads from standard input. It takes CRLF and LF; a refused recipient ends it."""
from __future__ import annotations

from ..base import Result, exited, said, succeeded
from .base import HELLO, NOBODY, SENDER, SmtpClient, came, ended


def checks(c: SmtpClient) -> None:
    t = c.target

    def run(port: int, numbers: list[int], *lines: str, to: tuple[str, ...] = ("alice@example.org",)) -> Result:
        rc = c.file("msmtprc", "\n".join((
            "account default", f"host {t.host}", f"port {port}", f"domain {HELLO}", f"from {SENDER}", "set_date_header off", "set_msgid_header off",
            "undisclosed_recipients off", "set_from_header off", "remove_bcc_headers off", *lines)) + "\n")
        script = f"for f; do msmtp --file={rc} --debug {' '.join(to)} < $f || exit; done"
        return c.run("sh", "-c", script, "sh", *(str(t.file(number)) for number in numbers))

    def all_by(store: str, port: int, *lines: str, words: tuple[str, ...] = (), to: tuple[str, ...] = ("alice@example.org",), **envelope) -> str:
        said(succeeded(run(port, list(t.few), *lines, to=to)), *words)
        return came(t.store(store).take(), ended(t.few), *to, **envelope)

    def fails(code: int, port: int, *lines: str, to: tuple[str, ...] = ("alice@example.org",)) -> str:
        note = exited(run(port, [1], *lines, to=to), code)
        assert not t.store("auth").take() + t.store("open").take(), "stored"
        return note

    trust = ("tls on", f"tls_trust_file {t.ca}")
    login = ("user alice", "password secret")
    both = ("alice@example.org", "bob@example.org")
    c.check("DATA", lambda: all_by("open", t.open, to=both))
    c.check("one of the recipients refused", lambda: fails(65, t.open, to=("alice@example.org", NOBODY)))
    c.check("STARTTLS", lambda: all_by("open", t.open, *trust, words=("--> STARTTLS",), tls=True))
    c.check("implicit TLS", lambda: all_by("open", t.smtps, *trust, "tls_starttls off", tls=True))
    c.check("STARTTLS, unknown authority", lambda: fails(69, t.open, "tls on", "tls_trust_file system"))
    for name in ("plain", "login"):
        if f"auth {name}" in t.offers:
            c.check(f"AUTH {name.upper()}", lambda: all_by("auth", t.auth, *trust, f"auth {name}", *login, words=(f"--> AUTH {name.upper()}",), tls=True, user="alice"))
    c.check("wrong password", lambda: fails(77, t.auth, *trust, "auth plain", "user alice", "password wrong"))
    c.check("AUTH wanted, none given", lambda: fails(65, t.auth, *trust))
    c.check("LMTP", lambda: all_by("lmtp", t.lmtp, "protocol lmtp", words=("--> LHLO",), to=both))
