//! Commands and answers as whole numbers, for the way between two nodes of one version. A reading
//! that does not fit in every number is refused: the other side is another version, or not a node.

use fanfare_engine::wire::{put_fact, read_fact};
use fanfare_engine::{
    Act, Claim, ClaimState, Command, Fact, Fan, Key, Line, Number, Place, Promise, Quantity,
    Refusal,
};
use fanfare_lane::Reply;

/// A command as numbers, and the bytes of what numbers are too few for.
pub type Written = (Vec<u64>, Vec<u8>);

/// Writes a command.
pub fn of_command(command: &Command) -> Written {
    let act = |kind: u64, act: &Act| vec![kind, act.by.get(), act.why];
    let numbers = match command {
        Command::Claim { fan, line, quantity, key } => {
            let key = key.map_or(0, Key::get);
            vec![1, fan.get(), line.0.into(), quantity.get().into(), key]
        }
        Command::Settle { number } => vec![2, number.get().into()],
        Command::Release { number } => vec![3, number.get().into()],
        Command::Return { number } => vec![4, number.get().into()],
        Command::Grant { fan, line, quantity, until_s } => {
            vec![5, fan.get(), line.0.into(), quantity.get().into(), (*until_s).into()]
        }
        Command::Pause(of) => act(6, of),
        Command::Resume(of) => act(7, of),
        Command::Close(of) => act(8, of),
        Command::Restock { line, units, act } => {
            vec![9, act.by.get(), act.why, line.0.into(), (*units).into()]
        }
        Command::Withdraw { line, units, act } => {
            vec![10, act.by.get(), act.why, line.0.into(), (*units).into()]
        }
        Command::Amend { amendment, act } => {
            let mut bytes = Vec::new();
            put_fact(&mut bytes, &Fact::Amended { amendment: *amendment, act: *act });
            return (vec![11], bytes);
        }
    };
    (numbers, Vec::new())
}

/// Reads a command.
pub fn command(numbers: &[u64], bytes: &[u8]) -> Option<Command> {
    let line = |number: u64| u16::try_from(number).ok().map(Line);
    let quantity = |number: u64| Quantity::new(u16::try_from(number).ok()?);
    let act = |by: u64, why: u64| Some(Act { by: Fan::new(by)?, why });
    Some(match *numbers {
        [1, fan, of, count, key] => Command::Claim {
            fan: Fan::new(fan)?,
            line: line(of)?,
            quantity: quantity(count)?,
            key: (key != 0).then(|| Key::new(key)),
        },
        [2, number] => Command::Settle { number: claim_number(number)? },
        [3, number] => Command::Release { number: claim_number(number)? },
        [4, number] => Command::Return { number: claim_number(number)? },
        [5, fan, of, count, until_s] => Command::Grant {
            fan: Fan::new(fan)?,
            line: line(of)?,
            quantity: quantity(count)?,
            until_s: u32::try_from(until_s).ok()?,
        },
        [6, by, why] => Command::Pause(act(by, why)?),
        [7, by, why] => Command::Resume(act(by, why)?),
        [8, by, why] => Command::Close(act(by, why)?),
        [9, by, why, of, units] => Command::Restock {
            line: line(of)?,
            units: u32::try_from(units).ok()?,
            act: act(by, why)?,
        },
        [10, by, why, of, units] => Command::Withdraw {
            line: line(of)?,
            units: u32::try_from(units).ok()?,
            act: act(by, why)?,
        },
        [11] => match read_fact(bytes).ok()? {
            Fact::Amended { amendment, act } => Command::Amend { amendment, act },
            _ => return None,
        },
        _ => return None,
    })
}

fn claim_number(number: u64) -> Option<Number> {
    Number::new(u32::try_from(number).ok()?)
}

/// Writes an answer.
pub fn of_reply(reply: &Reply) -> Vec<u64> {
    match reply {
        Reply::Claim { claim, fresh } => vec![
            1,
            u64::from(*fresh),
            claim.number.get().into(),
            claim.fan.get(),
            claim.line.0.into(),
            claim.quantity.get().into(),
            at(&ClaimState::ALL, claim.state),
            claim.until_s.into(),
            claim.key.map_or(0, Key::get),
            claim.place.seq.into(),
            claim.place.index.into(),
            claim.before.into(),
        ],
        Reply::Acted => vec![2],
        Reply::Refused(refusal) => of_refusal(refusal),
        Reply::Busy => vec![4],
        Reply::Unsure => vec![5],
    }
}

/// Reads an answer.
pub fn reply(numbers: &[u64]) -> Option<Reply> {
    Some(match *numbers {
        [1, fresh, number, fan, line, quantity, state, until_s, key, seq, index, before] => {
            let claim = Claim {
                number: claim_number(number)?,
                fan: Fan::new(fan)?,
                line: Line(u16::try_from(line).ok()?),
                quantity: Quantity::new(u16::try_from(quantity).ok()?)?,
                state: of(&ClaimState::ALL, state)?,
                until_s: u32::try_from(until_s).ok()?,
                key: (key != 0).then(|| Key::new(key)),
                place: Place { seq: u32::try_from(seq).ok()?, index: u16::try_from(index).ok()? },
                before: u32::try_from(before).ok()?,
            };
            Reply::Claim { claim, fresh: fresh == 1 }
        }
        [2] => Reply::Acted,
        [3, kind, with] => Reply::Refused(refusal(kind, with)?),
        [4] => Reply::Busy,
        [5] => Reply::Unsure,
        _ => return None,
    })
}

