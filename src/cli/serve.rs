//! `fanfare serve`.

use super::opening::Opening;
use super::{Where, cold, default_listen};
use crate::app::{App, ColdSide, Mode};
use crate::drops::cold::Projector;
use crate::drops::joining::Among;
use crate::drops::node::Beside;
use crate::drops::plan;
use crate::festivals::{self, Festival, Pictures};
use crate::host::pulse;
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::proxy::{Network, Proxies};
use crate::kit::serve;
use crate::kit::tls::{self, Tls};
use crate::look::Look;
use crate::nodes::secrets::Secret;
use crate::pages::Starting;
use crate::routes::Front;
use crate::{drops, live};
use clap::Args;
use fanfare_lane::LaneConfig;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The festival served when no file is named.
const DEMO: &str = include_str!("../../festivals/demo.toml");

/// What `serve` takes.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The festival file; without it, the demo festival, whose drops open every few minutes.
    #[arg(value_name = "FESTIVAL.toml")]
    festival: Vec<PathBuf>,
    #[command(flatten)]
    place: Where,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value_t = default_listen(), env = "FANFARE_LISTEN")]
    listen: SocketAddr,
    /// The certificates, PEM, the server's own first; with --tls-key the server speaks HTTPS.
    #[arg(long, value_name = "FILE", env = "FANFARE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM, not encrypted.
    #[arg(long, value_name = "FILE", env = "FANFARE_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// A proxy, or a network of them, believed about callers' address and scheme; may be repeated.
    #[arg(long, value_name = "CIDR", env = "FANFARE_TRUSTED_PROXY", value_delimiter = ' ')]
    trusted_proxy: Vec<Network>,
    /// Where other nodes reach this one; they share --key, --database and --journal.
    #[arg(long, value_name = "ADDR", env = "FANFARE_NODE")]
    node: Option<SocketAddr>,
    /// The file with the secret all nodes share: 64 hex digits, mode 0600.
    #[arg(long, value_name = "FILE", env = "FANFARE_KEY")]
    key: Option<PathBuf>,
    /// What is logged on standard error: a level, or `target=level` for each part.
    #[arg(long, value_name = "FILTER", default_value = "info", env = "FANFARE_LOG")]
    log: String,
    /// Serves a rehearsal: a banner on every page, a folder marked for good.
    #[arg(long)]
    rehearsal: bool,
    /// How many cores answer requests; default: all.
    #[arg(long, hide = true)]
    fronts: Option<usize>,
    /// Which core to stay on; for measurements.
    #[arg(long, hide = true)]
    core: Option<usize>,
}

/// Reads the festival that is to be served.
fn festival_of(args: &Serve) -> Result<Festival, String> {
    match args.festival.as_slice() {
        [] => festivals::read("festivals/demo.toml", DEMO).map_err(|why| why.to_string()),
        [path] => festivals::read_file(path).map_err(|faults| format!("\n{faults}")),
        _ => Err("one festival a server: name one file, and start another server, with another \
                  data folder, for the next"
            .to_owned()),
    }
}

/// What connections come in by.
enum Doorway {
    Plain,
    Proxied(Proxies),
    Tls(Tls),
}

impl Doorway {
    fn of(args: &Serve) -> Result<Self, String> {
        let proxies = Proxies::new(args.trusted_proxy.clone());
        match (&args.tls_cert, &args.tls_key) {
            (None, None) if args.trusted_proxy.is_empty() => Ok(Self::Plain),
            (None, None) => Ok(Self::Proxied(proxies)),
            (Some(cert), Some(key)) => {
                let handshake_within = tls::HANDSHAKE_WITHIN;
                Ok(Self::Tls(Tls {
                    acceptor: tls::acceptor(cert, key)?,
                    proxies,
                    handshake_within,
                }))
            }
            (Some(_), None) => Err("--tls-cert is there without --tls-key: name both".to_owned()),
            (None, Some(_)) => Err("--tls-key is there without --tls-cert: name both".to_owned()),
        }
    }

    fn scheme(&self) -> &'static str {
        match self {
            Self::Plain | Self::Proxied(_) => "http",
            Self::Tls(_) => "https",
        }
    }
}

