//! The end.

use super::*;

#[test]
fn case_154_deletes_are_for_quit_in_the_transaction_state_only() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Closed);
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Update);
    let mut server = logged_in(config());
    server.receive_eof();
    assert_eq!(server.next_event(), Ok(Step::Closed));
    assert_eq!(server.state(), State::Transaction, "no UPDATE without QUIT");
}

#[test]
fn the_connection_may_end_anywhere() {
    let mut server = logged_in(config());
    server.receive(b"NOO");
    server.receive_eof();
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("a command")));
    let (mut server, id) = sending(config());
    server.receive_eof();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)), "the client may still read");
    server.end_body(id).unwrap();
    assert_eq!(server.next_event(), Ok(Step::Closed));
    let mut server = self::server(config());
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    server.receive_eof();
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("a SASL exchange")));
}

#[test]
fn a_server_that_refuses_says_so_and_closes() {
    let greeting = Greeting::new(Status::err("too busy").unwrap()).unwrap();
    let mut server = Server::new(config(), &greeting);
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert_eq!(server.output().take_all(), "-ERR too busy\r\n");
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

#[test]
fn sending_works_after_the_receive_side_has_failed() {
    let mut config = config();
    config.limits.max_bad_commands = Some(0);
    let mut server = logged_in(config);
    server.receive(b"NOOP\r\nUSER\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors));
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors));
    assert!(!server.wants_read());
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.output().take_all(), "+OK\r\n");
    server.say_last().unwrap();
    assert_eq!(server.output().take_all(), "-ERR Too many errors, closing\r\n");
    assert!(logged_in(self::config()).say_last().is_err(), "nothing has failed");
}

#[test]
fn timeouts_run_while_the_client_is_to_speak() {
    let ten_minutes = Some(core::time::Duration::from_secs(600));
    let mut server = logged_in(config());
    assert_eq!(server.timeout(), ten_minutes);
    let (id, _) = command(&mut server, "NOOP\r\n");
    assert_eq!(server.timeout(), None, "the application's turn");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.timeout(), ten_minutes);
}
