//! The command line, one file per command. Arguments and the environment are resolved here, once, and the results of
//! operations are put in words. It must not know how a cache is stored: that is the library's.

mod advice;
mod age_histogram;
mod ages;
mod browse;
mod change;
mod check;
mod compact;
mod completions;
mod dating;
mod diff;
mod dump;
mod dump_rows;
mod edit;
mod environment;
mod filtering;
mod find;
mod format;
mod global;
mod help;
mod interrupted;
mod invalidate;
mod layout;
mod layout_column;
mod load;
mod ls;
mod man;
mod narrowing;
mod order;
mod others;
mod put;
mod report;
mod salvage;
mod selection;
mod shell;
mod show;
mod source;
mod stale;
mod stat;
mod streams;
mod target;
mod time;
mod touch;
mod transfer;
mod watch;
mod r#where;

use crate::output::{Color, Output};
use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub use edit::{is_editor_running, keep_edited_text};
use environment::Environment;
use global::{Global, GlobalArgs};
pub use interrupted::before_signals_end_it;
use report::{Refused, report_undated, report_unread, report_unreadable};
pub use report::{report, silence_redb_panics, survive_file_size_limit};
use std::env;
use std::path::Path;
use std::process::ExitCode;
pub use streams::streams;

/// Inspect, compare, seed and invalidate the on-disk caches of vantage-live and vantage-diorama
///
/// Commands that look take no lock and change nothing: they work while the app runs, on a cache that a crash left
/// behind, and without permission to write. Commands that change a cache need its app to be stopped.
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
    pub global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(visible_aliases = ["list"])]
    Ls(ls::Ls),
    #[command(visible_aliases = ["get", "export"])]
    Dump(dump::Dump),
    Show(show::Show),
    Find(find::Find),
    Ages(ages::Ages),
    Diff(diff::Diff),
    Check(check::Check),
    Watch(watch::Watch),
    Browse(browse::Browse),
    Where(r#where::Where),
    #[command(visible_aliases = ["stats"])]
    Stat(stat::Stat),
    Salvage(salvage::Salvage),
    Put(put::Put),
    #[command(visible_aliases = ["import"])]
    Load(load::Load),
    Edit(edit::Edit),
    Touch(touch::Touch),
    Cp(transfer::Cp),
    Mv(transfer::Mv),
    #[command(visible_aliases = ["rm"])]
    Invalidate(invalidate::Invalidate),
    Compact(compact::Compact),
    Help(help::Help),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Cli {
    /// Whether the command runs filters.
    pub fn runs_filters(&self) -> bool {
        match &self.command {
            Command::Dump(dump) => dump.runs_filters(),
            Command::Show(show) => show.runs_filters(),
            Command::Find(find) => find.runs_filters(),
            Command::Watch(watch) => watch.runs_filters(),
            Command::Edit(edit) => edit.runs_filters(),
            _ => false,
        }
    }
}

/// The outcome of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Done = 0,
    No = 1,
    Unreadable = 3,
}

/// Parses the arguments. Help and the version are printed here, and their status returned; usage errors end the process.
pub fn parse() -> Result<Cli, ExitCode> {
    let arguments: Vec<_> = env::args_os().collect();
    // Usage errors are coloured before the option for colour is parsed.
    let color = match arguments.iter().filter_map(|argument| argument.to_str()).collect::<Vec<_>>() {
        arguments if is_given(&arguments, "never") => Color::Never,
        arguments if is_given(&arguments, "always") => Color::Always,
        _ => Color::Auto,
    };
    let matches = Cli::command().color(help::color_choice(color)).try_get_matches_from(arguments);
    let parsed = matches.map_err(with_tip_for_folder).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|ended| {
        let Err(error) = help::print(&ended) else { return ExitCode::SUCCESS };
        let mut args = GlobalArgs::default();
        args.color = color;
        report(&error.into(), &Output::new(streams(&args)))
    })
}

/// Most commands take only keys, and many no arguments at all, where a user may give them the cache.
fn with_tip_for_folder(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && Path::new(argument).exists()
    {
        let tip = format!("to choose a cache, use '-C {}'", shell::path(Path::new(argument)));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

fn is_given(arguments: &[&str], color: &str) -> bool {
    let in_two = arguments.windows(2).any(|pair| pair == ["--color", color]);
    in_two || arguments.iter().any(|argument| argument.strip_prefix("--color=") == Some(color))
}

pub fn run(cli: &Cli, output: &mut Output) -> Result<Status> {
    let global = &Global::new(&cli.global, Environment::read()?);
    if matches!(
        cli.command,
        Command::Dump(_) | Command::Show(_) | Command::Find(_) | Command::Ages(_) | Command::Diff(_)
    ) {
        output.page();
    }
    match &cli.command {
        Command::Ls(command) => command.run(global, output),
        Command::Dump(command) => command.run(global, output),
        Command::Show(command) => command.run(global, output),
        Command::Find(command) => command.run(global, output),
        Command::Ages(command) => command.run(global, output),
        Command::Diff(command) => command.run(global, output),
        Command::Check(command) => command.run(global, output),
        Command::Watch(command) => command.run(global, output),
        Command::Browse(command) => command.run(global, output),
        Command::Where(command) => command.run(global, output),
        Command::Stat(command) => command.run(global, output),
        Command::Salvage(command) => command.run(global, output),
        Command::Put(command) => command.run(global, output),
        Command::Load(command) => command.run(global, output),
        Command::Edit(command) => command.run(global, output),
        Command::Touch(command) => command.run(global, output),
        Command::Cp(command) => command.run(global, output),
        Command::Mv(command) => command.run(global, output),
        Command::Invalidate(command) => command.run(global, output),
        Command::Compact(command) => command.run(global, output),
        Command::Help(command) => command.run(cli.global.color),
        Command::Completions(command) => command.run(output),
        Command::Man(command) => command.run(output),
    }
}
