//! The command line: what is typed becomes, once, what is needed.

mod ages;
mod check;
mod completions;
mod diff;
mod dump;
mod global;
mod interrupted;
mod invalidate;
mod load;
mod ls;
mod man;
mod put;
mod report;
mod salvage;
mod show;
mod source;
mod target;
mod time;
mod touch;

use crate::output::Output;
use anyhow::Result;
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use global::Global;
pub use interrupted::before_signals_end_it;
use report::{Refused, tell_unread};
pub use report::{report, silence_redb_panics, survive_file_size_limit};
use std::env;
use vlive::Selection;

/// Look into, compare, seed and invalidate the on-disk caches of vantage-live
///
/// Looking takes no lock and changes nothing: it works while the app runs, on a cache that was left
/// by a crash, and without permission to write. Changing needs the cache for itself.
#[derive(Debug, Parser)]
#[command(
    name = "vlive",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::Ls),
    Dump(dump::Dump),
    Show(show::Show),
    Ages(ages::Ages),
    Diff(diff::Diff),
    Check(check::Check),
    Salvage(salvage::Salvage),
    Put(put::Put),
    Load(load::Load),
    Touch(touch::Touch),
    Invalidate(invalidate::Invalidate),
    Completions(completions::Completions),
    Man(man::Man),
}

/// How a command that got through went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Done = 0,
    No = 1,
    Unreadable = 3,
}

/// What is typed; help and usage errors end the process here.
pub fn parse() -> Cli {
    let arguments: Vec<_> = env::args_os().collect();
    // Usage errors are coloured before there is anything parsed that could say how.
    let color = match arguments.iter().filter_map(|argument| argument.to_str()).collect::<Vec<_>>() {
        arguments if is_given(&arguments, "never") => ColorChoice::Never,
        arguments if is_given(&arguments, "always") => ColorChoice::Always,
        _ => ColorChoice::Auto,
    };
    let matches = Cli::command().color(color).get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn is_given(arguments: &[&str], color: &str) -> bool {
    let in_two = arguments.windows(2).any(|pair| pair == ["--color", color]);
    in_two || arguments.iter().any(|argument| argument.strip_prefix("--color=") == Some(color))
}

pub fn run(cli: &Cli, output: &mut Output) -> Result<Status> {
    let global = &cli.global;
    match &cli.command {
        Command::Ls(command) => command.run(global, output),
        Command::Dump(command) => command.run(global, output),
        Command::Show(command) => command.run(global, output),
        Command::Ages(command) => command.run(global, output),
        Command::Diff(command) => command.run(global, output),
        Command::Check(command) => command.run(global, output),
        Command::Salvage(command) => command.run(global, output),
        Command::Put(command) => command.run(global, output),
        Command::Load(command) => command.run(global, output),
        Command::Touch(command) => command.run(global, output),
        Command::Invalidate(command) => command.run(global, output),
        Command::Completions(command) => command.run(output),
        Command::Man(command) => command.run(output),
    }
}

/// Which entries the prefixes of a command mean; `all` says how that command means all of them.
fn prefixes(prefixes: &[String], exact: bool, all: &str) -> Result<Vec<Selection>> {
    let select = |prefix: &String| {
        if prefix.is_empty() {
            let hint = format!("`/` names the empty cache key as vantage-live has it; {all}");
            return Err(Refused::error("the prefix is empty", Some(&hint)));
        }
        Ok(if exact { Selection::exact(prefix) } else { Selection::prefix(prefix) })
    };
    prefixes.iter().map(select).collect()
}

/// Names the prefixes that match nothing, given by their places, and gives the status that this makes.
fn tell_unmatched(prefixes: &[String], selections: &[Selection], unmatched: &[usize], output: &Output) -> Status {
    let mut status = Status::Done;
    for (prefix, selection) in unmatched.iter().filter_map(|n| Some((prefixes.get(*n)?, &selections[*n]))) {
        let what = match selection {
            Selection::Entry(key) => not_there(&key.to_string()),
            _ => format!("nothing in the cache matches `{prefix}`"),
        };
        output.error(&what, None);
        status = Status::No;
    }
    status
}

fn not_there(key: &str) -> String {
    format!("`{key}` is not in the cache")
}
