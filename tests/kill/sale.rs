//! A sale that is interrupted again and again, and what is asked after each start.

use super::crowd;
use super::memory::{Ask, Memory, Told};
use super::place::{self, Place, first_key};
use crate::common::http::{Answer, Client};
use crate::common::postgres::Postgres;
use crate::common::token_now;
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use fanfare::verify;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Clients at once.
const CLIENTS: usize = 24;

/// Clients that ask for all claims.
const ASKERS: usize = 4;

/// The newest claims are asked for over HTTP after each start, and some of all others. Every one
/// is looked up in the journal.
const NEWEST: usize = 400;
const SAMPLE: usize = 20;

/// A setting of a test, from the environment.
pub fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A number below this one.
pub fn below(bound: u64) -> u64 {
    getrandom::u64().unwrap() % bound
}

/// Tells of a panic.
struct Tells<'a>(&'a AtomicBool);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.store(thread::panicking(), Ordering::Relaxed);
    }
}

/// What the rounds took.
#[derive(Default)]
pub struct Figures {
    /// Milliseconds to the first correct answer, and how much of it was processor time.
    pub first_answers: Vec<(f64, f64)>,
    pub verify_s: Vec<f64>,
    /// Requests that got no answer, and those of them that had been done.
    pub unheard: usize,
    pub unheard_done: usize,
    pub killed_starting: u64,
    pub killed_database: u64,
}

/// A sale that is interrupted again and again.
pub struct Sale {
    pub place: Place,
    /// What the journal is on, if it is a server.
    pub database: Option<Postgres>,
    pub tokens: Tokens,
    pub next_fan: AtomicU64,
    pub memory: Memory,
    pub figures: Figures,
}

impl Sale {
    pub fn new(claims: u64) -> Self {
        Self::on(None, claims)
    }

    /// With the journal on this server.
    pub fn on(database: Option<Postgres>, claims: u64) -> Self {
        let place = Place::new(database.as_ref().map(Postgres::database));
        let first = place.fill(claims);
        let tokens = Tokens::new(Keys::open(&place.data()).unwrap().tokens);
        let memory = Memory { first, ..Memory::default() };
        let next_fan = AtomicU64::new(claims + 1);
        Self { place, database, tokens, next_fan, memory, figures: Figures::default() }
    }

    /// Lets the crowd in until all its connections are broken by what happens meanwhile.
    pub fn sell(
        &mut self,
        server: SocketAddr,
        meanwhile: impl FnOnce(Option<&mut Postgres>, &mut Figures),
    ) {
        let (tokens, next_fan) = (&self.tokens, &self.next_fan);
        let failed = AtomicBool::new(false);
        let memories: Vec<Memory> = thread::scope(|scope| {
            // A crowd that is waited for must not buy on for ever when the test fails.
            let _tells = Tells(&failed);
            let buyers: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| crowd::buy(server, tokens, next_fan, &failed)))
                .collect();
            meanwhile(self.database.as_mut(), &mut self.figures);
            buyers.into_iter().map(|buyer| buyer.join().unwrap()).collect()
        });
        memories.into_iter().for_each(|memory| self.memory.add(memory));
    }

    /// The first answers after a start: an old claim is still known, and a new one is made.
    pub fn first_answer(&mut self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        let claims = self.memory.first.len() as u64;
        let fan = 2 * (1 + below(claims / 2));
        let known = self.memory.first[fan as usize - 1];
        let told = Told {
            ask: Ask { fan, key: first_key(fan) },
            id: fanfare::drops::answers::claim_id(place::LANE, known.place),
            number: known.number.get().into(),
            state: known.state,
            asked: None,
        };
        let again = crowd::claim(&mut client, &self.tokens, &told.ask).unwrap();
        crowd::same(&told, &again);
        let fan = self.next_fan.fetch_add(1, Ordering::Relaxed);
        let ask = Ask { fan, key: Some("first-after-start".to_owned()) };
        let made = crowd::claim(&mut client, &self.tokens, &ask).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        self.memory.told.push(crowd::told(&ask, &made));
    }

    /// The journal holds, and says what everybody was told.
    pub fn check(&mut self, nth: u64) {
        let state = self.place.state().unwrap();
        let faults = self.memory.faults(&state);
        assert!(faults.is_empty(), "start {nth}: {:#?}", &faults[..faults.len().min(20)]);
        self.memory.learn(&state);
        let watch = Stopwatch::start();
        let report = verify::folder(&self.place.data(), &mut |_| {}).unwrap();
        self.figures.verify_s.push(watch.passed_s());
        assert!(report.holds(), "start {nth}: {:#?}", report.broken);
    }

    /// Whoever got no answer asks the same again, twice, and hears of one claim.
    pub fn ask_again(&mut self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        for ask in std::mem::take(&mut self.memory.unheard) {
            self.figures.unheard += 1;
            let answer = crowd::claim(&mut client, &self.tokens, &ask).unwrap();
            self.figures.unheard_done += usize::from(answer.status == 200);
            let told = crowd::told(&ask, &answer);
            crowd::same(&told, &crowd::claim(&mut client, &self.tokens, &ask).unwrap());
            self.memory.told.push(told);
        }
    }

    /// The newest claims, and some of all others, asked for by their fans.
    pub fn look(&self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        let known = &self.memory.told;
        let newest = known.len().saturating_sub(NEWEST)..known.len();
        let sample = (0..known.len().min(SAMPLE)).map(|_| below(known.len() as u64) as usize);
        for told in newest.chain(sample).map(|at| &known[at]) {
            let token = token_now(&self.tokens, told.ask.fan, Role::Fan);
            let path = format!("/api/v1/claims/{}", told.id);
            crowd::same(told, &client.call(("GET", &path), &token, None, "").unwrap());
        }
    }

    /// Every claim made over HTTP, asked for by its fan: with its key once more, if it had one.
    pub fn ask_all(&self, address: SocketAddr) {
        let known = &self.memory.told;
        thread::scope(|scope| {
            for part in known.chunks(known.len().div_ceil(ASKERS).max(1)) {
                scope.spawn(move || {
                    let mut client = Client::connect(address).unwrap();
                    for told in part {
                        crowd::same(told, &self.again(&mut client, told));
                    }
                });
            }
        });
    }

    fn again(&self, client: &mut Client, told: &Told) -> Answer {
        if told.ask.key.is_some() {
            return crowd::claim(client, &self.tokens, &told.ask).unwrap();
        }
        let token = token_now(&self.tokens, told.ask.fan, Role::Fan);
        client.call(("GET", &format!("/api/v1/claims/{}", told.id)), &token, None, "").unwrap()
    }
}
