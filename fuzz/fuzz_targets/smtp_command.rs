//! Commands: whatever is accepted, at a tolerance, is written as one line that gives the same command at that
//! tolerance, and the same line again; what needed no repair is accepted by the rules of the RFC. Parameters come
//! out of MAIL and RCPT as they can be put in, and nothing that is decoded holds the end of a line.
#![no_main]

use bytes::Bytes;
use fuzz::smtp::assert_no_line_end;
use libfuzzer_sys::fuzz_target;
use smtp_proto::{Command, Mail, MailKeyword, MailParameter, Rcpt, RcptKeyword, RcptParameter, rule};
use wire::{Context, ParseError, Rule, Tolerance};

fuzz_target!(|data: &[u8]| {
    let Some((&tolerance, line)) = data.split_first() else { return };
    let tolerance = fuzz::tolerance(tolerance);
    let frame = Bytes::copy_from_slice(line);
    let (command, repairs) = match parse(&frame, tolerance) {
        (Ok(command), repairs) => (command, repairs),
        (Err(error), _) => {
            assert!(error.offset as usize <= frame.len(), "{error}");
            return;
        }
    };
    let lines = frame.iter().filter(|&&octet| octet == b'\n').count();
    assert_eq!(lines, 1, "something is hidden in {}", frame.escape_ascii());
    assert!(parse(&frame.slice(..frame.len() - 1), Tolerance::Lenient).0.is_err(), "it was complete before");

    let line = command.to_bytes();
    fuzz::assert_one_line(&line);
    let again = parse(&line, tolerance);
    assert_eq!(again.0.as_ref(), Ok(&command), "{}", line.escape_ascii());
    assert_eq!(command.detach(), command);
    assert_eq!(again.0.expect("as before").to_bytes(), line);
    // what is a remark at each tolerance is no repair
    let remarks = [rule::TRAILING_SPACE, rule::CLIENT_NAME_FORM];
    let kept = repairs.iter().all(|repair| remarks.contains(repair));
    if kept {
        assert_eq!(Command::parse(&frame).as_ref(), Ok(&command), "by the RFC, as nothing was repaired");
        assert_eq!(Command::parse(&line).as_ref(), Ok(&command));
    } else {
        assert!(Command::parse(&frame).is_err(), "it was repaired without need");
    }
    match &command {
        Command::Mail(mail) => {
            assert!(!kept || contains(&frame, mail.as_bytes()), "it is kept as it was written");
            mail_parameters(mail, kept);
        }
        Command::Rcpt(rcpt) => {
            assert!(!kept || contains(&frame, rcpt.as_bytes()), "it is kept as it was written");
            rcpt_parameters(rcpt, kept);
        }
        Command::Auth(auth) => {
            let shown = format!("{command:?}");
            let secret = auth.initial_response.as_ref().map_or(&b""[..], |secret| secret.expose());
            let secret = String::from_utf8_lossy(secret);
            let shape = "Auth(Auth { mechanism: , initial_response: Some(Secret(***)) })";
            let mechanism = auth.mechanism.as_str().contains(&*secret);
            assert!(secret.len() < 4 || mechanism || shape.contains(&*secret) || !shown.contains(&*secret));
        }
        Command::Xclient(attributes) | Command::Xforward(attributes) => {
            assert!(attributes.iter().count() > 0);
            attributes.iter().for_each(|(_, value)| assert_no_line_end(&value.decode()));
        }
        _ => {}
    }
});

fn parse(frame: &Bytes, tolerance: Tolerance) -> (Result<Command, ParseError>, Vec<Rule>) {
    let cx = Context::new(frame, tolerance);
    let result = Command::parse_in(&cx);
    let repairs = cx.into_repairs();
    for repair in &repairs {
        assert!(repair.stream_offset <= frame.len() as u64, "{repair}");
    }
    (result, repairs.into_iter().map(|repair| repair.rule).collect())
}

fn contains(frame: &[u8], part: &[u8]) -> bool {
    frame.windows(part.len()).any(|window| window == part)
}

fn mail_parameters(mail: &Mail, strict: bool) {
    fuzz::smtp::check_path(mail.reverse_path().as_bytes(), mail.reverse_path().mailbox());
    let parameters: Vec<MailParameter<'_>> = mail.parameters().collect();
    for parameter in &parameters {
        match parameter {
            MailParameter::Auth(Some(text))
            | MailParameter::Envid(text)
            | MailParameter::Submitter(text)
            | MailParameter::AltAddress(text) => assert_no_line_end(&text.decode()),
            _ => {}
        }
        if let Some(keyword) = parameter.keyword() {
            assert_eq!(mail.get(keyword).as_ref(), Some(parameter));
        }
    }
    for &keyword in MailKeyword::ALL {
        let there = parameters.iter().filter(|parameter| parameter.keyword() == Some(keyword)).count();
        assert_eq!(usize::from(mail.has(keyword)), there, "{keyword:?}");
        assert_eq!(mail.get(keyword).is_some(), mail.has(keyword));
    }
    let others = parameters.iter().filter(|parameter| parameter.keyword().is_none()).count();
    assert_eq!(others > 0, mail.has_unknown() || mail.has_invalid());
    if strict {
        assert!(!mail.has_invalid());
        match Mail::new(&mail.reverse_path(), parameters.clone()) {
            Ok(made) => assert_eq!(made.parameters().collect::<Vec<_>>(), parameters),
            // nobody should make what a parser has to take
            Err(misuse) => assert!(
                mail.has(MailKeyword::Mtrk) && !mail.has(MailKeyword::Envid) || mail.has_unknown(),
                "{misuse}"
            ),
        }
    }
}

fn rcpt_parameters(rcpt: &Rcpt, strict: bool) {
    fuzz::smtp::check_path(rcpt.forward_path().as_bytes(), rcpt.forward_path().mailbox());
    let parameters: Vec<RcptParameter<'_>> = rcpt.parameters().collect();
    for parameter in &parameters {
        match parameter {
            RcptParameter::Orcpt(orcpt) => {
                assert_no_line_end(&orcpt.decode());
                assert_eq!(orcpt.to_ascii().decode(), orcpt.decode());
                assert!(orcpt.to_ascii().is_ascii());
            }
            RcptParameter::AltAddress(text) => assert_no_line_end(&text.decode()),
            _ => {}
        }
        if let Some(keyword) = parameter.keyword() {
            assert_eq!(rcpt.get(keyword).as_ref(), Some(parameter));
        }
    }
    for &keyword in RcptKeyword::ALL {
        let there = parameters.iter().filter(|parameter| parameter.keyword() == Some(keyword)).count();
        assert_eq!(usize::from(rcpt.has(keyword)), there, "{keyword:?}");
        assert_eq!(rcpt.get(keyword).is_some(), rcpt.has(keyword));
    }
    let others = parameters.iter().filter(|parameter| parameter.keyword().is_none()).count();
    assert_eq!(others > 0, rcpt.has_unknown() || rcpt.has_invalid());
    if strict {
        assert!(!rcpt.has_invalid());
        match Rcpt::new(&rcpt.forward_path(), parameters.clone()) {
            Ok(made) => assert_eq!(made.parameters().collect::<Vec<_>>(), parameters),
            Err(misuse) => assert!(rcpt.has_unknown(), "{misuse}"),
        }
    }
}
