//! `fanfare serve`.

use super::{Where, default_listen};
use crate::app::{App, Mode};
use crate::drops::plan;
use crate::festivals::{self, Festival};
use crate::kit::clock::Clock;
use crate::kit::data::DataFolder;
use crate::kit::serve;
use crate::routes::Front;
use crate::{drops, live};
use clap::Args;
use fanfare_lane::LaneConfig;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
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

/// Serves until told to stop.
///
/// # Errors
/// Why it cannot, in words, with what to do.
pub fn run(args: &Serve) -> Result<ExitCode, String> {
    args.place.require_sqlite()?;
    start_log();
    if let Some(core) = args.core {
        crate::bench::machine::pin_to_core(core)?;
    }
    serve::raise_file_limit();
    let festival = festival_of(args)?;
    let mode = match (args.rehearsal, festival.is_demo()) {
        (true, _) => Mode::Rehearsal,
        (false, true) => Mode::Demo,
        (false, false) => Mode::Real,
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let listeners = serve::listen(args.listen, args.fronts.unwrap_or(cores).max(1))?;
    let address = listeners[0].local_addr().map_err(|why| why.to_string())?;
    let folder = DataFolder::serve(&args.place.data, festival.id().as_str(), args.rehearsal)
        .map_err(|why| why.to_string())?;
    let clock = Arc::new(Clock::machine());
    let specs = if args.rehearsal {
        plan::journalled_specs(&festival, &folder)?
    } else {
        plan::specs(&festival, &folder, clock.now_ms())?
    };
    let node = drops::node::Node::start(folder, clock, LaneConfig::default(), specs)?;
    let app = App::new(node.clone(), festival, mode);
    let (stopper, stop) = watch::channel(false);
    let fronts = {
        let app = app.clone();
        serve::start(listeners, move || Front::new(app.clone()), &stop)
            .map_err(|why| why.to_string())?
    };
    let asker = plan::socket::start(app.clone()).map_err(|why| why.to_string())?;
    say_listening(&app, address);
    background(&app)?;
    let _ = stopper.send(true);
    for front in fronts {
        let _ = front.join();
    }
    drop(asker);
    node.stop();
    Ok(ExitCode::SUCCESS)
}

fn say_listening(app: &App, address: SocketAddr) {
    // A rehearsal makes its drops as their turns come; nothing there is to be compared.
    let compared = app.mode != Mode::Rehearsal;
    for difference in plan::changes::of_app(app).into_iter().filter(|_| compared) {
        eprintln!("differs from the journal, which counts: {difference}");
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "listening on http://{address}");
    let _ = out.flush();
}

/// What runs beside the fronts until a signal comes: live totals, the demo's next rounds, rates.
fn background(app: &Arc<App>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?;
    runtime.block_on(async {
        tokio::spawn(live::run(app.clone()));
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
        let idle = app.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_mins(1)).await;
                idle.rates.forget_idle();
            }
        });
        let mut term = signal(SignalKind::terminate()).map_err(|why| why.to_string())?;
        let mut int = signal(SignalKind::interrupt()).map_err(|why| why.to_string())?;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        Ok(())
    })
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("FANFARE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
