//! The options that every command takes, combined with the environment.

use super::environment::{Clock, Environment};
use super::time;
use crate::output::{Color, Output};
use clap::Args;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use vlive::Error;

/// The options as they are typed.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths
    /// stay relative to the current folder
    #[arg(short = 'C', long, global = true, value_name = "FOLDER", value_hint = clap::ValueHint::AnyPath)]
    folder: Option<PathBuf>,

    /// How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at
    /// all), or to read a consistent state while an app writes (default: 5s)
    #[arg(long, global = true, value_name = "DURATION", value_parser = time::parse_duration,
        allow_hyphen_values = true)]
    wait: Option<Duration>,

    /// When to use colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: Color,

    /// Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`
    #[arg(long, global = true)]
    pub no_pager: bool,

    /// Print only data and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// The settings of every command, from its options and the environment.
#[derive(Clone, Debug)]
pub struct Global {
    folder: PathBuf,
    names_folder: bool,
    is_default_folder: bool,
    wait: Option<Duration>,
    environment: Environment,
}

impl Global {
    pub fn new(args: &GlobalArgs, environment: Environment) -> Global {
        let chosen = args.folder.clone().or_else(|| environment.folder.clone());
        Global {
            names_folder: args.folder.is_some(),
            is_default_folder: chosen.is_none(),
            folder: chosen.unwrap_or_else(|| PathBuf::from(".")),
            wait: args.wait,
            environment,
        }
    }

    /// The folder or file of the cache.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder or file of the cache, if an option or the environment names it.
    pub fn chosen_folder(&self) -> Option<&Path> {
        (!self.is_default_folder).then_some(&self.folder)
    }

    /// The folder or file that an argument names, or else that of the options.
    pub fn folder_or<'p>(&'p self, argument: Option<&'p Path>) -> &'p Path {
        argument.unwrap_or(&self.folder)
    }

    /// Whether `-C` is given.
    pub fn names_folder(&self) -> bool {
        self.names_folder
    }

    /// These settings with another folder, if one is given.
    pub fn at(&self, folder: Option<&Path>) -> Global {
        let is_default_folder = self.is_default_folder && folder.is_none();
        Global { folder: self.folder_or(folder).to_owned(), is_default_folder, ..self.clone() }
    }

    /// The present, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.environment.now
    }

    /// The clock, for a command that runs for long.
    pub fn clock(&self) -> Clock {
        self.environment.clock
    }

    /// The time of entries that neither an option nor the input dates, in seconds since 1970.
    pub fn undated(&self) -> u64 {
        self.environment.source_date_epoch.unwrap_or(self.environment.now)
    }

    /// The user's editor: a line for the shell.
    pub fn editor(&self) -> &str {
        &self.environment.editor
    }

    /// The user's cache folders, by the conventions of the system.
    pub fn cache_folders(&self) -> &[PathBuf] {
        &self.environment.cache_folders
    }

    /// How long to keep trying to read a consistent state while an app writes.
    pub fn look_wait(&self) -> Duration {
        self.wait.unwrap_or(Duration::from_secs(5))
    }

    /// Calls `open` until the cache is no longer in use or the time of `--wait` is up, and tells once that it waits.
    pub fn open_when_free<T>(&self, output: &Output, open: impl FnMut() -> vlive::Result<T>) -> vlive::Result<T> {
        let mut said = false;
        self.retry_while_in_use(open, |error| {
            if !said {
                output.summary(&format!("waiting: {error}"));
                said = true;
            }
        })
    }

    /// Calls `open` until the cache is no longer in use or the time of `--wait` is up, and `waits` before each new try.
    pub fn retry_while_in_use<T>(
        &self,
        mut open: impl FnMut() -> vlive::Result<T>,
        mut waits: impl FnMut(&Error),
    ) -> vlive::Result<T> {
        let wait = self.wait.unwrap_or_default();
        let mut refused_at = None;
        loop {
            let error = match open() {
                Err(error @ Error::InUse { .. }) => error,
                other => return other,
            };
            let left = wait.saturating_sub(refused_at.get_or_insert_with(Instant::now).elapsed());
            if left.is_zero() {
                return Err(error);
            }
            waits(&error);
            thread::sleep(left.min(Duration::from_millis(20)));
        }
    }
}
