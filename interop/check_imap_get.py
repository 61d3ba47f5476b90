#!/usr/bin/env python3
"""Runs our client imap-get against an IMAP server that holds the messages of a folder in alice's INBOX.

    check_imap_get.py PROGRAM PEER HOST PORT DIR --ca ca.pem --tls-port PORT [--only TEXT]

PEER (dovecot, cyrus, courier, imap-serve) says what is special about the server. Python's imaplib is the other witness of everything: what is
in a mailbox, what a search finds, what is left after a command. One line for each check, "ok ..." or "FAIL ...", and the exit
status says whether all passed.
"""
from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import imap_peer
import messages
from imap_peer import fetches, ok
from smtp_peers import WORK, Checks, fresh

MIB = 1 << 20
IN, DENIED, NO_TLS, SAYS_NO, NOT_OFFERED = 0, 3, 4, 5, 6        # exit status


@dataclass(frozen=True)
class Peer:
    """What is special about a server; README.md says why."""
    mechanisms: str                             # that it offers and that are checked here
    elsewhere: str = ""                         # and that are not: auth.sh does
    tls_auth: str = "auto"
    exact: bool = True                          # gives back exactly what was stored
    ends_lines: bool = False                    # APPEND gives a message a final line end

    def appended(self, message: bytes) -> bytes:
        return message + b"\r\n" if self.ends_lines and not message.endswith(b"\r\n") else message


PEERS = {
    "dovecot": Peer("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL ANONYMOUS", "OAUTHBEARER XOAUTH2"),
    "cyrus": Peer("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 OTP EXTERNAL", "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS", tls_auth="scram-sha-512"),
    "courier": Peer("PLAIN LOGIN CRAM-MD5", ends_lines=True),
    "imap-serve": Peer("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS"),
}


@dataclass
class Done:
    status: int
    out: bytes
    err: str
    peak: int = 0                               # KiB

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")

    def lines(self) -> list[str]:
        return self.text.split("\r\n")

    def untagged(self, name: str) -> list[str]:
        """What stands behind the name in responses of it."""
        return [line.split(" ", 2)[2] if line.count(" ") > 1 else "" for line in self.lines() if line.upper().startswith(f"* {name} ") or line.upper() == f"* {name}"]

    def tagged(self) -> str:
        return [line for line in self.lines() if re.match(r"A\d+ ", line)][-1]


