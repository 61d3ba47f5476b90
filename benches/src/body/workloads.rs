//! Message bodies, as they are and as they travel.

use std::fmt::Write as _;
use std::sync::Mutex;

use bytes::Bytes;

use crate::generator::{HOSTS, NAMES, Rng, UTF8_WORDS, words};

/// Which lines of a body begin with a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dots {
    /// About one line in 500 of the text parts: ordinary mail.
    Few,
    /// Every line but the first (see [`body`]).
    Every,
}

impl Dots {
    /// How it stands in a workload's name.
    pub fn name(self) -> &'static str {
        match self {
            Dots::Few => "plain",
            Dots::Every => "dotted",
        }
    }
}

/// A message, as it is and as it travels.
#[derive(Clone)]
pub struct Body {
    /// The message itself, every line ended by CRLF.
    pub raw: Bytes,
    /// Dot-stuffed, with the final dot line: what follows a status line in POP3, or 354 in SMTP.
    pub wire: Bytes,
    /// A whole RETR reply: status line and `wire`.
    pub reply: Bytes,
    /// Lines of the message.
    pub lines: u64,
    /// Lines among them that begin with a dot.
    pub dot_lines: u64,
}

/// A message of about `octets` octets: header, text, quoted text, HTML, quoted-printable and base64 parts; lines of
/// up to 78 octets, all of them different in content, one in a hundred with UTF-8.
///
/// The first line never begins with a dot, because smtp-proto 0.2.5 does not see a dot at the very start of the data.
pub fn body(octets: usize, dots: Dots) -> Body {
    /// Kept: several workloads share one body, and 50 MiB take a moment to make.
    static MADE: Mutex<Vec<(usize, Dots, Body)>> = Mutex::new(Vec::new());
    let mut made = match MADE.lock() {
        Ok(made) => made,
        Err(poisoned) => poisoned.into_inner(),
    };
    if let Some((.., body)) = made.iter().find(|m| (m.0, m.1) == (octets, dots)) {
        return body.clone();
    }
    let body = make_body(octets, dots);
    // One body of each kind is enough to keep.
    made.retain(|m| m.1 != dots);
    made.push((octets, dots, body.clone()));
    body
}

fn make_body(octets: usize, dots: Dots) -> Body {
    let mut rng = Rng::new(7);
    let mut maker = BodyMaker { raw: String::with_capacity(octets + 1024), dots, lines: 0, dot_lines: 0 };
    let mut boundary = "----=_Part_".to_owned();
    rng.hex(&mut boundary, 16);
    header(&mut rng, &mut maker, &boundary);
    while maker.raw.len() < octets {
        part(&mut rng, &mut maker, &boundary, octets);
    }
    let raw = maker.raw;
    let mut reply = Vec::with_capacity(raw.len() + maker.dot_lines as usize + 64);
    reply.extend_from_slice(format!("+OK {} octets\r\n", raw.len()).as_bytes());
    let head = reply.len();
    for line in raw.split_inclusive('\n') {
        if line.starts_with('.') {
            reply.push(b'.');
        }
        reply.extend_from_slice(line.as_bytes());
    }
    reply.extend_from_slice(b".\r\n");
    let reply = Bytes::from(reply);
    Body { raw: raw.into(), wire: reply.slice(head..), reply, lines: maker.lines, dot_lines: maker.dot_lines }
}

struct BodyMaker {
    raw: String,
    dots: Dots,
    lines: u64,
    dot_lines: u64,
}

impl BodyMaker {
    fn line(&mut self, text: &str) {
        if self.dots == Dots::Every && self.lines > 0 && !text.starts_with('.') {
            self.raw.push('.');
            self.dot_lines += 1;
        } else if text.starts_with('.') {
            self.dot_lines += 1;
        }
        self.raw.push_str(text);
        self.raw.push_str("\r\n");
        self.lines += 1;
    }
}

