//! `fanfare bench`.

use crate::bench::engine::{self, EngineBench};
use crate::bench::held::{self, HeldBench};
use crate::bench::http::{self, HttpBench, Only};
use crate::bench::peers;
use crate::kit::scratch::Scratch;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `bench` takes.
#[derive(Args, Debug)]
pub struct Bench {
    #[command(subcommand)]
    which: Option<Which>,
    /// Writes the figures as JSON.
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
    /// Where the bench may write; default: a fresh folder in the system's place for such, removed
    /// afterwards. Use the disk you will serve from.
    // An id of its own: by the name `data` it would be the server's, with the server's default.
    #[arg(long = "data", id = "bench-data", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Which {
    /// Durable claims a second straight into one lane.
    Engine {
        /// Rounds of a million claims.
        #[arg(long, default_value_t = 10)]
        rounds: u32,
        /// Most commands a batch takes.
        #[arg(long, default_value_t = 1_024)]
        batch: usize,
        /// Drops open at once. Beside more than one there is no bare loop.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        drops: u32,
        /// Leaves the bare loop out.
        #[arg(long)]
        alone: bool,
        /// Instead of rounds: what a claim costs in one lane that grows, while it holds so many;
        /// several numbers with commas.
        #[arg(long, value_name = "CLAIMS", value_delimiter = ',', conflicts_with = "drops",
            value_parser = clap::value_parser!(u32).range(2..=100_000_000))]
        held: Vec<u32>,
    },
    /// What a claim and a refusal cost a server beside the bare one.
    Http {
        /// Rounds.
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Seconds each takes in a round.
        #[arg(long, default_value_t = 2)]
        seconds: u32,
        /// Connections.
        #[arg(long, default_value_t = 256)]
        connections: usize,
        /// Drops open at once: claims spread over them take turns with those of one.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        drops: u32,
        /// One kind alone, without turns and the bare server; claims are spread over all drops.
        #[arg(long, value_name = "KIND")]
        only: Option<Only>,
        /// People with an open live stream; what they cost the server is part of that kind's cost.
        #[arg(long, default_value_t = 0, requires = "only")]
        watchers: usize,
    },
}

/// The bare server of `bench http`.
#[derive(Args, Debug)]
pub struct BareArgs {
    /// Bytes of each answer's body.
    #[arg(long)]
    bytes: usize,
    /// Its status.
    #[arg(long)]
    status: u16,
}

/// Serves bare answers until the process is ended.
///
/// # Errors
/// If it cannot listen.
pub fn serve_bare(args: &BareArgs) -> Result<ExitCode, String> {
    peers::serve_bare(args.bytes, args.status).map(|()| ExitCode::SUCCESS)
}

/// Runs a bench and prints its figures.
///
/// # Errors
/// If it cannot be run.
pub fn run(args: &Bench) -> Result<ExitCode, String> {
    let scratch = Scratch::new(args.data.as_deref(), "bench")?;
    let told = |line: &str| eprintln!("{line}");
    let figures = figures(args.which.as_ref(), scratch.path(), told)?;
    print_figures(&figures);
    if let Some(path) = &args.json {
        std::fs::write(path, format!("{figures:#}\n"))
            .map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn figures(which: Option<&Which>, path: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    match which {
        None => engine::run(EngineBench::default(), path, told),
        Some(Which::Engine { held, batch, .. }) if !held.is_empty() => {
            let callers = EngineBench::default().callers;
            held::run(&HeldBench { held: held.clone(), batch_max: *batch, callers }, path, told)
        }
        Some(&Which::Engine { rounds, batch, drops, alone, .. }) => {
            let (batch_max, bare) = (batch, !alone);
            let bench = EngineBench { rounds, batch_max, drops, bare, ..EngineBench::default() };
            engine::run(bench, path, told)
        }
        Some(&Which::Http { rounds, seconds, connections, drops, only, watchers }) => {
            let bench = HttpBench { rounds, seconds, connections, drops, only, watchers };
            http::run(bench, path, told)
        }
    }
}

fn print_figures(figures: &Value) {
    let Value::Object(figures) = figures else { return };
    for (name, value) in figures {
        match value {
            Value::Number(number) => match number.as_f64() {
                Some(float) if !number.is_u64() => println!("{name} {float:.3}"),
                _ => println!("{name} {number}"),
            },
            Value::String(text) => println!("{name} {text}"),
            _ => {}
        }
    }
}
