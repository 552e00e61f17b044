//! Who is compared, in words.

/// What a power cut leaves of a claim that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// It was synced before its answer.
    Durable,
    /// It was in memory only.
    Memory,
    /// There was no claim: the request was read and answered.
    Nothing,
}

impl Keeps {
    /// In a word, as the table and the plot say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Memory => "in memory",
            Self::Nothing => "keeps nothing",
        }
    }
}

/// One way to do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What the script calls it.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What a power cut leaves.
    pub keeps: Keeps,
}

const fn peer(id: &'static str, name: &'static str, keeps: Keeps) -> Peer {
    Peer { id, name, keeps }
}

/// Everybody.
pub const PEERS: [Peer; 11] = [
    peer("lane", "Fanfare's lane, in process", Keeps::Durable),
    peer("http", "Fanfare over HTTP", Keeps::Durable),
    peer("bare", "the bare HTTP server", Keeps::Nothing),
    peer("redis_piped", "Redis with Lua, pipelined", Keeps::Memory),
    peer("redis_single", "Redis with Lua, not pipelined", Keeps::Memory),
    peer("redis_piped_synced", "Redis with Lua, pipelined, fsync always", Keeps::Durable),
    peer("redis_single_synced", "Redis with Lua, not pipelined, fsync always", Keeps::Durable),
    peer("postgres_update", "PostgreSQL, atomic UPDATE and insert", Keeps::Durable),
    peer("postgres_lock", "PostgreSQL, row lock and insert", Keeps::Durable),
    peer("postgres_batched", "PostgreSQL, batched inserts", Keeps::Durable),
    peer("sqlite_batched", "SQLite, batched inserts", Keeps::Durable),
];

/// The peer the script calls so.
pub fn named(id: &str) -> Result<Peer, String> {
    let found = PEERS.iter().find(|peer| peer.id == id);
    found.copied().ok_or_else(|| format!("`{id}` is nobody who is compared"))
}
