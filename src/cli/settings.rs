//! Settings: each is declared once, as an option of `serve` that has an environment variable.
//!
//! A file of settings brings other defaults for these options, wherever a command has them. clap
//! then keeps its own order: the declared default, the file, the environment, the flag.

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Values by the environment variable that would give them as well: by it an option of another
/// command is known to be the same setting.
type Given = BTreeMap<OsString, Vec<String>>;

const HEAD: &str = "\
# Every setting with its default. A copy is used by `--config FILE`, or by naming it in
# FANFARE_CONFIG; it may leave out what it does not change. The environment wins over the file, a
# flag over both. In the environment, lists are separated by spaces. Paths begin at the folder the
# program is started in.
#
# Made from the program's declarations: `UPDATE=1 cargo test --test settings` writes it anew.
";

fn declared(command: &Command) -> impl Iterator<Item = &Arg> {
    let serve = command.find_subcommand("serve").into_iter();
    serve.flat_map(Command::get_arguments).filter(|arg| arg.get_env().is_some())
}

fn key(arg: &Arg) -> &str {
    arg.get_long().unwrap_or_default()
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// What its value is called in the help.
fn value_name(arg: &Arg) -> &str {
    arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str())
}

/// A setting as a line of the file.
fn line(arg: &Arg, values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
    let value = if is_list(arg) { format!("[{}]", quoted.join(", ")) } else { quoted.concat() };
    format!("{} = {value}", key(arg))
}

/// `fanfare.default.toml`, from the declarations.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for arg in declared(&super::Cli::command()) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let variable = arg.get_env().unwrap_or_default().to_string_lossy();
        let defaults = arg.get_default_values().iter();
        let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy().into()).collect();
        let line = if defaults.is_empty() && !is_list(arg) {
            format!("# {}", line(arg, &[value_name(arg).to_owned()]))
        } else {
            line(arg, &defaults)
        };
        text += &format!("\n# {help}\n# {variable}\n{line}\n");
    }
    text
}

/// The command with the file's values for defaults.
///
/// # Errors
/// Every fault of the file: its line, what is wrong, what to write.
pub fn with_file(command: Command, path: &Path) -> Result<Command, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|why| format!("{shown}: {why}"))?;
    match read(&command, &text) {
        Ok(given) => Ok(defaulting(command, &given)),
        Err(faults) => {
            let faults = faults.iter().map(|(line, what)| format!("\n{shown}:{line}: {what}"));
            Err(faults.collect())
        }
    }
}

fn defaulting(command: Command, given: &Given) -> Command {
    let one = |arg: Arg| match arg.get_env().and_then(|variable| given.get(variable)) {
        Some(values) => arg.default_values(values.clone()),
        None => arg,
    };
    command.mut_args(one).mut_subcommands(|command| defaulting(command, given))
}

fn read(command: &Command, text: &str) -> Result<Given, Vec<(usize, String)>> {
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|why| {
        let at = why.span().map_or(0, |span| span.start);
        let what = format!("this is not TOML ({}); write it as `key = \"value\"`", why.message());
        vec![(line_of(at), what)]
    })?;
    let (mut given, mut faults) = (Given::new(), Vec::new());
    for (name, value) in table.get_ref() {
        let known = declared(command).find(|arg| key(arg) == name.get_ref().as_ref());
        let read = known.ok_or_else(|| no_setting(command, name.get_ref())).and_then(|arg| {
            let variable = arg.get_env().unwrap_or_default().to_owned();
            values(arg, value.get_ref()).map(|values| (variable, values))
        });
        match read {
            Ok((variable, values)) => drop(given.insert(variable, values)),
            Err(what) => faults.push((line_of(name.span().start), what)),
        }
    }
    faults.sort();
    if faults.is_empty() { Ok(given) } else { Err(faults) }
}

fn no_setting(command: &Command, name: &str) -> String {
    let all: Vec<&str> = declared(command).map(key).collect();
    format!("`{name}` is no setting; write one of {}", all.join(", "))
}

fn values(arg: &Arg, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let instead = || format!("write it as `{}`", line(arg, &[value_name(arg).to_owned()]));
    let texts = match value {
        DeValue::String(text) if !is_list(arg) => Some(vec![text.to_string()]),
        DeValue::Array(items) if is_list(arg) => {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        }
        _ => None,
    };
    let texts = texts.ok_or_else(|| format!("`{}` has another form; {}", key(arg), instead()))?;
    for text in &texts {
        tried(arg, text).map_err(|why| format!("`{text}`: {why}; {}", instead()))?;
    }
    Ok(texts)
}

/// Whether the option would take this value.
fn tried(arg: &Arg, text: &str) -> Result<(), String> {
    let alone = Command::new("fanfare").no_binary_name(true).arg(arg.clone());
    let took = alone.try_get_matches_from([format!("--{}={text}", key(arg))]);
    let said = |why: clap::Error| why.source().map(ToString::to_string);
    took.map(|_| ()).map_err(|why| said(why).unwrap_or_else(|| "it is empty".to_owned()))
}