/// Starts the fronts.
fn start_fronts(
    app: &Arc<App>,
    door: &Doorway,
    listeners: Vec<TcpListener>,
    stop: &watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, String> {
    let app = app.clone();
    let make = move || Front::new(app.clone());
    let started = match door {
        Doorway::Plain => serve::start(listeners, make, stop),
        Doorway::Proxied(door) => serve::start_behind(door, listeners, make, stop),
        Doorway::Tls(door) => serve::start_behind(door, listeners, make, stop),
    };
    started.map_err(|why| why.to_string())
}

/// Serves until told to stop.
///
/// # Errors
/// Why it cannot, in words, with what to do.
pub fn run(args: &Serve) -> Result<ExitCode, String> {
    start_log(&args.log)?;
    let door = Doorway::of(args)?;
    if let Some(core) = args.core {
        crate::bench::machine::pin_to_core(core)?;
    }
    serve::raise_file_limit();
    let festival = festival_of(args)?;
    let pictures = Pictures::load(&festival)?;
    let mode = mode_of(args, &festival);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let listeners = serve::listen(args.listen, args.fronts.unwrap_or(cores).max(1))?;
    let address = listeners[0].local_addr().map_err(|why| why.to_string())?;
    let starting =
        Starting { look: Look::of(&festival, &pictures), festival: festival.clone(), mode };
    // A shake of hands would need its own door; there people wait as long as it takes.
    let opening = match &door {
        Doorway::Tls(_) => None,
        _ => Some(Opening::start(&listeners, starting).map_err(|why| why.to_string())?),
    };
    let (mut among, shared) = neighbours(args, mode)?.unzip();
    let mut folder = args.place.serve(festival.id().as_str(), args.rehearsal)?;
    let clock = Arc::new(Clock::machine());
    let (specs, apart) = plan::starting_specs((mode, &festival), &folder, clock.now_ms())?;
    let (cold, tables) =
        cold::open_among(&args.place, &mut folder, shared.as_ref(), clock.now_ms())?;
    if folder.journals().in_file() && among.take().is_some() {
        return Err(ON_SERVERS.to_owned());
    }
    let config = LaneConfig::default();
    let beside = Beside { tables, among, apart };
    let node = drops::node::Node::start_beside(folder, clock, config, specs, beside)?;
    if let Some(secret) = &shared {
        cold::keys_stand(&cold, &node.folder, secret).inspect_err(|_| node.stop())?;
    }
    let projector = Projector::start(node.folder.journals(), cold.clone(), node.told.clone())?;
    let side = ColdSide::new(cold.clone(), projector.lag.clone(), &node);
    let secret = cold::meet(&side.people, mode, node.clock.now_ms())?;
    let app = App::beside(node.clone(), festival, mode, Some(side));
    if mode == Mode::Demo {
        plan::believe_clock(&app);
    }
    let stopped_by = heed_signals()?;
    let (stopper, stop) = watch::channel(false);
    if let Some(opening) = opening {
        opening.end();
    }
    let fronts = start_fronts(&app, &door, listeners, &stop)?;
    let asker = plan::socket::start(app.clone()).map_err(|why| why.to_string())?;
    let url = format!("{}://{address}", door.scheme());
    say_listening(&app, &url);
    if let Some(secret) = secret {
        cold::say_host(&args.place, &url, &secret);
    }
    background(&app, stopped_by);
    leave(&app, args.node.is_some());
    app.live.end();
    let _ = stopper.send(true);
    for front in fronts {
        let _ = front.join();
    }
    drop(asker);
    say_goodbye(move || {
        node.stop();
        drop(projector);
        cold.stop();
    });
    Ok(ExitCode::SUCCESS)
}

/// How long rows under way and the databases get at the end. Lanes answer whoever waits, and write
/// the witness, within 4 s; what is left then is to take leave of databases, which may hang.
const GOODBYE_WITHIN: Duration = Duration::from_secs(8);

fn say_goodbye(work: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        work();
        drop(sender);
    });
    if receiver.recv_timeout(GOODBYE_WITHIN) == Err(RecvTimeoutError::Timeout) {
        tracing::warn!(
            "a database does not answer: this process ends without taking leave of it; nothing \
             acknowledged is lost"
        );
    }
}

