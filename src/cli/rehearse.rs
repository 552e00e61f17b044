//! `fanfare rehearse`: holds a festival's drops with a made crowd, and says whether every promise
//! was kept.

use crate::drops::node::Node;
use crate::festivals::{self, DropPlan, Festival, Id};
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::data::DataFolder;
use crate::kit::journal::JournalReader;
use crate::kit::keys::Keys;
use crate::kit::scratch::Scratch;
use crate::kit::token::{Role, Session, Tokens as Maker, Use};
use crate::rehearsal::{
    About, CONNECTIONS_DEFAULT, CrowdPlan, DropPlanned, DropRun, LEAD_MS, Occasion, Outcome,
    OwnServer, Progress, Target, Tokens, Turn, Wishes, Words, call_get, call_post, findings,
    hold_directly, json, page, run_drops, shifted, turns,
};
use crate::verify;
use clap::Args;
use fanfare_engine::Fan;
use fanfare_lane::LaneConfig;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How long a drop may take from one node to all others.
const KNOWN_WITHIN_US: u64 = 1_500_000;

/// What `rehearse` takes.
#[derive(Args, Debug)]
pub struct Rehearse {
    /// The festival file.
    festival: PathBuf,
    /// One drop only.
    #[arg(long, value_name = "ID")]
    drop: Option<String>,
    /// Fans a drop, instead of the file's.
    #[arg(long, value_name = "N")]
    fans: Option<u32>,
    /// Seconds a claim is held, instead of the file's; the report says so.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    hold: Option<u32>,
    /// The crowd's seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections to the server.
    #[arg(long, default_value_t = CONNECTIONS_DEFAULT)]
    connections: usize,
    /// Straight into the lanes, with journal and syncs, without HTTP, on a virtual clock.
    #[arg(long, conflicts_with = "against")]
    in_process: bool,
    /// A server started with `serve --rehearsal`; give its folder with --data. May be repeated:
    /// the nodes of one festival.
    #[arg(long, value_name = "URL", requires = "data")]
    against: Vec<String>,
    /// Tokens made by `session`, for --against; without it they are made with the folder's key.
    #[arg(long, value_name = "FILE", requires = "against")]
    tokens: Option<PathBuf>,
    /// The data folder to use and keep; default: a fresh one, removed.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Writes a report that prints well.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Writes the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One drop, held.
struct Held {
    run: DropRun,
    about: About,
    found: crate::rehearsal::Findings,
}

/// Where drops are held.
enum Stage {
    Direct(Arc<Node>),
    Http { own: Option<OwnServer>, addresses: Vec<SocketAddr>, host: Option<String> },
}

/// Rehearses. 0 if every promise was kept, 1 if one was broken.
///
/// # Errors
/// If it cannot be held at all.
pub fn run(args: &Rehearse) -> Result<ExitCode, String> {
    let festival = festivals::read_file(&args.festival).map_err(|faults| format!("\n{faults}"))?;
    if let Some(id) = &args.drop
        && Id::new(id).is_none_or(|id| festival.drop(&id).is_none())
    {
        return Err(format!("{}: there is no drop `{id}` in it", args.festival.display()));
    }
    let scratch = Scratch::new(args.data.as_deref(), "rehearsal")?;
    let watch = Stopwatch::start();
    let mut stage = Stage::open(args, &festival, scratch.path())?;
    let mut progress = Progress::to_stderr();
    let mut held = Vec::new();
    let (mut place, mut next_fan) = (0, 1);
    for turn in turns(&festival, args.drop.as_deref()) {
        let wishes = Wishes { seed: args.seed, fans: args.fans, hold_s: args.hold };
        let plans = Plans { festival: &festival, wishes, args };
        held.extend(plans.hold(
            &turn,
            &stage,
            scratch.path(),
            &mut place,
            &mut next_fan,
            &mut progress,
        )?);
    }
    stage.close();
    let sound = verify_all(scratch.path(), &mut held)?;
    let outcomes: Vec<Outcome> =
        held.iter().map(|held| Outcome::of(&held.run, &held.found, &held.about)).collect();
    let took_ms = (watch.passed_s() * 1e3) as i64;
    write_files(args, &festival, &held, &outcomes, took_ms)?;
    outcomes.iter().for_each(print_outcome);
    let kept = sound && outcomes.iter().all(Outcome::kept);
    println!(
        "{}: {} drops, {} units, {} claims in {:.1} s",
        if kept { "every promise kept" } else { "A PROMISE WAS BROKEN" },
        outcomes.len(),
        outcomes.iter().map(|outcome| outcome.units).sum::<u64>(),
        outcomes.iter().map(|outcome| outcome.claims).sum::<u64>(),
        watch.passed_s()
    );
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Stage {
    fn open(args: &Rehearse, festival: &Festival, folder: &Path) -> Result<Self, String> {
        if args.in_process {
            let id = festival.id().as_str();
            let folder = DataFolder::serve(folder, id, true).map_err(|why| why.to_string())?;
            let clock = Arc::new(Clock::standing_at(Clock::machine().now_ms()));
            let node = Node::start(folder, clock, LaneConfig::default(), Vec::new())?;
            return Ok(Self::Direct(node));
        }
        let (own, addresses) = if args.against.is_empty() {
            let own = OwnServer::start(&args.festival, folder)?;
            let address = own.address;
            (Some(own), vec![address])
        } else {
            let address = |url: &String| {
                let address = url.trim_end_matches('/').trim_start_matches("http://");
                address.parse().map_err(|_| format!("{url}: use http://ADDRESS:PORT"))
            };
            (None, args.against.iter().map(address).collect::<Result<_, _>>()?)
        };
        let looked = DataFolder::look(folder).map_err(|why| why.to_string())?;
        if !looked.rehearsal() {
            return Err(format!("{} is not a rehearsal's folder", folder.display()));
        }
        let host = Some(token(&maker(folder)?, Fan::MAX, Role::Host));
        Ok(Self::Http { own, addresses, host })
    }

    /// Ends it in order, so that the journal is whole on the disk.
    fn close(&mut self) {
        match self {
            Self::Direct(node) => node.stop(),
            Self::Http { own, .. } => {
                if let Some(own) = own {
                    own.stop();
                }
            }
        }
    }
}

fn maker(folder: &Path) -> Result<Maker, String> {
    Keys::open(folder).map(|keys| Maker::new(keys.tokens)).map_err(|why| why.to_string())
}

fn token(maker: &Maker, fan: u64, role: Role) -> String {
    let fan = Fan::new(fan).unwrap_or(Fan::FIRST);
    maker.make(&Session { fan, role, until_s: u32::MAX }, Use::Session)
}

struct Plans<'a> {
    festival: &'a Festival,
    wishes: Wishes,
    args: &'a Rehearse,
}

impl Plans<'_> {
    fn hold(
        &self,
        turn: &Turn<'_>,
        stage: &Stage,
        folder: &Path,
        place: &mut u64,
        next_fan: &mut u64,
        progress: &mut Progress,
    ) -> Result<Vec<Held>, String> {
        let opens_at_ms = stage.now_ms()? + LEAD_MS;
        let mut planned = Vec::new();
        for drop in turn {
            let plan = CrowdPlan::of_drop(drop, &self.wishes, *place, *next_fan, opens_at_ms);
            *place += 1;
            *next_fan += u64::from(plan.heads());
            planned.push((*drop, plan));
        }
        let runs = match stage {
            Stage::Direct(node) => self.directly(node, &planned, opens_at_ms, progress)?,
            Stage::Http { addresses, host, .. } => {
                let host = host.as_deref().unwrap_or_default();
                self.over_http(addresses, host, folder, &planned, opens_at_ms, progress)?
            }
        };
        let journals = DataFolder::look(folder).map_err(|why| why.to_string())?.journals();
        let reader = JournalReader::open(&journals).map_err(|why| why.to_string())?;
        let held = runs.into_iter().zip(&planned).map(|(run, (drop, plan))| {
            let found = findings(&reader, &run.drop, &run.memory)?;
            Ok(Held { run, about: self.about(drop, plan), found })
        });
        held.collect()
    }

