"""A receiving server made of aiosmtpd, that stores what it gets as our smtp-sink does. Runs in the jail of aiosmtpd.sh.

    aiosmtpd_sink.py STORES OPEN SMTPS AUTH LMTP CERT KEY     a folder, and four ports (clients/smtp/base.py says which is what)
"""
import asyncio
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

stores, (open_port, smtps_port, auth_port, lmtp_port) = Path(sys.argv[1]), map(int, sys.argv[2:6])
SMTP.line_length_limit = 1 << 24


class Handler:
    def __init__(self, store: str, lmtp: bool = False) -> None:
        self.folder = stores / store
        self.folder.mkdir(parents=True)
        self.count = 0
        self.lmtp = lmtp

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        user = session.auth_data.login.decode() if session.authenticated else None
        (self.folder / f"{self.count:06}.eml").write_bytes(envelope.original_content)
        (self.folder / f"{self.count:06}.json").write_text(json.dumps({
            "sender": envelope.mail_from, "mail": " ".join([f"<{envelope.mail_from}>", *envelope.mail_options]),
            "recipients": [f"<{address}>" for address in envelope.rcpt_tos], "hello": session.host_name, "tls": server.transport.get_extra_info("ssl_object") is not None, "user": user}))
        return "\r\n".join(["250 2.0.0 ok"] * (len(envelope.rcpt_tos) if self.lmtp else 1))


def authenticate(server, session, envelope, mechanism, auth_data):
    good = (auth_data.login, auth_data.password) == (b"alice", b"secret")
    return AuthResult(success=good, handled=False, auth_data=auth_data if good else None)


async def main() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(sys.argv[6], sys.argv[7])
    loop = asyncio.get_running_loop()
    how = {"enable_SMTPUTF8": True, "data_size_limit": 20_000_000, "hostname": "aiosmtpd.example.org", "loop": loop}
    smtp, auth, lmtp = Handler("open"), Handler("auth"), Handler("lmtp", lmtp=True)
    for port, context, make in (
        (open_port, None, lambda: SMTP(smtp, tls_context=tls, **how)),
        (smtps_port, tls, lambda: SMTP(smtp, **how)),
        (auth_port, None, lambda: SMTP(auth, tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate, **how)),
        (lmtp_port, None, lambda: LMTP(lmtp, **how)),
    ):
        await loop.create_server(make, "127.0.0.1", port, ssl=context)
    await asyncio.Event().wait()


asyncio.run(main())
