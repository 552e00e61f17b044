//! A client: claims, asks again, pays, gives back, and remembers what it was told, until the
//! connection breaks.

use super::memory::{Ask, Memory, Told};
use super::place::DROP;
use crate::common::http::{Answer, Client};
use crate::common::token_now;
use fanfare::kit::token::{Role, Tokens};
use fanfare_engine::ClaimState;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Asks for one box.
pub fn claim(client: &mut Client, tokens: &Tokens, ask: &Ask) -> io::Result<Answer> {
    let path = format!("/api/v1/drops/{DROP}/claims");
    let (token, key) = (token_now(tokens, ask.fan, Role::Fan), ask.key.as_deref());
    client.call(("POST", &path), &token, key, r#"{"item":"box"}"#)
}

/// What a 200 or 201 says of a claim.
pub fn told(ask: &Ask, answer: &Answer) -> Told {
    assert!(matches!(answer.status, 200 | 201), "{ask:?}: {answer:?}");
    assert!(answer.head.contains("content-type: application/json\r\n"), "{answer:?}");
    let state = match answer.text_of("state") {
        "held" => ClaimState::Held,
        "settled" => ClaimState::Settled,
        "released" => ClaimState::Released,
        other => panic!("{ask:?}: {other}"),
    };
    let number = answer.body["number"].as_u64().unwrap();
    Told { ask: ask.clone(), id: answer.text_of("claim").to_owned(), number, state, asked: None }
}

/// A fan who asks once more with the same key hears of the same claim.
pub fn same(before: &Told, again: &Answer) {
    assert_eq!(again.status, 200, "{before:?}: {again:?}");
    let again = told(&before.ask, again);
    let key = |told: &Told| (told.id.clone(), told.number, told.state);
    assert_eq!(key(&again), key(before), "{:?}", before.ask);
}

/// Buys until the connection breaks, or the test has failed elsewhere.
pub fn buy(
    server: SocketAddr,
    tokens: &Tokens,
    next_fan: &AtomicU64,
    failed: &AtomicBool,
) -> Memory {
    let mut memory = Memory::default();
    if let Ok(mut client) = Client::connect(server) {
        while !failed.load(Ordering::Relaxed)
            && one_fan(&mut client, tokens, next_fan, &mut memory).is_ok()
        {}
    }
    memory
}

/// All one fan does. Which of it a fan does hangs on the fan's number.
fn one_fan(
    client: &mut Client,
    tokens: &Tokens,
    next_fan: &AtomicU64,
    memory: &mut Memory,
) -> io::Result<()> {
    let fan = next_fan.fetch_add(1, Ordering::Relaxed);
    let ask = Ask { fan, key: fan.is_multiple_of(2).then(|| format!("phone-{fan}")) };
    if !remembered(client, tokens, &ask, memory)? {
        return Ok(());
    }
    if fan.is_multiple_of(4) {
        let again = claim(client, tokens, &ask)?;
        // Without its database a server may know no more than that it does not know.
        if again.status != 503 {
            same(memory.told.last().unwrap(), &again);
        }
    }
    if fan.is_multiple_of(3) {
        change(client, tokens, ("settlement", ClaimState::Settled), memory)?;
    } else if fan.is_multiple_of(7) {
        change(client, tokens, ("release", ClaimState::Released), memory)?;
    }
    if fan.is_multiple_of(5) {
        let second = Ask { fan, key: Some(format!("second-{fan}")) };
        remembered(client, tokens, &second, memory)?;
    }
    Ok(())
}

/// Asks for a claim that was never asked for. False if nothing was done.
fn remembered(
    client: &mut Client,
    tokens: &Tokens,
    ask: &Ask,
    memory: &mut Memory,
) -> io::Result<bool> {
    let answer = claim(client, tokens, ask).inspect_err(|_| memory.unheard.push(ask.clone()))?;
    match (answer.status, answer.text_of("code")) {
        (201, _) => memory.told.push(told(ask, &answer)),
        (503, "busy") => {
            memory.busy += 1;
            return Ok(false);
        }
        (503, "unsure") => {
            memory.unsure += 1;
            memory.unheard.push(ask.clone());
            return Ok(false);
        }
        _ => panic!("{ask:?}: {answer:?}"),
    }
    Ok(true)
}

/// Pays for the newest claim, or gives it back.
fn change(
    client: &mut Client,
    tokens: &Tokens,
    (verb, to): (&str, ClaimState),
    memory: &mut Memory,
) -> io::Result<()> {
    let told = memory.told.last_mut().unwrap();
    let path = format!("/api/v1/claims/{}/{verb}", told.id);
    // Whoever takes the money has the fan's number here, so that no cashier asks too fast.
    let role = if to == ClaimState::Settled { Role::Cashier } else { Role::Fan };
    told.asked = Some(to);
    let answer = client.call(("POST", &path), &token_now(tokens, told.ask.fan, role), None, "")?;
    match (answer.status, answer.text_of("code")) {
        (503, "busy") => {
            told.asked = None;
            return Ok(());
        }
        (503, "unsure") => return Ok(()),
        _ => {}
    }
    let is = self::told(&told.ask, &answer);
    assert_eq!((&is.id, is.number, is.state), (&told.id, told.number, to));
    (told.state, told.asked) = (to, None);
    Ok(())
}
