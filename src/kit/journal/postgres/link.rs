//! One connection, made again when it breaks, for a thread that waits for its answers.

use super::super::JournalError;
use super::super::journals::Standing;
use super::schema;
use super::tls::{self, Secured, Speaking};
use crate::kit::database::{self, Database, Secure};
use futures_util::future::select_ok;
use std::cell::{Cell, RefCell};
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::pin;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

/// How long a server may take to let us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How much later the server that failed last is asked than the others: one that was cut off from
/// its standbys may take longest to notice that another is in its place.
const BEHIND_OTHERS: Duration = Duration::from_millis(500);

/// How long a server may be silent below a statement before the kernel calls the connection dead.
const SILENT_FOR: Duration = Duration::from_secs(10);

/// A connection to one server, or to the one of several that can be written.
pub(super) struct Link {
    // In this order, so that the connection ends before what drives it.
    live: RefCell<Option<Live>>,
    runtime: Runtime,
    /// One a host of the URL.
    hosts: Vec<Config>,
    secure: Secure,
    /// Where the connection was that was given up last.
    left: Cell<Option<usize>>,
    shown: String,
    standing: Standing,
    writes: bool,
}

struct Live {
    host: usize,
    client: Client,
    warning: Arc<Mutex<Option<String>>>,
    driver: JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why a statement did not go well.
pub(super) enum Fault {
    /// The server, or nobody, answered.
    Silent(String),
    /// There is no journal there yet.
    Missing,
    /// The server says the statement is wrong.
    Unfit(String),
}

impl Link {
    /// For this URL; connects when first asked.
    ///
    /// # Errors
    /// If it is no URL of a PostgreSQL server.
    pub(super) fn new(url: &str, standing: Standing, writes: bool) -> Result<Self, JournalError> {
        let database = Database::Url(url.to_owned());
        let unfit = |why: String| JournalError::Unfit(format!("--journal: {why}"));
        let secure = database.secure().map_err(unfit)?;
        Speaking::new(&secure).map_err(unfit)?;
        let urls = Database::Url(secure.url.clone()).each_host();
        let hosts: Result<Vec<_>, _> = urls.iter().map(|url| Config::from_str(url)).collect();
        let mut hosts = hosts.map_err(|_| unfit(database::LIKE.to_owned()))?;
        let several = hosts.len() > 1;
        for host in &mut hosts {
            prepare(host, several);
            host.ssl_mode(tls::mode(&secure));
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| JournalError::Silent(why.to_string()))?;
        let shown = database.shown();
        let (live, left) = (RefCell::new(None), Cell::new(None));
        Ok(Self { live, runtime, hosts, secure, left, shown, standing, writes })
    }

    /// Asks the server, connecting first where need be. A connection whose answer did not come,
    /// or came with a fault, is given up.
    ///
    /// # Errors
    /// If the answer is not to be had.
    pub(super) fn ask<R>(
        &self,
        within: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<R, tokio_postgres::Error>,
    ) -> Result<R, JournalError> {
        let asked = self.ask_warned(within, work);
        asked.map(|(answer, _)| answer)
    }

    /// The same, with the warning the server gave while it worked, if it did.
    pub(super) fn ask_warned<R>(
        &self,
        within: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<R, tokio_postgres::Error>,
    ) -> Result<(R, Option<String>), JournalError> {
        let mut live = self.live.borrow_mut();
        let asked = self.runtime.block_on(async {
            if live.as_ref().is_none_or(|live| live.client.is_closed()) {
                *live = None;
                *live = Some(self.connect().await?);
            }
            let Some(live) = live.as_ref() else {
                return Err(Fault::Silent("not connected".to_owned()));
            };
            let _ = live.take_warning();
            match timeout(within, work(&live.client)).await {
                Ok(Ok(answer)) => Ok((answer, live.take_warning())),
                Ok(Err(why)) => Err(fault(&why)),
                Err(_) => Err(Fault::Silent(format!("no answer within {} s", within.as_secs()))),
            }
        });
        asked.map_err(|fault| {
            if let Some(given_up) = live.take() {
                self.left.set(Some(given_up.host));
            }
            let named = |why: &str| format!("journal at {}: {why}", self.shown);
            match fault {
                Fault::Silent(why) => JournalError::Silent(named(&why)),
                Fault::Missing => JournalError::Missing(named("there is no journal")),
                Fault::Unfit(why) => JournalError::Unfit(named(&why)),
            }
        })
    }

