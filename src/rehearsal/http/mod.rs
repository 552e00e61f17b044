//! HTTP/1.1 as a crowd speaks it: one thread, many connections, one request under way on each.
//! [`Load`] carries whatever a [`Traffic`] wants to send; rehearsal and measurement share it.

mod connection;
mod load;
mod response;

pub use load::{CONNECTIONS_DEFAULT, Load};

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The connection was cut on purpose.
    Cut,
    /// The other side closed it, or it broke.
    Broken,
    /// Nothing came in time.
    TimedOut,
    /// What came is not an answer of this protocol.
    NotHttp,
}

/// What to do with a free connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send the request that was written.
    Send {
        /// Comes back with the answer.
        tag: u64,
        /// Close the connection as soon as the request is written.
        cut: bool,
    },
    /// Nothing before this moment, µs on the clock of the run.
    WaitUntil(i64),
    /// Nothing before an answer comes.
    Wait,
    /// Nothing ever again.
    Done,
}

/// Where requests come from and answers go.
pub trait Traffic {
    /// The next request, appended whole to `request`, which is empty.
    fn next(&mut self, now_us: i64, request: &mut Vec<u8>) -> Next;

    /// An answer came.
    fn response(&mut self, tag: u64, status: u16, body: &[u8], now_us: i64);

    /// No answer will come.
    fn lost(&mut self, tag: u64, why: Why, now_us: i64);

    /// Called again and again, at least ten times a second.
    fn tick(&mut self, _now_us: i64) {}

    /// Whether to end the run as it is, because no connection has been up for some time.
    fn gives_up(&mut self, _now_us: i64) -> bool {
        false
    }
}
