//! Capabilities, pipelining, states.

use super::*;

#[test]
fn case_138_capabilities_are_kept_and_forgotten() {
    let mut client = ready(lenient());
    assert_eq!(client.capabilities(), None);
    offer(&mut client, "SASL PLAIN\r\nX-ODD  thing\r\nEXPIRE 30 USER\r\n");
    let offered = client.capabilities().unwrap();
    assert!(offered.has("x-odd") && offered.has_mechanism(Mechanism::new("plain").unwrap()));
    // before the login -ERR means that there are none
    client.send(&Command::Capa).unwrap();
    let _ = reply(&mut client, b"-ERR\r\n");
    assert_eq!(client.capabilities(), None);
    // after it, the old ones stay
    offer(&mut client, "UIDL\r\n");
    for command in [user("a"), pass("b"), Command::Capa] {
        client.send(&command).unwrap();
        let ok: &[u8] = if command == Command::Capa { b"-ERR\r\n" } else { b"+OK\r\n" };
        let _ = reply(&mut client, ok);
    }
    assert!(client.capabilities().unwrap().has("UIDL"));
    // an empty list is a list
    offer(&mut client, "");
    assert!(client.capabilities().unwrap().is_empty());
}

#[test]
fn case_139_what_is_not_offered_may_be_tried() {
    let mut client = logged_in(lenient());
    offer(&mut client, "USER\r\n");
    client.send(&Command::Uidl(None)).unwrap();
    let _ = reply(&mut client, b"-ERR no\r\n");
    assert!(client.send(&Command::Top { message: number(1), lines: 0 }).is_ok());
}

#[test]
fn capabilities_without_pipelining_send_one_command_at_a_time() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    assert_eq!(client.send(&Command::List(None)), Err(Misuse::Pipeline));
    assert_eq!(client.output().take_all(), "STAT\r\n", "the refused command has left no trace");
    let _ = reply(&mut client, b"+OK 0 0\r\n");
    assert!(client.send(&Command::List(None)).is_ok());
}

#[test]
fn case_141_groups() {
    let mut client = logged_in(Config::default());
    offer(&mut client, "PIPELINING\r\n");
    let ids: Vec<_> = (1..=3).map(|n| client.send(&Command::Retr(number(n))).unwrap()).collect();
    client.send(&Command::Quit).unwrap();
    assert!(matches!(client.send(&Command::Noop), Err(Misuse::State { .. })), "nothing behind QUIT");
    assert_eq!(client.output().take_all(), "RETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n");
    let stream = b"+OK\r\na\r\n.\r\n-ERR gone\r\n+OK\r\nc\r\n.\r\n+OK bye\r\n";
    let (events, end) = events(&mut client, &[stream]);
    let ended: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            Event::End { id } => Some(*id),
            Event::Reply { id, reply } if !reply.is_ok() => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!((ended, end), (ids, End::NeedInput));
    assert_eq!(client.state(), State::Update);
    client.receive_eof();
    assert_eq!(client.next_event(), Ok(Step::Closed));
}

#[test]
fn logins_go_in_a_batch_only_if_allowed() {
    let mut client = ready(Config { pipelining: Pipelining::Always, ..lenient() });
    client.send(&user("a")).unwrap();
    assert_eq!(client.send(&pass("b")), Err(Misuse::Pipeline));
    let mut client = ready(Config { pipelining: Pipelining::Always, batch_login: true, ..lenient() });
    for command in [user("a"), pass("b"), Command::Stat, Command::Uidl(None)] {
        client.send(&command).unwrap();
    }
    assert_eq!(client.output().take_all(), "USER a\r\nPASS b\r\nSTAT\r\nUIDL\r\n");
    let mut client = ready(Config { pipelining: Pipelining::Always, ..lenient() });
    client.send(&auth("CRAM-MD5", None)).unwrap();
    assert!(client.send(&Command::Stat).is_err(), "AUTH ends a group");
}

