//! The command line: what is typed becomes, once, what is needed.

mod ages;
mod completions;
mod dump;
mod invalidate;
mod ls;
mod man;
mod put;
mod time;

use crate::output::{Color, Output};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::fmt;
use std::io;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use vlive::{Error, Selection, Snapshot, Unreadable};

/// Look into, seed and invalidate the on-disk caches of vantage-live
///
/// Looking takes no lock and changes nothing: it works while the app runs, on a cache that was left
/// by a crash, and without permission to write. Changing needs the cache for itself.
#[derive(Debug, Parser)]
#[command(
    name = "vlive",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The folder of the cache, or the `vlive.redb` in it
    #[arg(short = 'C', long, global = true, env = "VLIVE_FOLDER", value_name = "FOLDER", default_value = ".", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,

    /// How long to keep trying, such as `10s`: to write while another process has the cache (not at
    /// all by default), to look while an app writes to it (5s by default)
    #[arg(long, global = true, value_name = "DURATION", value_parser = humantime::parse_duration)]
    wait: Option<Duration>,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: Color,

    /// Say nothing but data and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::Ls),
    Dump(dump::Dump),
    Ages(ages::Ages),
    Put(put::Put),
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

/// Input that is refused: what is wrong with it, and what to do.
#[derive(Debug)]
struct Refused {
    what: String,
    hint: Option<String>,
}

impl Refused {
    fn error(what: impl Into<String>, hint: Option<&str>) -> anyhow::Error {
        Refused { what: what.into(), hint: hint.map(str::to_owned) }.into()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refused {}

pub fn parse() -> Cli {
    Cli::parse()
}

pub fn run(cli: &Cli, output: &mut Output) -> Result<Status> {
    let global = &cli.global;
    match &cli.command {
        Command::Ls(command) => command.run(global, output),
        Command::Dump(command) => command.run(global, output),
        Command::Ages(command) => command.run(global, output),
        Command::Put(command) => command.run(global, output),
        Command::Invalidate(command) => command.run(global, output),
        Command::Completions(command) => command.run(output),
        Command::Man(command) => command.run(output),
    }
}

/// Prints the error and gives the exit status that stands for it.
pub fn report(error: &anyhow::Error, output: &Output) -> ExitCode {
    if let Some(error) = error.downcast_ref::<Error>() {
        let (status, hint) = explain(error);
        output.error(&error.to_string(), hint);
        return ExitCode::from(status);
    }
    if let Some(refused) = error.downcast_ref::<Refused>() {
        output.error(&refused.what, refused.hint.as_deref());
        return ExitCode::from(2);
    }
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    output.error(&format!("cannot write the output: {error}"), None);
    ExitCode::from(Status::Unreadable as u8)
}

/// The exit status of a library error, and what to do about it.
fn explain(error: &Error) -> (u8, Option<&'static str>) {
    const CANNOT: u8 = Status::Unreadable as u8;
    match error {
        Error::Missing { .. } => {
            (CANNOT, Some("name the folder that the app gives to `RedbCache::open` with -C, or set VLIVE_FOLDER"))
        }
        Error::NotAFile { .. } => (CANNOT, Some("a cache is a file `vlive.redb`; -C takes its folder")),
        Error::NotACache { .. } => {
            (CANNOT, Some("if it never was a cache, -C names the wrong place; else delete it, and the app begins anew"))
        }
        Error::UnknownFormat { .. } => (CANNOT, Some("caches of vantage-live 0.4 have version 2 or 3")),
        Error::Damaged { .. } => (
            CANNOT,
            Some("what is in other tables can still be dumped; to begin anew, stop the app and delete the file"),
        ),
        Error::WrongLength { .. } => {
            (CANNOT, Some("the file was cut or extended, and redb would fail on it; it was left as it is"))
        }
        Error::Unsteady { .. } => (CANNOT, Some("try again with a longer --wait, or when the app is less busy")),
        Error::InUse { .. } => (4, Some("stop it first, or keep trying for a while with --wait 10s")),
        Error::NotACacheTable { .. } => {
            (CANNOT, Some("vantage-live fails on this table as well; it belongs to something else"))
        }
        Error::RedbPanicked { .. } => {
            (CANNOT, Some("nothing was written by this command; the file is damaged, or a newer redb has changed it"))
        }
        Error::Io { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => {
                (CANNOT, Some("looking takes permission to read, and changing permission to write"))
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (CANNOT, Some("make room on the disk; what was in the cache before is still there"))
            }
            _ => (CANNOT, None),
        },
        _ => (CANNOT, None),
    }
}

/// The library catches what redb does to itself; the message would only confuse.
pub fn silence_redb_panics() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let from_redb = panic.location().is_some_and(|location| location.file().contains("/redb-"));
        if !from_redb {
            default(panic);
        }
    }));
}

impl Global {
    /// Calls `look` on the cache of `-C`, again if the app moves on.
    fn look<T>(&self, look: impl FnMut(&Snapshot) -> vlive::Result<T>) -> vlive::Result<T> {
        self.look_at(&self.folder, look)
    }

    fn look_at<T>(&self, folder: &Path, look: impl FnMut(&Snapshot) -> vlive::Result<T>) -> vlive::Result<T> {
        Snapshot::look(folder, self.look_wait(), look)
    }

    /// The commit that many entries are read from, one after the other, while output is written.
    fn hold(&self, selections: &[Selection]) -> vlive::Result<Snapshot> {
        Snapshot::hold(&self.folder, self.look_wait(), selections)
    }

    fn look_wait(&self) -> Duration {
        self.wait.unwrap_or(Duration::from_secs(5))
    }

    /// Calls `open` until the cache is not in use or the time of `--wait` is up.
    fn open_when_free<T>(&self, output: &Output, mut open: impl FnMut() -> vlive::Result<T>) -> vlive::Result<T> {
        let begun = std::time::Instant::now();
        let wait = self.wait.unwrap_or_default();
        let mut said = false;
        loop {
            match open() {
                Err(error @ Error::InUse { .. }) if begun.elapsed() < wait => {
                    if !said {
                        output.summary(&format!("waiting: {error}"));
                        said = true;
                    }
                    std::thread::sleep(Duration::from_millis(20).min(wait.saturating_sub(begun.elapsed())));
                }
                other => return other,
            }
        }
    }
}

/// Which entries the prefixes of a command mean.
fn prefixes(prefixes: &[String], exact: bool) -> Result<Vec<Selection>> {
    let select = |prefix: &String| {
        if prefix.is_empty() {
            return Err(Refused::error(
                "the prefix is empty",
                Some(
                    "`/` names the empty cache key as vantage-live has it; leave the prefix out, or give --all, for every cache key",
                ),
            ));
        }
        Ok(if exact { Selection::exact(prefix) } else { Selection::prefix(prefix) })
    };
    prefixes.iter().map(select).collect()
}

/// Names the entries that cannot be read, and gives the status that this makes.
fn tell_unreadable(unreadable: &[Unreadable], output: &Output) -> Status {
    for Unreadable { key, error } in unreadable {
        output.error(&format!("entry `{key}` cannot be decoded: {error}"), None);
    }
    if unreadable.is_empty() { Status::Done } else { Status::Unreadable }
}
