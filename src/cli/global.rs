//! The options that every command takes.

use super::time;
use crate::output::{Color, Output};
use clap::Args;
use std::borrow::Cow;
use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use vlive::Error;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The folder of the cache, or the file itself; else `VLIVE_FOLDER`, else the current folder. Other paths
    /// stay relative to the current folder
    #[arg(short = 'C', long, global = true, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,

    /// How long to keep trying, such as `10s` or `10`: to write while another process has the cache (not at
    /// all by default), to look while an app writes to it (5s by default)
    #[arg(long, global = true, value_name = "DURATION", value_parser = time::parse_duration,
        allow_hyphen_values = true)]
    wait: Option<Duration>,

    /// When to colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: Color,

    /// Do not show what is longer than a screen in a pager: `VLIVE_PAGER`, else `PAGER`, else `less -FRX`
    #[arg(long, global = true)]
    pub no_pager: bool,

    /// Print only data and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// The folder or file of the cache.
    pub fn folder(&self) -> Cow<'_, Path> {
        if let Some(folder) = &self.folder {
            return Cow::Borrowed(folder);
        }
        match env::var_os("VLIVE_FOLDER").filter(|folder| !folder.is_empty()) {
            Some(folder) => Cow::Owned(folder.into()),
            None => Cow::Borrowed(Path::new(".")),
        }
    }

    /// The folder or file that an argument names in place of the option.
    pub fn folder_or<'p>(&'p self, argument: Option<&'p Path>) -> Cow<'p, Path> {
        argument.map_or_else(|| self.folder(), Cow::Borrowed)
    }

    /// Whether the option that names the folder is given.
    pub fn names_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// The same options with another folder, if there is one.
    pub fn at(&self, folder: Option<&Path>) -> Global {
        Global { folder: folder.map(Path::to_owned).or_else(|| self.folder.clone()), ..self.clone() }
    }

    /// How long to look again while an app writes.
    pub fn look_wait(&self) -> Duration {
        self.wait.unwrap_or(Duration::from_secs(5))
    }

    /// Calls `open` until the cache is not in use or the time of `--wait` is up.
    pub fn open_when_free<T>(&self, output: &Output, mut open: impl FnMut() -> vlive::Result<T>) -> vlive::Result<T> {
        let begun = Instant::now();
        let wait = self.wait.unwrap_or_default();
        let mut said = false;
        loop {
            match open() {
                Err(error @ Error::InUse { .. }) if begun.elapsed() < wait => {
                    if !said {
                        output.summary(&format!("waiting: {error}"));
                        said = true;
                    }
                    thread::sleep(Duration::from_millis(20).min(wait.saturating_sub(begun.elapsed())));
                }
                other => return other,
            }
        }
    }
}