#[test]
fn held_commands_go_out_when_they_may() {
    let config = Config { auto_hold: true, ..lenient() };
    let mut client = ready(config);
    let ids: Vec<_> =
        [user("a"), pass("b"), Command::Capa, Command::Stat, Command::List(None), Command::Quit]
            .iter()
            .map(|command| client.send(command).unwrap())
            .collect();
    assert_eq!(
        ids,
        (0..6).scan(CommandId::FIRST, |id, _| Some(core::mem::replace(id, id.next()))).collect::<Vec<_>>()
    );
    assert_eq!(client.output().take_all(), "USER a\r\n");
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.output().take_all(), "PASS b\r\n");
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.output().take_all(), "CAPA\r\n");
    let _ = reply(&mut client, b"+OK\r\nPIPELINING\r\n.\r\n");
    assert_eq!(client.output().take_all(), "STAT\r\nLIST\r\nQUIT\r\n", "from here on in one batch");
    assert_eq!(client.outstanding(), 3);
}

#[test]
fn pending_commands_are_limited_at_n_and_n_plus_1() {
    let mut config = Config { pipelining: Pipelining::Always, ..Config::default() };
    config.limits.max_pipelined = 3;
    let mut client = logged_in(config);
    for _ in 0..3 {
        client.send(&Command::Noop).unwrap();
    }
    assert_eq!(client.send(&Command::Noop), Err(Misuse::PipelineFull));
    assert_eq!(client.expect(ReplyKind::Single), Err(Misuse::PipelineFull));
    let _ = reply(&mut client, b"+OK\r\n");
    assert!(client.send(&Command::Noop).is_ok());
}

#[test]
fn commands_are_sent_in_their_state_only() {
    let transaction = [
        Command::Stat,
        Command::List(None),
        Command::Uidl(None),
        Command::Retr(number(1)),
        Command::Top { message: number(1), lines: 0 },
        Command::Dele(number(1)),
        Command::Rset,
        Command::Noop,
    ];
    let authorization =
        [user("a"), pass("b"), apop(), auth("PLAIN", None), Command::AuthList, Command::Stls, Command::Utf8];
    let both = [
        Command::Capa,
        Command::Lang(None),
        Command::Lang(Some(LanguageRange::preferred())),
        Command::Other(OtherCommand::new("XTND", b"XLST Subject").unwrap()),
        Command::Quit,
    ];
    for command in &transaction {
        assert_eq!(
            ready(lenient()).send(command),
            Err(Misuse::State { wanted: "TRANSACTION" }),
            "{command:?}"
        );
        assert!(logged_in(lenient()).send(command).is_ok());
    }
    for command in &authorization {
        assert!(ready(lenient()).send(command).is_ok(), "{command:?}");
        assert_eq!(logged_in(lenient()).send(command), Err(Misuse::State { wanted: "AUTHORIZATION" }));
    }
    for command in &both {
        assert!(ready(lenient()).send(command).is_ok() && logged_in(lenient()).send(command).is_ok());
    }
}

#[test]
fn commands_end_at_255_octets() {
    for (len, sent) in [(248, true), (249, false)] {
        let command = Command::User(UserName::new(vec![b'u'; len]).unwrap());
        for auto_hold in [false, true] {
            let mut client = ready(Config { auto_hold, ..lenient() });
            let result = client.send(&command);
            assert_eq!(result.is_ok(), sent);
            let expected = if sent { 255 } else { 0 };
            assert_eq!(client.output().take_all().len(), expected);
        }
    }
    let mut client = ready(Config { auto_hold: true, ..lenient() });
    client.send(&Command::Capa).unwrap();
    let long = Command::User(UserName::new(vec![b'u'; 249]).unwrap());
    assert_eq!(client.send(&long), Err(Misuse::TooLong { limit: 255 }), "also when it would be held");
}
