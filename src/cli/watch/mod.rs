//! `watch`: the changes that an app makes to its cache, as they happen.

mod awaited;
mod changed;
mod event_json;
mod printing;
mod raw;
mod recording;
mod words;

use self::awaited::{Awaits, Until, parse_event, parse_until};
use self::changed::has_match;
use self::printing::Printing;
use self::recording::record;
use super::filtering::Filtering;
use super::format::{EventFormat, FormatArgs};
use super::selection::{Chosen, Meaning, Selecting};
use super::{Global, Refused, Status, others, report, time};
use crate::output::Output;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use vlive::error::NotRedb;
use vlive::ops::RowFilter;
use vlive::snapshot::{EntryChange, EntryKey, Pace, Remembered, SeenCommit, WatchOptions, Watcher, WholeSets};
use vlive::{Error, Snapshot};

/// Print each change that the app makes to its cache, as it happens
///
/// A line tells of an entry that was added (`+`), replaced (`~`), given a new time with the same rows (`@`) or removed
/// (`-`), with the commit and the time at which vlive saw it. Of an app that commits faster than vlive looks, only some
/// commits are seen: `#25..#27` is what differs between commit 24 and commit 27. Different commits are never mixed. The
/// cache need not exist yet; the app may end, crash and start again.
#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    filtering: Filtering,

    /// Begin with the entries that exist, as if they had just been added
    #[arg(long)]
    initial: bool,

    /// Show the rows and fields that changed, as `vlive diff` does
    #[arg(long)]
    diff: bool,

    /// End after this long, such as `30s`; with status 1 if what --until or --exit-on waits for has not happened
    #[arg(long = "for", value_name = "DURATION", value_parser = time::parse_duration)]
    duration: Option<Duration>,

    /// End once this has happened to one entry or row, such as `added:clients/page_1`, which is watched even if it is
    /// not selected; `any:clients/page_1` is any event.
    /// With --initial what exists already counts as added
    #[arg(long, value_name = "EVENT:KEY", value_parser = parse_until)]
    until: Option<Until>,

    /// End after the first event of this kind: added, replaced, touched, removed or any
    #[arg(long, value_name = "EVENT", value_parser = parse_event)]
    exit_on: Option<Awaits>,

    /// Save every version of the reported entries in this folder, in a folder for each commit that `vlive load` and
    /// `vlive diff` read
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    record: Option<PathBuf>,

    /// Add the bytes of each new value to its JSON, so that the lines can be replayed; of a set those of the rows that
    /// differ, null for a row that is gone
    #[arg(long)]
    raw: bool,

    #[command(flatten)]
    format: FormatArgs<EventFormat>,
}

impl Watch {
    pub fn runs_filters(&self) -> bool {
        self.filtering.is_given()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.raw && !self.format.is_json() {
            return Err(Refused::error("--raw is for JSON", Some("add --json, or use --record FOLDER")));
        }
        let clock = global.clock();
        let chosen = self.selecting.choose(Meaning::Exact, global.now(), output)?;
        let rows = self.filtering.rows(move || clock.now())?;
        let compares = self.diff || rows.is_some();
        let options = WatchOptions {
            old_values: compares,
            new_values: compares || self.raw || self.record.is_some(),
            whole_sets: match (&self.record, &rows) {
                (Some(_), _) => WholeSets::Changed,
                // All rows of a touched set are needed to see whether it has a row that matches.
                (None, Some(_)) => WholeSets::Touched,
                (None, None) => WholeSets::None,
            },
        };
        let folder = global.folder();
        if let Err(error @ Error::SeveralCaches { .. }) = Snapshot::open(folder) {
            return Err(error.into());
        }
        let mut selections = chosen.scope.selections().to_vec();
        // A single row is reported only if it is selected.
        selections.extend(self.until.as_ref().map(Until::selection));
        let mut watcher = Watcher::new(folder, selections, options);
        let printing = Printing { is_json: self.format.is_json(), raw: self.raw, diff: self.diff };
        let mut reporter = Reporter {
            watch: self,
            chosen: &chosen,
            rows,
            printing,
            has_happened: false,
            is_empty: true,
            trouble: None,
        };
        let ends = self.duration.map(|duration| Instant::now() + duration);
        let mut pace = Pace::default();
        loop {
            let seen = reporter.look(&mut watcher, global, output)?;
            output.flush()?;
            if reporter.has_happened {
                return Ok(Status::Done);
            }
            let mut wait = pace.next(seen);
            if let Some(ends) = ends {
                let left = ends.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    let waited = self.until.is_some() || self.exit_on.is_some();
                    return Ok(if waited { Status::No } else { Status::Done });
                }
                wait = wait.min(left);
            }
            thread::sleep(wait);
        }
    }

    /// Whether the watch ends with this event.
    fn awaits(&self, change: &EntryChange) -> bool {
        self.exit_on.is_some_and(|awaited| awaited.is(change.event))
            || self.until.as_ref().is_some_and(|until| until.is(change))
    }
}

