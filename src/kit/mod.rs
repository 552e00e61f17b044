//! What every domain uses: the data folder, the journal, the cold side's database,
//! clock, keys, tokens, problem answers, listeners, TLS, trusted proxies, threads that must not
//! fall, words in two languages. Nothing in here knows what a drop is.

pub mod clock;
pub mod data;
pub mod database;
pub mod db;
pub mod ended;
pub mod guard;
pub mod heads;
pub mod hex;
pub mod journal;
pub mod keys;
pub mod metrics;

pub mod problem;
pub mod process;
pub mod program;
pub mod proxy;
pub mod rates;
pub mod request_id;
pub mod scratch;
pub mod serve;
pub mod tls;
pub mod token;
pub mod turns;
pub mod vital;
pub mod words;
