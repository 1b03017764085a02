//! Environment variables and the clock, read here once and passed down as values.

use super::Refused;
use super::time;
use anyhow::Result;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// The values of the variables and the clock.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The present in seconds since 1970, by `VLIVE_NOW` if that is set, or else by the clock.
    pub now: u64,
    /// The clock, for a command that runs for long.
    pub clock: Clock,
    /// `SOURCE_DATE_EPOCH` in seconds since 1970, which makes builds reproducible.
    pub source_date_epoch: Option<u64>,
    /// `VLIVE_FOLDER`.
    pub folder: Option<PathBuf>,
    /// The user's cache folders, by the conventions of the system.
    pub cache_folders: Vec<PathBuf>,
    /// `VISUAL`, or else `EDITOR`, or else the system's default: a line for the shell.
    pub editor: String,
}

impl Environment {
    pub fn read() -> Result<Environment> {
        let clock = seconds("VLIVE_NOW")?.map_or(Clock::System, Clock::Stopped);
        Ok(Environment {
            now: clock.now(),
            clock,
            source_date_epoch: seconds("SOURCE_DATE_EPOCH")?,
            folder: variable("VLIVE_FOLDER").map(PathBuf::from),
            cache_folders: cache_folders(),
            editor: editor(),
        })
    }
}

/// The clock of a command that runs for long.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    System,
    /// Stopped at this time, in seconds since 1970.
    Stopped(u64),
}

impl Clock {
    /// The present in seconds since 1970.
    pub fn now(self) -> u64 {
        match self {
            Clock::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            Clock::Stopped(now) => now,
        }
    }
}

/// The value of a variable that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn seconds(name: &str) -> Result<Option<u64>> {
    let Some(value) = variable(name) else { return Ok(None) };
    let seconds = value.to_str().and_then(|value| value.parse().ok()).filter(|seconds| *seconds <= time::LAST);
    let refuse = || Refused::error(format!("{name} is `{}`, and not whole seconds since 1970", value.display()), None);
    seconds.map(Some).ok_or_else(refuse)
}

fn cache_folders() -> Vec<PathBuf> {
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let below_home = |folders: &str| folder("HOME").map(|home| home.join(folders));
    let folders = if cfg!(windows) {
        [folder("LOCALAPPDATA"), None]
    } else if cfg!(target_os = "macos") {
        [below_home("Library/Caches"), folder("XDG_CACHE_HOME")]
    } else {
        [folder("XDG_CACHE_HOME").or_else(|| below_home(".cache")), None]
    };
    folders.into_iter().flatten().collect()
}

fn editor() -> String {
    let said = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| env::var(name).ok());
    let mut said = said.filter(|editor| !editor.trim().is_empty());
    said.next().unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned())
}