/// What has been reported so far.
struct Reporter<'w> {
    watch: &'w Watch,
    chosen: &'w Chosen,
    /// The filter: an entry is reported if a row of it matches now or did before.
    rows: Option<RowFilter>,
    printing: Printing,
    /// Whether the awaited event has happened.
    has_happened: bool,
    /// Whether no entry was seen yet.
    is_empty: bool,
    /// The problem with the cache that was reported last.
    trouble: Option<String>,
}

impl Reporter<'_> {
    /// Looks once; returns whether there was a new commit.
    fn look(&mut self, watcher: &mut Watcher, global: &Global, output: &mut Output) -> Result<bool> {
        let is_first = !watcher.has_seen();
        let is_silent = is_first && !self.watch.initial;
        let now = global.clock().now();
        let mut recorded = Vec::new();
        let seen = watcher.look(global.look_wait(), |commit, change| {
            self.is_empty = false;
            let fetched = change.new.as_ref().or(change.old.as_ref()).map(Remembered::fetch_time);
            let is_of_age = fetched.is_none_or(|fetched| self.chosen.scope.takes_age(fetched));
            if is_silent || !is_of_age || !self.matches(commit, &change)? {
                return Ok(());
            }
            self.has_happened |= self.watch.awaits(&change);
            if self.watch.record.is_some() && change.new.is_some() {
                recorded.push(change.key.clone());
            }
            self.printing.print(now, commit, &change, output)
        });
        let seen = match seen {
            Ok(seen) => Ok(seen),
            // A problem with the cache may pass; any other error ends the command.
            Err(error) => Err(error.downcast::<Error>()?),
        };
        match seen {
            Ok(None) => Ok(false),
            Ok(Some(commit)) => {
                if let Some(folder) = self.watch.record.as_deref().filter(|_| !recorded.is_empty()) {
                    record_unless_gone(folder, &commit, &recorded, output)?;
                }
                self.report(&commit, is_first, output);
                if is_first && self.is_empty {
                    output.flush()?;
                    others::report(global, output);
                    self.chosen.advise_of_near(global, output);
                }
                Ok(true)
            }
            Err(error) => {
                self.survive(error, is_first, output)?;
                Ok(false)
            }
        }
    }

    fn matches(&self, commit: &SeenCommit, change: &EntryChange) -> Result<bool> {
        self.rows.as_ref().map_or(Ok(true), |filter| has_match(filter, commit, change))
    }

    /// Reports the damage of a commit, or that the cache is readable again.
    fn report(&mut self, commit: &SeenCommit, is_first: bool, output: &Output) {
        for error in &commit.damage {
            output.error(&report::sentence(error), None);
        }
        if self.trouble.take().is_some() {
            output.summary(&format!("the cache can be read, at commit #{}", commit.number));
        } else if commit.after.is_none() && !is_first {
            output.summary(&format!("another file is in the place of the cache, at commit #{}", commit.number));
        }
    }

    /// Reports a problem once, unless waiting cannot help.
    fn survive(&mut self, error: Error, is_first: bool, output: &mut Output) -> Result<()> {
        if is_first && !may_pass(&error) {
            return Err(error.into());
        }
        let trouble = report::sentence(&error);
        if self.trouble.as_ref() != Some(&trouble) {
            output.flush()?;
            output.summary(&format!("{trouble}; waiting"));
            self.trouble = Some(trouble);
        }
        Ok(())
    }
}

/// Records a commit. If the app has already overwritten pages of it, reports that instead: later commits can be
/// recorded.
fn record_unless_gone(folder: &Path, commit: &SeenCommit, keys: &[EntryKey], output: &mut Output) -> Result<()> {
    let Err(error) = record(folder, commit, keys, output) else { return Ok(()) };
    let error = error.downcast::<Error>()?;
    if !may_pass(&error) {
        return Err(error.into());
    }
    output.flush()?;
    output.error(&format!("commit #{} is not recorded: {}", commit.number, report::sentence(&error)), None);
    Ok(())
}

/// Whether the next look may succeed.
fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::Missing { .. }
            | Error::DanglingLink { .. }
            | Error::NotACache { is: NotRedb::Unfinished, .. }
            | Error::Damaged { .. }
            | Error::Unsteady { .. }
    )
}