fn header(rng: &mut Rng, maker: &mut BodyMaker, boundary: &str) {
    let mut line = String::new();
    maker.line("Return-Path: <bounce-7141@lists.example.org>");
    for hop in 0..6 {
        line.clear();
        let _ = write!(
            line,
            "Received: from {} ({} [192.0.2.{}])",
            rng.pick(HOSTS),
            rng.pick(HOSTS),
            rng.range(1..255)
        );
        maker.line(&line);
        line.clear();
        let _ = write!(line, "\tby {} with ESMTPS id ", rng.pick(HOSTS));
        rng.hex(&mut line, 12);
        maker.line(&line);
        line.clear();
        let _ = write!(
            line,
            "\tfor <{}>; Tue, {} Nov 2025 0{hop}:{}:07 +0000",
            rng.pick(NAMES),
            rng.range(10..30),
            rng.range(10..60)
        );
        maker.line(&line);
    }
    maker.line("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=lists.example.org;");
    for _ in 0..5 {
        line.clear();
        line.push_str("\t ");
        rng.base64(&mut line, 68);
        maker.line(&line);
    }
    maker.line("From: \"Carol Jones (Accounting)\" <carol.jones@example.org>");
    maker.line("To: undisclosed-recipients:;");
    maker.line("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_und_die_Rechnung_f=C3=BCr_November?=");
    maker.line("Date: Tue, 24 Nov 2025 22:57:00 +0000");
    line.clear();
    line.push_str("Message-ID: <");
    rng.hex(&mut line, 24);
    line.push_str("@example.org>");
    maker.line(&line);
    maker.line("MIME-Version: 1.0");
    maker.line("Content-Type: multipart/mixed;");
    line.clear();
    let _ = write!(line, "\tboundary=\"{boundary}\"");
    maker.line(&line);
    maker.line("");
    maker.line("This is a multi-part message in MIME format.");
}

fn part(rng: &mut Rng, maker: &mut BodyMaker, boundary: &str, octets: usize) {
    let mut line = String::new();
    let _ = write!(line, "--{boundary}");
    maker.line("");
    maker.line(&line);
    let kind = rng.range(0..5);
    let (kind_name, encoding, count) = match kind {
        0 => ("text/plain; charset=utf-8; format=flowed", "8bit", rng.range(20..160)),
        1 => ("text/plain; charset=us-ascii", "7bit", rng.range(10..80)),
        2 => ("text/html; charset=utf-8", "quoted-printable", rng.range(30..200)),
        3 => ("text/html; charset=utf-8", "8bit", rng.range(20..120)),
        _ => ("application/pdf; name=\"scan.pdf\"", "base64", rng.range(40..260)),
    };
    line.clear();
    let _ = write!(line, "Content-Type: {kind_name}");
    maker.line(&line);
    line.clear();
    let _ = write!(line, "Content-Transfer-Encoding: {encoding}");
    maker.line(&line);
    if kind == 4 {
        line.clear();
        let _ =
            write!(line, "Content-Disposition: attachment; filename=\"scan-{}.pdf\"", rng.range(1000..9999));
        maker.line(&line);
    }
    maker.line("");
    for _ in 0..count {
        if maker.raw.len() >= octets {
            return;
        }
        line.clear();
        match kind {
            0 => {
                if rng.range(0..250) == 0 {
                    line.push_str(rng.pick(&[".", "..", "...", ".profile ", ".htaccess is ", ". "]));
                } else if rng.chance(5) {
                    maker.line("");
                }
                let len = rng.range(20..72);
                words(rng, &mut line, len);
                if rng.chance(4) {
                    line.push(' ');
                    line.push_str(rng.pick(UTF8_WORDS));
                } else {
                    line.push(' ');
                }
            }
            1 => {
                line.push_str(rng.pick(&["> ", ">> ", "", "    ", "- "]));
                let len = rng.range(20..66);
                words(rng, &mut line, len);
            }
            2 => {
                line.push_str("<p style=3D\"margin: 0\">");
                let len = rng.range(10..44);
                words(rng, &mut line, len);
                line.push_str(rng.pick(&["=C3=BC=", "=20=", "=E2=80=93=", "</p>", "="]));
            }
            3 => {
                line.push_str(rng.pick(&["<tr><td>", "<li>", "  <div>", "<b>"]));
                let len = rng.range(14..56);
                words(rng, &mut line, len);
                line.push_str(rng.pick(&["</td></tr>", "</li>", "</div>", "</b>"]));
            }
            _ => rng.base64(&mut line, 76),
        }
        maker.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn inputs_are_varied_and_the_same_each_time() {
        let a = make_body(1 << 20, Dots::Few);
        let b = make_body(1 << 20, Dots::Few);
        assert_eq!(a.reply, b.reply);
        let lines: Vec<&[u8]> = a.raw.split(|&b| b == b'\n').collect();
        let distinct: HashSet<&&[u8]> = lines.iter().collect();
        assert!(distinct.len() * 10 > lines.len() * 9);
        let long = lines.iter().filter(|line| line.len() > 79).count();
        assert!(long < 10, "{long} lines above 78 octets and CR");
        let mean = a.raw.len() as u64 / a.lines;
        assert!((50..70).contains(&mean), "mean line {mean}");
        assert!(a.dot_lines > 5 && a.dot_lines < a.lines / 500);
        let every = make_body(1 << 20, Dots::Every);
        assert_eq!(every.dot_lines, every.lines - 1);
        assert_eq!(every.wire.len() as u64, every.raw.len() as u64 + every.dot_lines + 3);
    }
}