fn of_refusal(refusal: &Refusal) -> Vec<u64> {
    let (kind, with) = match refusal {
        Refusal::NotOpen { opens_at_ms } => (0, *opens_at_ms as u64),
        Refusal::Paused => (1, 0),
        Refusal::Closed => (2, 0),
        Refusal::SoldOut { may_return } => (3, u64::from(*may_return)),
        Refusal::LimitReached => (4, 0),
        Refusal::KeyReused { number } => (5, number.get().into()),
        Refusal::NoSuchLine => (6, 0),
        Refusal::NoSuchClaim => (7, 0),
        Refusal::NotHeld { state } => (8, at(&ClaimState::ALL, *state)),
        Refusal::TooMany { possible } => (9, (*possible).into()),
        Refusal::BreaksPromise(promise) => (10, at(&PROMISES, *promise)),
        Refusal::ActReused => (11, 0),
    };
    vec![3, kind, with]
}

fn refusal(kind: u64, with: u64) -> Option<Refusal> {
    Some(match kind {
        0 => Refusal::NotOpen { opens_at_ms: with as i64 },
        1 => Refusal::Paused,
        2 => Refusal::Closed,
        3 => Refusal::SoldOut { may_return: with == 1 },
        4 => Refusal::LimitReached,
        5 => Refusal::KeyReused { number: claim_number(with)? },
        6 => Refusal::NoSuchLine,
        7 => Refusal::NoSuchClaim,
        8 => Refusal::NotHeld { state: of(&ClaimState::ALL, with)? },
        9 => Refusal::TooMany { possible: u32::try_from(with).ok()? },
        10 => Refusal::BreaksPromise(of(&PROMISES, with)?),
        11 => Refusal::ActReused,
        _ => return None,
    })
}

const PROMISES: [Promise; 13] = [
    Promise::OpeningKept,
    Promise::OpeningAhead,
    Promise::OpensFirst,
    Promise::ClosingAhead,
    Promise::ClosesLast,
    Promise::HoldKept,
    Promise::HoldLasts,
    Promise::LimitKept,
    Promise::PriceNotNegative,
    Promise::PriceKept,
    Promise::ReserveWithin,
    Promise::LineOnce,
    Promise::Bounds,
];

fn at<T: Copy + PartialEq>(all: &[T], one: T) -> u64 {
    all.iter().position(|other| *other == one).unwrap_or(all.len()) as u64
}

fn of<T: Copy>(all: &[T], number: u64) -> Option<T> {
    all.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_engine::{Amendment, LineTerms};

    fn commands() -> Vec<Command> {
        let (fan, line, quantity) = (Fan::new(77).unwrap(), Line(3), Quantity::new(2).unwrap());
        let act = Act { by: fan, why: u64::MAX };
        let number = Number::new(9).unwrap();
        let new = LineTerms { id: 5, price_minor: -3, stock: 7, reserve: 1 };
        vec![
            Command::Claim { fan, line, quantity, key: Some(Key::new(u64::MAX)) },
            Command::Claim { fan, line, quantity, key: None },
            Command::Settle { number },
            Command::Release { number },
            Command::Return { number },
            Command::Grant { fan, line, quantity, until_s: u32::MAX },
            Command::Pause(act),
            Command::Resume(act),
            Command::Close(act),
            Command::Restock { line, units: 4, act },
            Command::Withdraw { line, units: 4, act },
            Command::Amend { amendment: Amendment::OpensAt(-1), act },
            Command::Amend { amendment: Amendment::NewLine(new), act },
        ]
    }

    fn replies() -> Vec<Reply> {
        let place = Place { seq: 8, index: 4_095 };
        let mut claim = Claim {
            number: Number::new(1).unwrap(),
            fan: Fan::FIRST,
            line: Line(0),
            quantity: Quantity::MIN,
            state: ClaimState::Held,
            until_s: 5,
            key: None,
            place,
            before: 0,
        };
        let mut all = vec![Reply::Acted, Reply::Busy, Reply::Unsure];
        for state in ClaimState::ALL {
            claim.state = state;
            all.push(Reply::Claim { claim, fresh: state == ClaimState::Held });
            all.push(Reply::Refused(Refusal::NotHeld { state }));
        }
        let refused = [
            Refusal::NotOpen { opens_at_ms: -7 },
            Refusal::Paused,
            Refusal::Closed,
            Refusal::SoldOut { may_return: true },
            Refusal::LimitReached,
            Refusal::KeyReused { number: Number::new(3).unwrap() },
            Refusal::ActReused,
            Refusal::NoSuchLine,
            Refusal::NoSuchClaim,
            Refusal::TooMany { possible: 6 },
        ];
        all.extend(refused.map(Reply::Refused));
        all.extend(PROMISES.map(|promise| Reply::Refused(Refusal::BreaksPromise(promise))));
        all
    }

    #[test]
    fn every_command_and_answer_reads_back_and_no_shorter_one_does() {
        for one in commands() {
            let (numbers, bytes) = of_command(&one);
            assert_eq!(command(&numbers, &bytes), Some(one));
            assert_eq!(command(&numbers[..numbers.len() - 1], &bytes), None);
        }
        for one in replies() {
            let numbers = of_reply(&one);
            assert_eq!(reply(&numbers), Some(one));
            assert_eq!(reply(&numbers[..numbers.len() - 1]), None);
        }
    }
}