    fn directly(
        &self,
        node: &Arc<Node>,
        planned: &[(&DropPlan, CrowdPlan)],
        opens_at_ms: i64,
        progress: &mut Progress,
    ) -> Result<Vec<DropRun>, String> {
        let spec = |(drop, _): &(&DropPlan, CrowdPlan)| {
            shifted(self.festival, drop, opens_at_ms, self.args.hold)
        };
        node.add_drops(planned.iter().map(spec).collect())?;
        let directory = node.directory();
        let served = planned.iter().filter_map(|(drop, plan)| {
            Some((directory.named(drop.id().as_str())?.clone(), plan.clone()))
        });
        let watch = Stopwatch::start();
        let clock_us = || i64::try_from(watch.passed_us()).unwrap_or(i64::MAX);
        Ok(hold_directly(node, served.collect(), &clock_us, progress))
    }

    fn over_http(
        &self,
        addresses: &[SocketAddr],
        host: &str,
        folder: &Path,
        planned: &[(&DropPlan, CrowdPlan)],
        opens_at_ms: i64,
        progress: &mut Progress,
    ) -> Result<Vec<DropRun>, String> {
        let mut drops = Vec::new();
        for (drop, plan) in planned {
            let path = format!("/api/v1/rehearsal/drops/{}", drop.id());
            let turn = serde_json::json!({ "opens_at_ms": opens_at_ms, "hold_s": self.args.hold });
            let made = call_post(addresses[0], &path, host, &turn).map_err(|why| match why {
                crate::rehearsal::CallError::Refused(404, _) => {
                    "that server is not a rehearsal's: start it with `serve --rehearsal`".to_owned()
                }
                other => other.to_string(),
            })?;
            let id = made["drop"].as_str().unwrap_or_default().to_owned();
            let named = |line: &festivals::Line| {
                let variant = line.variant.as_ref().map(|variant| variant.as_str().to_owned());
                (line.item.as_str().to_owned(), variant)
            };
            let lines = drop.lines().iter().map(named).collect();
            drops.push(DropPlanned { id, lines, plan: plan.clone() });
        }
        for drop in &drops {
            all_know(addresses, &drop.id);
        }
        let maker = maker(folder)?;
        let known = self.args.tokens.as_deref().map(read_tokens).transpose()?;
        let fan = |fan: u64| match &known {
            Some(known) => known.get(&fan).cloned().unwrap_or_default(),
            None => token(&maker, fan, Role::Fan),
        };
        let tokens = Tokens { fan: &fan, cashier: None };
        let connections = self.args.connections;
        let target = Target { addrs: addresses.to_vec(), connections };
        let runs = run_drops(&target, &drops, &tokens, &clock_us(), progress)
            .map_err(|why| why.to_string())?;
        for drop in &drops {
            let path = format!("/api/v1/drops/{}/closing", drop.id);
            let why = serde_json::json!({ "why": "its turn in the rehearsal is over" });
            // Some nodes may be gone by now.
            let close = |at: &SocketAddr| call_post(*at, &path, host, &why);
            let closed = addresses.iter().map(close).reduce(Result::or);
            closed.transpose().map_err(|why| why.to_string())?;
        }
        Ok(runs)
    }