    async fn connect(&self) -> Result<Live, Fault> {
        let live = self.connect_to_any().await?;
        let insisted = schema::insist(&live.client, &self.standing, self.writes);
        timeout(CONNECT_WITHIN, insisted).await.map_err(silent)??;
        Ok(live)
    }

    /// Asks all hosts at once and takes the first that may be written, so that one that is dead
    /// costs nothing.
    async fn connect_to_any(&self) -> Result<Live, Fault> {
        let speaking = Speaking::new(&self.secure).map_err(Fault::Silent)?;
        let hosts = self.hosts.iter().enumerate();
        let each =
            hosts.map(|(at, config)| Box::pin(self.connect_to(at, config, speaking.clone())));
        select_ok(each).await.map(|(live, _)| live)
    }

    async fn connect_to(
        &self,
        host: usize,
        config: &Config,
        speaking: Speaking,
    ) -> Result<Live, Fault> {
        if self.hosts.len() > 1 && self.left.get() == Some(host) {
            sleep(BEHIND_OTHERS).await;
        }
        // A server that stands still lets us in and says nothing.
        let connected = timeout(CONNECT_WITHIN, config.connect(speaking)).await;
        let (client, connection) = connected.map_err(silent)?.map_err(|why| fault(&why))?;
        let warning = Arc::new(Mutex::new(None));
        let driver = tokio::spawn(drive(connection, warning.clone()));
        Ok(Live { host, client, warning, driver })
    }
}

fn silent(_: Elapsed) -> Fault {
    Fault::Silent("no answer".to_owned())
}

impl Live {
    fn take_warning(&self) -> Option<String> {
        self.warning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What every connection is told. Of several servers only the one that is written is of use: the
/// others may be behind, or have rows that are going to be taken back.
fn prepare(config: &mut Config, several: bool) {
    config.application_name("fanfare");
    config.connect_timeout(CONNECT_WITHIN).tcp_user_timeout(SILENT_FOR);
    config.keepalives_idle(SILENT_FOR).keepalives_interval(SILENT_FOR / 5);
    // A timeout of the server's would end a commit between its two halves.
    config.options("-c statement_timeout=0 -c lock_timeout=0 -c client_min_messages=warning");
    if several {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

/// Moves what goes over the wire, and keeps what the server warns of.
async fn drive(connection: Connection<Socket, Secured>, warning: Warning) {
    let mut connection = pin!(connection);
    while let Some(Ok(message)) = poll_fn(|cx| connection.as_mut().get_mut().poll_message(cx)).await
    {
        if let AsyncMessage::Notice(notice) = message {
            let mut kept = warning.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(notice.to_string());
        }
    }
}

type Warning = Arc<Mutex<Option<String>>>;

/// An answer that says the statement or the data is wrong will be the same next time.
pub(super) fn fault(why: &tokio_postgres::Error) -> Fault {
    let Some(said) = why.as_db_error() else {
        if let Some(words) = database::words(why) {
            return Fault::Silent(words);
        }
        let cause = why.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        return Fault::Silent(format!("{why}{cause}"));
    };
    let words = said.to_string();
    match said.code().code().get(..2) {
        // Data, integrity, syntax and rights, and data that is damaged.
        Some("22" | "23" | "28" | "3D" | "42" | "XX") => Fault::Unfit(words),
        _ => Fault::Silent(words),
    }
}
