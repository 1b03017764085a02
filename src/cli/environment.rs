//! The world as a run finds it: environment variables, clock and terminals, all read here and passed down as
//! values.

use super::Refused;
use super::global::GlobalArgs;
use super::time;
use crate::output::histogram::Blocks;
use crate::output::pager::PagerProgram;
use crate::output::{Color, Stream, Streams};
use anstream::AutoStream;
use anyhow::Result;
use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What variables and the clock say.
#[derive(Clone, Debug)]
pub struct Environment {
    /// In seconds since 1970; `VLIVE_NOW` stands in for the clock.
    pub now: u64,
    /// `SOURCE_DATE_EPOCH`: the time that makes builds reproducible.
    pub source_date_epoch: Option<u64>,
    /// `VLIVE_FOLDER`.
    pub folder: Option<PathBuf>,
    /// Where the system's rules put the caches of a user.
    pub cache_folders: Vec<PathBuf>,
}

impl Environment {
    pub fn read() -> Result<Environment> {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Environment {
            now: seconds("VLIVE_NOW")?.unwrap_or_else(clock),
            source_date_epoch: seconds("SOURCE_DATE_EPOCH")?,
            folder: variable("VLIVE_FOLDER").map(PathBuf::from),
            cache_folders: cache_folders(),
        })
    }
}

/// A variable that is set to something.
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

/// The standard streams, as the options of a command line have them.
pub fn streams(args: &GlobalArgs) -> Streams {
    let is_coloured = |choice| match args.color {
        Color::Auto => choice != anstream::ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    let stdout =
        Stream { is_terminal: io::stdout().is_terminal(), is_coloured: is_coloured(AutoStream::choice(&io::stdout())) };
    let stderr =
        Stream { is_terminal: io::stderr().is_terminal(), is_coloured: is_coloured(AutoStream::choice(&io::stderr())) };
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    Streams {
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout,
        stderr,
        json_is_coloured: stdout.is_coloured && (stdout.is_terminal || args.color == Color::Always),
        is_dumb,
        width: if stdout.is_terminal { width() } else { None },
        blocks: Blocks::of_locale(|name| env::var(name).ok()),
        pager: if stdout.is_terminal && !is_dumb && !args.no_pager { pager() } else { None },
        is_quiet: args.quiet,
    }
}

/// What the user says in `COLUMNS`, else what the terminal says.
fn width() -> Option<usize> {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let width = said.filter(|columns| *columns > 0).or_else(|| {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(columns).filter(|columns| *columns > 0)
    })?;
    Some(usize::from(width))
}

/// What `VLIVE_PAGER` or `PAGER` say, else `less`; none where they are empty or `cat`.
fn pager() -> Option<PagerProgram> {
    let said = ["VLIVE_PAGER", "PAGER"].into_iter().find_map(|name| env::var(name).ok());
    let line = said.map(|said| said.trim().to_owned());
    if matches!(line.as_deref(), Some("" | "cat")) {
        return None;
    }
    // A `less` or `lv` of the user's own choice shows colours too.
    let unset = [("LESS", "FRX"), ("LV", "-c")].into_iter().filter(|(name, _)| env::var_os(name).is_none());
    Some(PagerProgram { line, variables: unset.collect() })
}