/// Says to proxies that nothing more is to be sent here, and hands the lanes to other nodes while
/// what comes is still answered. Who serves alone has nobody to hand to.
fn leave(app: &App, among: bool) {
    app.leave();
    let said = Stopwatch::start();
    app.node.drain();
    let seen = Duration::from_micros(said.passed_us());
    if among {
        std::thread::sleep(PROXIES_SEE_WITHIN.saturating_sub(seen));
    }
}

fn mode_of(args: &Serve, festival: &Festival) -> Mode {
    match (args.rehearsal, festival.is_demo()) {
        (true, _) => Mode::Rehearsal,
        (false, true) => Mode::Demo,
        (false, false) => Mode::Real,
    }
}

/// Why several nodes cannot share a file.
const ON_SERVERS: &str = "several nodes share their journal: give each the same --database and \
                          --journal, at postgres://…";

/// What makes this process one of several, if it is to be.
fn neighbours(args: &Serve, mode: Mode) -> Result<Option<(Among, Secret)>, String> {
    // Not said to clap, for which what a file of settings gives is not there.
    let (address, key) = match (args.node, &args.key) {
        (None, None) => return Ok(None),
        (Some(address), Some(key)) => (address, key),
        (Some(_), None) => return Err("--node is there without --key: name both".to_owned()),
        (None, Some(_)) => return Err("--key is there without --node: name both".to_owned()),
    };
    if mode == Mode::Demo {
        return Err("the demo is served by one process: name a festival file".to_owned());
    }
    if args.place.database.is_none() {
        return Err(ON_SERVERS.to_owned());
    }
    let secret = Secret::read(key)?;
    let listener = TcpListener::bind(address)
        .map_err(|why| format!("--node {address}: {why}; name a free address of this machine"))?;
    let address = listener.local_addr().map_err(|why| why.to_string())?;
    let among = Among { listener, address, secret: secret.of_links() };
    Ok(Some((among, secret)))
}

fn say_listening(app: &App, url: &str) {
    // A rehearsal makes its drops as their turns come; nothing there is to be compared.
    let compared = app.mode != Mode::Rehearsal;
    if compared {
        let compared = plan::changes::of_app(app);
        compared.unseen.iter().for_each(|unseen| eprintln!("{unseen}"));
        for difference in compared.changes {
            eprintln!("differs from the journal, which counts: {difference}");
        }
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "listening on {url}");
    let _ = out.flush();
}

/// A runtime for what runs beside the fronts, and the signals that end it. They are heeded from
/// here on: once a claim can be accepted, none of them ends the process by itself.
fn heed_signals() -> Result<(Runtime, [Signal; 2]), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?;
    let entered = runtime.enter();
    let heed = |kind| signal(kind).map_err(|why| why.to_string());
    let signals = [heed(SignalKind::terminate())?, heed(SignalKind::interrupt())?];
    drop(entered);
    Ok((runtime, signals))
}

/// How often journals that were silent at the start are asked again, and connections to journals
/// that nobody needs are closed.
const SILENT_AGAIN: Duration = Duration::from_secs(3);

/// A proxy that asks every second, as ours in docs/operate does, has asked twice by then.
const PROXIES_SEE_WITHIN: Duration = Duration::from_millis(2_500);

/// What runs beside the fronts until a signal comes: live totals, the demo's next rounds.
fn background(app: &Arc<App>, (runtime, [mut term, mut int]): (Runtime, [Signal; 2])) {
    runtime.block_on(async {
        tokio::spawn(live::run(app.clone()));
        tokio::spawn(pulse::run(app.clone()));
        let rounds = app.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if rounds.mode != Mode::Demo {
                    continue;
                }
                let rounds = rounds.clone();
                let _ = tokio::task::spawn_blocking(move || plan::next_rounds(&rounds)).await;
            }
        });
        let journals = app.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SILENT_AGAIN).await;
                let journals = journals.clone();
                let look = move || {
                    journals.receipts.close_idle();
                    plan::open_silent(&journals);
                };
                let _ = tokio::task::spawn_blocking(look).await;
            }
        });
        tokio::spawn(cold::follow(app.clone()));
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    });
}

fn start_log(filter: &str) -> Result<(), String> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|why| format!("--log {filter}: {why}; write it like info or fanfare=debug"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log on a full disk is no reason to end: what cannot be written there would be complained of
    // there, and that panics.
    let _ = log.log_internal_errors(false).try_init();
    Ok(())
}