class ImapGet(Checks):
    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.only)
        self.args, self.peer = args, PEERS[args.peer]
        self.work = fresh(WORK / "imap-get")
        self.imap = imap_peer.login(args.host, args.port, "alice", "secret")
        self.offered = set(ok(self.imap.capability())[0].decode().upper().split())
        self.stored = messages.read(args.dir)

    # ---- the one place that knows the command line of imap-get

    def argv(self, actions: str | list[str], auth: str = "auto", tls: str = "none", user: str = "alice", password: str = "secret", ca: bool = True, cleartext: bool = True,
             options: list[str] = []) -> list[str]:
        a = self.args
        secret = self.work / "password"
        secret.write_text(password)
        secret.chmod(0o600)
        argv = [a.program, "--host", a.host, "--port", str(a.tls_port if tls == "implicit" else a.port), "--user", user, "--password-file", str(secret), "--auth", auth, "--tls", tls]
        argv += ["--ca", a.ca] if tls != "none" and ca else []
        argv += ["--insecure-cleartext"] if tls == "none" and cleartext else []
        return [*argv, *options, *(actions.split() if isinstance(actions, str) else actions)]

    def run(self, actions: str | list[str], wanted: int = IN, **how: Any) -> Done:
        out = self.work / "out"
        with out.open("wb") as stdout, (self.work / "err").open("wb") as stderr:
            process = subprocess.Popen(self.argv(actions, **how), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
            peak, end = 0, time.monotonic() + 120
            while process.poll() is None:           # what wait4 tells has Python's own memory in it
                peak = peak_of(process.pid) or peak
                assert time.monotonic() < end or process.kill(), "takes too long"
                time.sleep(0.005)
        err = (self.work / "err").read_text(errors="replace")
        assert process.returncode == wanted, f"exit status {process.returncode}, not {wanted}: {err.strip()[-300:]}"
        assert wanted == IN or "secret" not in err, "shows the password"
        return Done(process.returncode, out.read_bytes(), err.strip(), peak)

    def offers(self, *names: str) -> bool:
        return self.offered.issuperset(names)

    def if_offered(self, names: str, what: str, test: Callable[[], str | None]) -> None:
        """Where it is not offered, imap-get has to say so, and to send nothing: see `not_offered`."""
        if self.offers(*names.split()):
            self.check(what, test)

    def not_offered(self, name: str, action: str) -> None:
        if not self.offers(name):
            self.check(f"{name} not offered", lambda: self.run(action, NOT_OFFERED).err)

    # ---- logging in

    def logins(self) -> None:
        a = self.peer
        self.check("mechanisms", lambda: self.mechanisms())
        auth_keys = ["--cert", str(WORK / "tls/client.pem"), "--key", str(WORK / "tls/client.key")]
        for mechanism in a.mechanisms.split():
            how: dict[str, Any] = {"auth": mechanism.lower()}
            wrong: dict[str, Any] | None = {"password": "Xq7-wrong"}
            if mechanism == "EXTERNAL":
                how |= {"options": auth_keys, "user": "alice"}
                self.check("EXTERNAL, imaps", lambda how=how: self.run("do NOOP", tls="implicit", **how).err)
                continue
            if mechanism == "ANONYMOUS":
                how, wrong = how | {"user": "sirhc"}, None
            if mechanism == "OTP":
                how |= {"user": "carol", "password": "secret pass phrase"}
                wrong = {"password": "wrong pass phrase"}
            if not mechanism.endswith("-PLUS"):
                self.check(mechanism, lambda how=how: self.run("do NOOP", **how).err)
            self.check(f"{mechanism}, STARTTLS", lambda how=how: self.run("do NOOP", tls="starttls", **how).err)
            self.check(f"{mechanism}, imaps", lambda how=how: self.run("do NOOP", tls="implicit", **how).err)
            if wrong:
                self.check(f"{mechanism}, wrong", lambda how=how | wrong: self.run("do NOOP", DENIED, tls="starttls", **how).err)
        self.check("LOGIN, the command", lambda: self.run("do NOOP", auth="command").err)
        self.check("LOGIN, the command, STARTTLS", lambda: self.run("do NOOP", auth="command", tls="starttls").err)
        self.check("LOGIN, the command, wrong", lambda: self.run("do NOOP", DENIED, auth="command", password="Xq7-wrong").err)
        self.check("LOGIN, strange password", lambda: self.run("do NOOP", DENIED, auth="command", password='"\\{3}\x01 ü').err)
        self.check("the best", lambda: self.run("do NOOP").err)
        self.check("the best, STARTTLS", lambda: self.run("do NOOP", tls="starttls", auth=a.tls_auth).err)
        self.check("unknown authority, STARTTLS", lambda: self.run("do NOOP", NO_TLS, tls="starttls", ca=False).err)
        self.check("unknown authority, imaps", lambda: self.run("do NOOP", NO_TLS, tls="implicit", ca=False).err)
        self.check("no password in the clear unless told", lambda: self.run("do NOOP", DENIED, auth="plain", cleartext=False).err)
        self.check("no password in the clear unless told, LOGIN", lambda: self.run("do NOOP", DENIED, auth="command", cleartext=False).err)

    def mechanisms(self) -> str:
        known = set(self.peer.mechanisms.split() + self.peer.elsewhere.split())
        seen = set()
        for imap in (imap_peer.imaplib.IMAP4(self.args.host, self.args.port), imap_peer.imaplib.IMAP4_SSL(self.args.host, self.args.tls_port, ssl_context=unchecked())):
            seen |= {word[5:] for word in ok(imap.capability())[0].decode().upper().split() if word.startswith("AUTH=")}
            imap.logout()
        seen.add("EXTERNAL") if "EXTERNAL" in known else None      # some offer it to who has shown a certificate only
        assert seen == known, f"offered {sorted(seen)}, checked {sorted(known)}"
        return " ".join(sorted(seen))

    # ---- mailboxes

    def mailbox(self, name: str, *which: int) -> str:
        """An empty mailbox, or with some of the messages, by imaplib."""
        self.imap.select("INBOX")
        self.imap.delete(self.name(name))
        ok(self.imap.create(self.name(name)))
        for number in which:
            ok(self.imap.append(self.name(name), None, None, self.stored[number]))
        return self.name(name)

    def name(self, name: str) -> str:
        return f"INBOX.{name}" if self.args.peer == "courier" else name

    def contents(self, name: str) -> dict[int, bytes]:
        """By UID, as imaplib gets it."""
        if ok(self.imap.select(name, readonly=True)) == [b"0"]:
            return {}
        return {int(found["UID"]): found["BODY[]"] for _, found in fetches(ok(self.imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")))}

    def flags(self, name: str) -> dict[int, set[str]]:
        ok(self.imap.select(name, readonly=True))
        return {int(found["UID"]): set(found["FLAGS"]) - {"\\Recent"} for _, found in fetches(ok(self.imap.uid("FETCH", "1:*", "(UID FLAGS)")))}

    def list(self) -> str:
        self.mailbox("Work")
        done = self.run("list")
        wanted = sorted(re.search(rb'" (.*)$', line).group(1).decode().strip('"') for line in ok(self.imap.list()))
        got = sorted(re.search(r'" ("?)([^"]*?)\1( \(.*\))?$', line).group(2) for line in done.untagged("LIST"))
        assert got == wanted, f"{got}, not {wanted}"
        for name, there in (("SPECIAL-USE", r"\Sent"), ("LIST-STATUS", "* STATUS INBOX (MESSAGES"), ("LIST-STATUS", "UIDVALIDITY"), ("LIST-EXTENDED", r"\HasNoChildren"), ("CHILDREN", r"\HasNoChildren")):
            assert not self.offers(name) or there.upper() in done.text.upper(), f"no {there}"
        if self.offers("LIST-STATUS"):
            assert f"(MESSAGES {len(self.stored)} " in done.text, "not the number of messages in INBOX"
        return f"{len(got)} mailboxes"

    def lifecycle(self) -> str:
        """The commands on mailboxes, by what LIST and LSUB show behind each."""
        a, b = self.name("New & ü/1" if self.args.peer == "none" else "New &- &APw- x"), self.name("Other")
        for name in (a, b):
            self.imap.delete(f'"{name}"')
        q = f'"{a}"'
        done = self.run(["do", "CREATE", q, "+", "do", "SUBSCRIBE", q, "+", "do", "LIST", '""', "*", "+", "do", "LSUB", '""', "*", "+", "do", "STATUS", q, "(MESSAGES", "UIDNEXT", "UIDVALIDITY)",
                         "+", "do", "RENAME", q, b, "+", "do", "UNSUBSCRIBE", q, "+", "do", "LIST", '""', "*", "+", "do", "DELETE", b, "+", "do", "LIST", '""', "*"])
        lists = re.split(r"A\d+ OK[^\r\n]*\r\n", done.text)
        assert a in lists[2] and a in lists[3] and "MESSAGES 0" in lists[4], f"{lists[2:5]}"
        assert b in lists[7] and a not in lists[7] and b not in lists[9], f"{lists[7:10]}"
        return self.run(["do", "SELECT", "No-such-mailbox"], SAYS_NO).err

    # ---- FETCH

    def witness(self) -> tuple[dict[int, bytes], list[dict[str, Any]]]:
        ok(self.imap.select("INBOX", readonly=True))
        bodies = {number: found["BODY[]"] for number, found in fetches(ok(self.imap.fetch("1:*", "(BODY.PEEK[])")))}
        modseq = " MODSEQ" if self.offers("CONDSTORE") else ""
        known = [imap_peer.shown(number, found) for number, found in fetches(ok(self.imap.fetch("1:*", f"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE{modseq})")))]
        return bodies, known

    def fetch(self, **how: Any) -> str:
        folder = fresh(self.work / "fetched")
        done = self.run(f"fetch INBOX {folder}", **how)
        if not hasattr(self, "seen"):
            self.seen = self.witness()
        bodies, known = self.seen
        got = {int(path.stem): path.read_bytes() for path in folder.iterdir()}
        assert got.keys() == bodies.keys(), f"{len(got)} messages, not {len(bodies)}"
        for number, octets in bodies.items():
            assert got[number] == octets, f"message {number}: {difference(got[number], octets)}"
            assert not self.peer.exact or octets == self.stored[number - 1], f"imaplib, message {number}: {difference(octets, self.stored[number - 1])}"
        printed = [json.loads(line) for line in done.out.splitlines()]
        assert len(printed) == len(known), f"{len(printed)} lines"
        for ours, theirs in zip(printed, known):
            ours["flags"] = sorted(set(ours["flags"]) - {"\\Recent"})
            theirs["flags"] = sorted(set(theirs["flags"]) - {"\\Recent"})
            for name in theirs.keys() | ours.keys():
                same = [lowered(it.get(name)) if name == "parts" else it.get(name) for it in (ours, theirs)]
                assert same[0] == same[1], f"message {ours['number']}, {name}: {json.dumps(same[0], ensure_ascii=False)[:250]}, not {json.dumps(same[1], ensure_ascii=False)[:250]}"
        return done.err.removeprefix("imap-get: ")

    def sections(self) -> str:
        """Parts of messages: what imap-get prints of FETCH is what imaplib gets."""
        items = "BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)] BODY.PEEK[HEADER.FIELDS.NOT (Subject)] BODY.PEEK[]<5.300> BODY.PEEK[1] BODY.PEEK[1.MIME] RFC822.HEADER BODY"
        ok(self.imap.select("INBOX", readonly=True))
        wanted = list(fetches(ok(self.imap.fetch("1:40", f"(UID {items})"))))
        done = self.run(["do", "EXAMINE", "INBOX", "+", "do", "FETCH", "1:40", f"(UID {items})"])
        got = list(fetches(as_imaplib(done.out)))
        # names of fields may come quoted, and in any case
        got, wanted = ([(number, {name.replace('"', "").upper(): value for name, value in it.items()}) for number, it in them] for them in (got, wanted))
        assert len(got) == len(wanted) > 0, f"{len(got)}, not {len(wanted)}"
        for (number, ours), (_, theirs) in zip(got, wanted):
            for name in theirs:
                assert ours.get(name) == theirs[name], f"message {number}, {name}: {str(ours.get(name))[:200]}, not {str(theirs[name])[:200]}"
        return f"{len(got)} messages"

    # ---- SEARCH, SORT, THREAD

    def searches(self) -> None:
        keys = ["ALL", "UNSEEN", "SUBJECT tiny", "FROM sender7 TEXT dot", "OR SUBJECT huge SUBJECT multipart", "LARGER 100000", "NOT SMALLER 500", "SINCE 1-Jan-2019 BEFORE 1-Jan-2030", "UID 3:9,12", "SENTON 3-Mar-2020",
                "HEADER Message-ID interop.1", "(SUBJECT dot NOT (SUBJECT two))", "SUBJECT no-such-thing", "2:5", 'CHARSET UTF-8 SUBJECT "dot"']
        if self.offers("WITHIN"):
            keys += ["YOUNGER 1000000000", "OLDER 1000000000"]
        if self.offers("CONDSTORE"):
            keys += ["MODSEQ 1"]
        for key in keys:
            self.check(f"SEARCH {key}", lambda key=key: self.same(["search", "INBOX", key], "SEARCH", None, key))
        if self.offers("ESEARCH"):
            self.check("SEARCH RETURN", lambda: self.same(["search", "INBOX", "RETURN (MIN MAX COUNT ALL) SUBJECT dot"], "ESEARCH", "ESEARCH", "RETURN", "(MIN MAX COUNT ALL)", "SUBJECT", "dot"))
        if self.offers("SEARCHRES"):
            self.check("SEARCH SAVE, FETCH $", lambda: self.saved())
        if self.offers("SORT"):
            for how in ("(SUBJECT) UTF-8 ALL", "(REVERSE SIZE) UTF-8 SUBJECT multipart", "(DATE FROM) UTF-8 NOT SUBJECT tiny", "(ARRIVAL) UTF-8 ALL"):
                self.check(f"SORT {how}", lambda how=how: self.same(["sort", "INBOX", how], "SORT", None, how))
        for name in ("REFERENCES", "ORDEREDSUBJECT", "REFS"):
            if self.offers(f"THREAD={name}"):
                self.check(f"THREAD {name}", lambda name=name: self.same(["thread", "INBOX", f"{name} UTF-8 ALL"], "THREAD", None, f"{name} UTF-8 ALL"))

    def same(self, action: list[str], response: str, by: str | None, *theirs: str) -> str:
        ok(self.imap.select("INBOX", readonly=True))
        command = action[0].upper()
        wanted = ok(self.imap.uid(command, *theirs))
        if by:
            wanted = self.imap.response(by)[1]
        wanted = [(it or b"").decode() for it in wanted]
        got = self.run(action).untagged(response)
        clean = (lambda them: [re.sub(r'\(TAG "[^"]*"\) ?', "", it).strip() for it in them if it.strip()])
        assert clean(got) == clean(wanted), f"{str(got)[:200]}, not {str(wanted)[:200]}"
        return f"{sum(map(len, got))} octets"

    def saved(self) -> str:
        done = self.run(["do", "EXAMINE", "INBOX", "+", "do", "UID", "SEARCH", "RETURN", "(SAVE)", "SUBJECT", "multipart", "+", "do", "UID", "FETCH", "$", "(UID)"])
        ok(self.imap.select("INBOX", readonly=True))
        wanted = ok(self.imap.uid("SEARCH", "SUBJECT", "multipart"))[0].split()
        assert len(done.out.split(b"FETCH (UID ")) - 1 == len(wanted) > 0, "not as many"
        return f"{len(wanted)} messages"

    # ---- changing

    def append(self, *options: str, files: int = 12) -> str:
        name = self.mailbox("Work")
        numbers = [*range(0, len(self.stored), len(self.stored) // files)]
        paths = [self.args.dir / f"{number + 1:03}.eml" for number in numbers]
        done = self.run(["append", name, *map(str, paths)], options=list(options), tls="starttls", auth=self.peer.tls_auth)
        got = [octets for _, octets in sorted(self.contents(name).items())]
        wanted = [self.peer.appended(self.stored[number]) for number in numbers]
        assert len(got) == len(wanted), f"{len(got)} messages"
        for ours, theirs in zip(got, wanted):
            assert ours == theirs, difference(ours, theirs)
        codes = re.findall(r"APPENDUID \d+ ([\d:,]+)", done.text)
        assert len(codes) == (1 if self.offers("MULTIAPPEND") else len(wanted)) or not self.offers("UIDPLUS"), f"{codes}"
        return done.err.removeprefix("imap-get: ")

    def store(self) -> str:
        name = self.mailbox("Work", 0, 1, 2, 3)
        done = self.run(["do", "SELECT", name, "+", "do", "STORE", "1:2", "+FLAGS", r"(\Seen", "$Label1)", "+", "do", "STORE", "2", "-FLAGS", r"(\Seen)", "+", "do", "STORE", "3", "FLAGS", r"(\Answered", r"\Flagged)",
                         "+", "do", "STORE", "4", "+FLAGS.SILENT", r"(\Deleted)"])
        uids = sorted(self.flags(name))
        got = [self.flags(name)[uid] for uid in uids]
        assert got == [{"\\Seen", "$Label1"}, {"$Label1"}, {"\\Answered", "\\Flagged"}, {"\\Deleted"}], f"{got}"
        assert done.out.count(b" FETCH (") >= 4, "no FETCH"
        if self.offers("CONDSTORE"):
            said = self.run(["do", "SELECT", name, "(CONDSTORE)", "+", "do", "STORE", "1:4", "(UNCHANGEDSINCE 1)", "+FLAGS", r"(\Draft)"])
            assert "[MODIFIED 1:4]" in said.tagged(), said.tagged()
        self.run(["do", "SELECT", name, "+", "do", "EXPUNGE"])
        assert sorted(self.flags(name)) == uids[:3], "not expunged"
        if self.offers("UIDPLUS"):
            self.run(["store", name, f"{uids[0]},{uids[1]}", r"+FLAGS.SILENT (\Deleted)", "+", "do", "UID", "EXPUNGE", str(uids[1])])
            assert sorted(self.flags(name)) == [uids[0], uids[2]], "not the one that was meant"
        return f"{len(uids)} messages"

    def copy(self) -> str:
        name, other = self.mailbox("Work", 0, 1, 2, 3), self.mailbox("Copies")
        uids = sorted(self.contents(name))
        done = self.run(["copy", name, f"{uids[0]}:{uids[2]}", other])
        assert list(self.contents(other).values()) == self.stored[:3], "not what was copied"
        assert not self.offers("UIDPLUS") or "[COPYUID " in done.tagged(), done.tagged()
        if self.offers("MOVE"):
            done = self.run(["move", name, f"{uids[3]}", other])
            assert list(self.contents(other).values()) == self.stored[:4] and sorted(self.contents(name)) == uids[:3], "not what was moved"
            assert "COPYUID" in done.text or not self.offers("UIDPLUS"), "no COPYUID"
            assert "EXPUNGE" in done.text or "VANISHED" in done.text, "no EXPUNGE"
        return done.tagged()

    def idle(self, notify: bool = False) -> str:
        """Another connection changes the mailbox; imap-get prints what the server tells of it."""
        name, log = self.mailbox("Work", 0, 1), self.work / "idle.out"
        first = ["do", "NOTIFY", "SET", "(selected", "(MessageNew", "(UID FLAGS)", "MessageExpunge", "FlagChange))", "(subtree", '""', "(MessageNew MessageExpunge))", "+"] if notify else []
        with log.open("wb") as out:
            client = subprocess.Popen(self.argv([*first, "idle", name, "20"]), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        wait(lambda: b"idling" in log.read_bytes(), "no IDLE")
        ok(self.imap.append(name, None, None, self.stored[2]))
        wait(lambda: b"* 3 EXISTS" in log.read_bytes(), "no EXISTS")
        ok(self.imap.select(name))
        ok(self.imap.store("2", "+FLAGS", r"(\Flagged)"))
        wait(lambda: re.search(rb"\* 2 FETCH \(.*Flagged", log.read_bytes()), "no FETCH")
        ok(self.imap.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
        ok(self.imap.expunge())
        wait(lambda: re.search(rb"\* (1 EXPUNGE|VANISHED 1)", log.read_bytes()), "no EXPUNGE")
        if notify:
            ok(self.imap.append("Drafts", None, None, self.stored[3]))
            wait(lambda: re.search(rb"\* STATUS .*Drafts", log.read_bytes()), "no STATUS")
        client.terminate()
        client.wait(timeout=20)
        return " | ".join(line for line in log.read_text().splitlines() if line.startswith("* "))[:200]

    def idle_ends(self) -> str:
        began = time.monotonic()
        done = self.run(["idle", self.mailbox("Work", 0), "2", "+", "do", "NOOP"])
        took = time.monotonic() - began
        assert 2 < took < 60, f"{took:.1f} s"    # Courier takes ten seconds to begin
        return done.err.removeprefix("imap-get: ")

    def qresync(self) -> str:
        name = self.mailbox("Work", 0, 1, 2, 3)
        done = self.run(["do", "ENABLE", "QRESYNC", "+", "do", "SELECT", name])
        validity = re.search(r"UIDVALIDITY (\d+)", done.text).group(1)
        mod_seq = re.search(r"HIGHESTMODSEQ (\d+)", done.text).group(1)
        ok(self.imap.select(name))
        uids = sorted(self.contents(name))
        ok(self.imap.select(name))
        ok(self.imap.store("1", "+FLAGS", r"(\Flagged)"))
        ok(self.imap.store("3", "+FLAGS.SILENT", r"(\Deleted)"))
        ok(self.imap.expunge())
        done = self.run(["do", "ENABLE", "QRESYNC", "+", "do", "SELECT", name, f"(QRESYNC ({validity} {mod_seq}))"])
        assert f"* VANISHED (EARLIER) {uids[2]}\r\n" in done.text, f"no VANISHED: {done.lines()}"
        assert re.search(rf"\* 1 FETCH \(.*UID {uids[0]}\b.*", done.text) and r"\Flagged" in done.text, "no FETCH"
        done = self.run(["do", "ENABLE", "QRESYNC", "+", "do", "SELECT", name, "+", "do", "UID", "FETCH", "1:*", "(FLAGS)", f"(CHANGEDSINCE {mod_seq} VANISHED)"])
        assert f"* VANISHED (EARLIER) {uids[2]}\r\n" in done.text, "no VANISHED for FETCH"
        return f"modseq {mod_seq}"

    def catenate(self) -> str:
        name = self.mailbox("Work", 1)
        ok(self.imap.select(name, readonly=True))
        validity = self.imap.response("UIDVALIDITY")[1][0].decode()
        uid = next(iter(self.contents(name)))
        url = f'URL "/{name};UIDVALIDITY={validity}/;UID={uid}"'
        self.run(["do", "APPEND", name, r"(\Seen)", "CATENATE", f"({url} {url})"])
        got = self.contents(name)[max(self.contents(name))]
        assert got == self.stored[1] * 2, difference(got, self.stored[1] * 2)
        return f"{len(got)} octets"

    # ---- the rest

    def metadata(self) -> str:
        name = self.mailbox("Work")
        done = self.run(["do", "SETMETADATA", name, '(/private/comment "a \\"comment\\"")', "+", "do", "GETMETADATA", name, "(/private/comment /private/x)", "+",
                         "do", "GETMETADATA", "(DEPTH infinity)", name, "(/private)", "+", "do", "SETMETADATA", name, "(/private/comment NIL)", "+", "do", "GETMETADATA", name, "/private/comment"])
        found = done.untagged("METADATA")
        assert any(r'/private/comment "a \"comment\""' in line for line in found), f"{found}"
        assert r'"a \"' not in found[-1] or len(found) < 3, f"{found}"
        return found[0]

    def quota(self) -> str:
        done = self.run("do GETQUOTAROOT INBOX")
        roots = done.untagged("QUOTAROOT")
        assert roots and roots[0].startswith("INBOX"), f"{done.lines()}"
        status, (root, quotas) = self.imap.getquotaroot("INBOX")
        # without parentheses in Courier's; ours has them again
        ours, theirs = ([] if not them or them == [None] else [(it.decode() if isinstance(it, bytes) else it).replace('"', "").removesuffix(" ()") for it in them] for them in (done.untagged("QUOTA"), quotas))
        assert ours == theirs, f"{ours}, not {theirs}"
        return "; ".join([*roots, *ours])

    def acl(self) -> str:
        name = self.mailbox("Work")
        done = self.run(["do", "MYRIGHTS", name, "+", "do", "SETACL", name, "bob", "lr", "+", "do", "GETACL", name, "+", "do", "LISTRIGHTS", name, "bob", "+", "do", "DELETEACL", name, "bob", "+", "do", "GETACL", name])
        acls = done.untagged("ACL")
        assert "bob" in acls[0] and "bob" not in acls[-1] and done.untagged("MYRIGHTS") and done.untagged("LISTRIGHTS"), f"{done.lines()}"
        return done.untagged("MYRIGHTS")[0]

    def odds(self) -> str:
        """Commands of which every server has some."""
        said = []
        enable = next((name for name in ("CONDSTORE", "UTF8=ACCEPT") if self.offers(name)), "")
        for name, command, response in (("NAMESPACE", "NAMESPACE", "NAMESPACE"), ("ID", 'ID ("name" "imap-get")', "ID"), ("ENABLE", f"ENABLE {enable}", "ENABLED"), ("IMAP4REV1", "CHECK", ""), ("IMAP4REV1", "NOOP", "")):
            if self.offers(name) and not command.endswith(" "):
                select = [] if name == "ENABLE" else ["do", "SELECT", "INBOX", "+"]
                done = self.run([*select, "do", command])
                assert not response or done.untagged(response), f"{command}: {done.lines()}"
                said.append(command.split()[0])
        for command in ("CLOSE", *(["UNSELECT"] if self.offers("UNSELECT") else [])):
            self.run(["do", "EXAMINE", "INBOX", "+", "do", command])
            said.append(command)
        return " ".join(said)

    def large(self) -> str:
        """100 MiB there and back in constant memory."""
        name, path = self.mailbox("Large"), self.work / "large.eml"
        line = b"%07d " + b"x" * 62 + b"\r\n"
        with path.open("wb") as file:
            file.write(b"Subject: large\r\n\r\n")
            for start in range(0, 100 * MIB, 7200):
                file.write(b"".join(line % (start + n) for n in range(100)))
        small = self.run(["append", name, str(self.args.dir / "001.eml")]).peak
        up = self.run(["append", name, str(path)], tls="starttls", auth=self.peer.tls_auth).peak
        folder = fresh(self.work / "fetched")
        down = self.run(f"fetch {name} {folder}", tls="starttls", auth=self.peer.tls_auth).peak
        got = max(folder.iterdir())
        same = subprocess.run(["cmp", path, got], capture_output=True, text=True)
        assert same.returncode == 0, same.stdout
        size = path.stat().st_size
        path.unlink()
        fresh(folder)
        self.imap.select("INBOX")
        self.imap.delete(name)
        assert max(up, down) < small + 4096, f"peak KiB: {small} for a small one, {up} up, {down} down"
        return f"{size} octets; peak KiB: {small} for a small one, {up} up, {down} down"


def peak_of(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def unchecked():
    context = imap_peer.ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, imap_peer.ssl.CERT_NONE
    return context


def wait(until: Callable[[], Any], what: str) -> None:
    for _ in range(150):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def difference(a: bytes, b: bytes) -> str:
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"at {at} of {len(a)} and {len(b)}: {a[max(at - 20, 0):at + 30]!r}, not {b[max(at - 20, 0):at + 30]!r}"


def lowered(parts: list[dict[str, Any]] | None) -> Any:
    """Names of types may come in any case."""
    return [{name: value.lower() if name in ("type", "subtype") and value else value for name, value in part.items()} for part in parts or []]


def as_imaplib(octets: bytes) -> list[Any]:
    """Responses with literals in the form that imaplib has for those of FETCH."""
    out: list[Any] = []
    at = 0
    while at < len(octets):
        end = octets.index(b"\r\n", at)
        line = octets[at:end]
        at = end + 2
        found = re.search(rb"~?\{(\d+)\}$", line)
        if not out or not isinstance(out[-1], tuple):
            line = line if re.match(rb"\* \d+ FETCH ", line) else b""
        line = re.sub(rb"^\* (\d+) FETCH ", rb"\1 ", line)
        if found and line:
            out.append((line, octets[at:at + int(found.group(1))]))
            at += int(found.group(1))
        elif line:
            out.append(line)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--tls-port", type=int, required=True)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    get = ImapGet(args)
    auth = get.peer.tls_auth
    get.logins()
    get.check("LIST", get.list)
    get.check("CREATE, SUBSCRIBE, STATUS, RENAME, DELETE", get.lifecycle)
    get.check("FETCH of everything", get.fetch)
    get.check("FETCH of everything, STARTTLS", lambda: get.fetch(tls="starttls", auth=auth))
    get.check("FETCH of everything, imaps", lambda: get.fetch(tls="implicit", auth=auth))
    get.if_offered("COMPRESS=DEFLATE", "FETCH of everything, COMPRESS", lambda: get.fetch(options=["--compress"]))
    get.if_offered("COMPRESS=DEFLATE", "FETCH of everything, COMPRESS in TLS", lambda: get.fetch(tls="starttls", auth=auth, options=["--compress"]))
    get.check("FETCH of sections", get.sections)
    get.searches()
    get.check("APPEND", get.append)
    get.check("APPEND, synchronising literals", lambda: get.append("--literals", "sync"))
    get.if_offered("LITERAL+", "APPEND, LITERAL+", lambda: get.append("--literals", "plus"))
    get.if_offered("LITERAL+", "APPEND, LITERAL-", lambda: get.append("--literals", "minus"))
    get.if_offered("COMPRESS=DEFLATE", "APPEND, COMPRESS", lambda: get.append("--compress"))
    get.check("APPEND to no mailbox", lambda: get.run(["append", get.name("None"), str(args.dir / "001.eml")], SAYS_NO).err)
    get.check("STORE, EXPUNGE", get.store)
    get.check("COPY, MOVE", get.copy)
    get.if_offered("IDLE", "IDLE", get.idle)
    get.if_offered("IDLE", "IDLE ends", get.idle_ends)
    get.if_offered("NOTIFY", "NOTIFY", lambda: get.idle(notify=True))
    get.if_offered("QRESYNC", "QRESYNC", get.qresync)
    get.if_offered("CATENATE", "CATENATE", get.catenate)
    get.if_offered("METADATA", "METADATA", get.metadata)
    get.if_offered("QUOTA", "QUOTA", get.quota)
    get.if_offered("ACL", "ACL", get.acl)
    get.check("NAMESPACE, ID, ENABLE, CHECK, CLOSE, UNSELECT", get.odds)
    for name, action in (("NOTIFY", "do NOTIFY NONE"), ("METADATA", "do GETMETADATA INBOX /private/comment"), ("QUOTA", "do GETQUOTAROOT INBOX"), ("ACL", "do MYRIGHTS INBOX"), ("IDLE", "idle INBOX 1"),
                         ("MOVE", "move INBOX 1 INBOX"), ("SORT", "sort INBOX (DATE) UTF-8 ALL"), ("ESEARCH", "search INBOX RETURN (COUNT) ALL")):
        get.not_offered(name, action)
    get.check("100 MiB there and back", get.large)
    return get.failed != 0


if __name__ == "__main__":
    sys.exit(main())