    fn about(&self, drop: &DropPlan, plan: &CrowdPlan) -> About {
        let mut shortened = Vec::new();
        if let Some(hold_s) = self.args.hold {
            let was = drop.hold_ms() / 1_000;
            shortened.push(Words::new(
                format!("holds last {hold_s} s instead of {was} s"),
                format!("保留时间为 {hold_s} 秒，原定 {was} 秒"),
            ));
        }
        About {
            name_en: drop.names().en().to_owned(),
            name_zh: drop.names().zh().to_owned(),
            history_sold_out_s: drop.sold_out_s(),
            verified: false,
            shortened,
            reloads_left_out: plan.reloads_wanted() - plan.reloads(),
        }
    }
}

impl Stage {
    fn now_ms(&self) -> Result<i64, String> {
        match self {
            Self::Direct(node) => Ok(node.clock.now_ms()),
            Self::Http { addresses, .. } => {
                let now = call_get(addresses[0], "/api/v1/now").map_err(|why| why.to_string())?;
                now["now_ms"].as_i64().ok_or_else(|| "the server tells no time".to_owned())
            }
        }
    }
}

/// Waits a moment until every node knows a drop that one of them made.
fn all_know(addresses: &[SocketAddr], drop: &str) {
    let path = format!("/api/v1/drops/{drop}");
    let watch = Stopwatch::start();
    for address in addresses {
        while call_get(*address, &path).is_err() && watch.passed_us() < KNOWN_WITHIN_US {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Microseconds since 1970, never back, on the machine's clock.
fn clock_us() -> impl Fn() -> i64 {
    let (start_us, watch) = (Clock::machine().now_ms() * 1_000, Stopwatch::start());
    move || start_us + i64::try_from(watch.passed_us()).unwrap_or(i64::MAX)
}

fn read_tokens(path: &Path) -> Result<HashMap<u64, String>, String> {
    let text = std::fs::read_to_string(path).map_err(|w| format!("{}: {w}", path.display()))?;
    let line = |(at, line): (usize, &str)| {
        let (fan, token) = line.split_once('\t')?;
        Some((fan.parse().ok()?, token.to_owned())).ok_or(at).ok()
    };
    let all: Option<HashMap<u64, String>> = text.lines().enumerate().map(line).collect();
    all.ok_or_else(|| format!("{}: use the lines `fan<TAB>token` of `session`", path.display()))
}

/// Verifies the folder and marks the drops whose lane is sound.
fn verify_all(folder: &Path, held: &mut [Held]) -> Result<bool, String> {
    let report = verify::folder(folder, &mut |_| {}).map_err(|why| why.to_string())?;
    for held in held {
        let broken = report.broken.iter().any(|b| b.lane.is_none() || b.drop == held.run.drop);
        held.about.verified = !broken && report.lanes.iter().any(|l| l.drop == held.run.drop);
    }
    for broken in &report.broken {
        eprintln!("verify: {broken}");
    }
    Ok(report.holds())
}

fn write_files(
    args: &Rehearse,
    festival: &Festival,
    held: &[Held],
    outcomes: &[Outcome],
    took_ms: i64,
) -> Result<(), String> {
    let write = |path: &Path, text: String| {
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))
    };
    if let Some(path) = &args.json {
        write(path, json(outcomes) + "\n")?;
    }
    if let Some(path) = &args.report {
        let when = jiff::Timestamp::from_millisecond(Clock::machine().now_ms());
        let when = when.map_err(|why| why.to_string())?;
        let occasion = Occasion {
            festival: Words::new(festival.names().en(), festival.names().zh()),
            command: command_line(),
            seed: args.seed,
            when: when.to_zoned(festival.zone().clone()).strftime("%F %H:%M %Z").to_string(),
            in_process: args.in_process,
            took_ms,
        };
        let drops: Vec<_> = outcomes
            .iter()
            .zip(held)
            .map(|(outcome, held)| (outcome, &held.about, &held.run.memory))
            .collect();
        write(path, page(&occasion, &drops).map_err(|why| why.to_string())?)?;
    }
    Ok(())
}

/// The command as it was given, without where this program lies.
fn command_line() -> String {
    let given = std::env::args().skip(1);
    std::iter::once("fanfare".to_owned()).chain(given).collect::<Vec<_>>().join(" ")
}

fn print_outcome(outcome: &Outcome) {
    println!(
        "{}: {} of {} units, {} claims; oversold {}, left over {}, double {}, lost {}; resold {}; \
         sold out after {}; {}",
        outcome.drop,
        outcome.units,
        outcome.units + outcome.left_over,
        outcome.claims,
        outcome.oversold,
        outcome.left_over,
        outcome.double,
        outcome.lost,
        outcome.resold,
        outcome.sold_out_after_ms.map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1e3)),
        if outcome.verified { "verified" } else { "NOT VERIFIED" }
    );
    for promise in outcome.promises.iter().filter(|promise| !promise.kept) {
        println!("  BROKEN: {promise:?}");
    }
}
