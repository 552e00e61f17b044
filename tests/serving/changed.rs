//! What becomes of a claim, asked in front of the router and behind it: a query behind the path is
//! the router's to read, and both say the same words to the same askers.

use super::hosts::open_place;
use crate::common::festival::BOX;
use crate::common::http::{Answer, Client};
use crate::common::served::Served;
use fanfare::kit::token::Role;

/// Asks by the hot route, or by the router.
fn ask(served: &Served, hot: bool, (claim, verb): (&str, &str), token: &str) -> Answer {
    let path = format!("/api/v1/claims/{claim}/{verb}{}", if hot { "" } else { "?" });
    Client::connect(served.address).unwrap().call(("POST", &path), token, None, "").unwrap()
}

/// What is to be alike: the status, what the body says and of what, and the head's fields. Only the
/// router names a request that came without a name.
fn alike(answer: &Answer) -> (u16, String, Vec<String>) {
    let members = answer.body.as_object().into_iter().flatten().map(|(name, value)| match value {
        serde_json::Value::String(text) if ["code", "state", "title"].contains(&&**name) => {
            format!("{name}: {text}")
        }
        _ => name.clone(),
    });
    let others = ["date", "x-request-id", "content-length"];
    let own = |line: &&str| !others.iter().any(|name| line.starts_with(name));
    let mut fields: Vec<String> = answer.head.lines().filter(own).map(str::to_owned).collect();
    fields.sort();
    (answer.status, members.collect::<Vec<_>>().join(", "), fields)
}

#[test]
fn a_claim_is_paid_and_given_back_alike_by_either_way() {
    let (_place, served) = open_place();
    let (cashier, host) = (served.token(90, Role::Cashier), served.token(91, Role::Host));
    let claims: Vec<(u64, String)> = (1..=8)
        .map(|fan| (fan, served.claim("boxes", fan, BOX).text_of("claim").to_owned()))
        .collect();
    let mut seen = Vec::new();
    for hot in [true, false] {
        let own = |at: usize| &claims[at + if hot { 0 } else { 4 }];
        let fan = |at: usize| served.token(own(at).0, Role::Fan);
        let both = [
            // Paid by who may, and once more.
            (0, "settlement", cashier.clone(), 200),
            (0, "settlement", cashier.clone(), 200),
            (1, "settlement", host.clone(), 200),
            // Given back by who has it, not after paying, and by nobody else.
            (2, "release", fan(2), 200),
            (0, "release", fan(0), 409),
            (3, "release", cashier.clone(), 404),
            (3, "release", fan(2), 404),
            // A fan pays elsewhere; who is nobody does nothing at all.
            (3, "settlement", fan(3), 403),
            (3, "settlement", "nobody".to_owned(), 401),
            (3, "release", "nobody".to_owned(), 401),
        ];
        let answers = both.iter().map(|(at, verb, token, status)| {
            let answer = ask(&served, hot, (&own(*at).1, verb), token);
            assert_eq!(answer.status, *status, "{at} {verb} hot {hot}: {answer:?}");
            // What the lane decides is answered without the router, which names each request.
            if [200, 409].contains(status) {
                assert_eq!(answer.head.contains("x-request-id"), !hot, "{answer:?}");
            }
            alike(&answer)
        });
        let mut answers: Vec<_> = answers.collect();
        for odd in ["1-2", "x", "1-999-0", "99-1-0"] {
            answers.push(alike(&ask(&served, hot, (odd, "settlement"), &cashier)));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    served.end();
}
