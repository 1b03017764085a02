//! `watch`: the changes that an app makes to its cache, as they happen.

mod event_json;
mod raw;
mod words;

use self::event_json::{ChangedJson, EventJson, StateJson};
use self::words::{description, mark, numbers};
use super::diff::{json, print_lines};
use super::filtering::Filtering;
use super::format::{EventFormat, FormatArgs};
use super::selection::{Chosen, Meaning, Selecting};
use super::{Global, Refused, Status, others, report, report_unread, target, time};
use crate::output::{Output, human};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use vlive::error::NotRedb;
use vlive::json::JsonStyle;
use vlive::ops::{DiffOptions, Difference, DumpStyle, RowFilter, Scope, diff_rows, diff_values, dump_tree_of_keys};
use vlive::snapshot::{
    Entry, EntryChange, EntryKey, Event, LiveEntry, Pace, Remembered, RowChanges, SeenCommit, SetKey, WatchOptions,
    Watcher, WholeSets,
};
use vlive::{Error, Key, Selection, Snapshot};

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

/// The event to wait for; `None` is any.
#[derive(Clone, Copy, Debug)]
pub struct Awaits(Option<Event>);

impl Awaits {
    fn is(self, event: Event) -> bool {
        self.0.is_none_or(|awaited| awaited == event)
    }
}

#[derive(Clone, Debug)]
pub struct Until {
    event: Awaits,
    /// The argument as typed.
    key: String,
}

impl Until {
    fn is(&self, key: &EntryKey) -> bool {
        match key {
            EntryKey::Live(key) => *key == Key::new(&self.key),
            EntryKey::Set(key) => {
                let named = Selection::exact(&self.key);
                // The name of a set takes its rows too.
                key.is_selected(&named) && (key.row().is_none() || !key.whole().is_selected(&named))
            }
        }
    }
}

fn parse_event(name: &str) -> Result<Awaits, String> {
    if name == "any" { Ok(Awaits(None)) } else { name.parse().map(|event| Awaits(Some(event))) }
}

fn parse_until(text: &str) -> Result<Until, String> {
    let (event, key) = text.split_once(':').ok_or("an event and a key go together, as in `added:clients/page_1`")?;
    Ok(Until { event: parse_event(event)?, key: key.to_owned() })
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
        selections.extend(self.until.as_ref().map(|until| Selection::exact(&until.key)));
        let mut watcher = Watcher::new(folder, selections, options);
        let mut reporter =
            Reporter { watch: self, chosen: &chosen, rows, has_happened: false, is_empty: true, trouble: None };
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
}

/// What has been reported so far.
struct Reporter<'w> {
    watch: &'w Watch,
    chosen: &'w Chosen,
    /// The filter: an entry is reported if a row of it matches now or did before.
    rows: Option<RowFilter>,
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
        let mut record = Vec::new();
        let seen = watcher.look(global.look_wait(), |commit, change| {
            self.is_empty = false;
            let fetched = change.new.as_ref().or(change.old.as_ref()).map(Remembered::fetch_time);
            let is_of_age = fetched.is_none_or(|fetched| self.chosen.scope.takes_age(fetched));
            if is_silent || !is_of_age || !self.has_rows(commit, &change)? {
                return Ok(());
            }
            self.has_happened |= self.watch.awaits(&change);
            if self.watch.record.is_some() && change.new.is_some() {
                record.push(change.key.clone());
            }
            self.watch.print(now, commit, &change, output)
        });
        let seen = match seen {
            Ok(seen) => Ok(seen),
            // A problem with the cache may pass; any other error ends the command.
            Err(error) => Err(error.downcast::<Error>()?),
        };
        match seen {
            Ok(None) => Ok(false),
            Ok(Some(commit)) => {
                if let Some(folder) = self.watch.record.as_deref().filter(|_| !record.is_empty()) {
                    keep(folder, &commit, &record, output)?;
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

    /// Whether an entry has, or had, a row that matches.
    fn has_rows(&self, commit: &SeenCommit, change: &EntryChange) -> Result<bool> {
        let Some(rows) = &self.rows else { return Ok(true) };
        if let (EntryKey::Set(key), Some(changes)) = (&change.key, &change.rows) {
            return set_has_rows(rows, key, changes, commit, change);
        }
        if let Some(old) = change.old.as_ref().and_then(|old| old.value.as_ref())
            && rows.takes_any(&change.key, old)?
        {
            return Ok(true);
        }
        let Some(entry) = new_entry(commit, change)? else { return Ok(false) };
        Ok(rows.takes_any(&change.key, entry.value())?)
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
        let may_pass = matches!(
            error,
            Error::Missing { .. }
                | Error::DanglingLink { .. }
                | Error::NotACache { is: NotRedb::Unfinished, .. }
                | Error::Damaged { .. }
                | Error::Unsteady { .. }
        );
        if is_first && !may_pass {
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

impl Watch {
    fn awaits(&self, change: &EntryChange) -> bool {
        self.exit_on.is_some_and(|awaited| awaited.is(change.event))
            || self.until.as_ref().is_some_and(|until| until.event.is(change.event) && until.is(&change.key))
    }

    fn print(&self, now: u64, commit: &SeenCommit, change: &EntryChange, output: &mut Output) -> Result<()> {
        if self.format.is_json() {
            return self.print_json(now, commit, change, output);
        }
        let key = change.key.shown();
        let line = format!("{}  {}", output.key(&key), description(change));
        output.changed_after(&format!("{} {} ", human::time(now), numbers(commit)), mark(change.event), line)?;
        self.differences(commit, change, |difference| match difference {
            // The line above has the reason.
            Difference::Entry(_) => Ok(()),
            difference => print_lines(&difference, output),
        })
    }

    fn print_json(&self, now: u64, commit: &SeenCommit, change: &EntryChange, output: &mut Output) -> Result<()> {
        let value = if self.raw { new_entry(commit, change)? } else { None };
        let json = EventJson {
            time: now,
            commit: commit.number,
            after: commit.after,
            event: change.event.name(),
            key: change.key.to_string(),
            layout: super::layout_column::field(change.key.layout()),
            changed: change.rows.as_ref().map(|rows| ChangedJson {
                added: rows.added,
                replaced: rows.replaced,
                removed: rows.removed,
                lost: rows.lost,
            }),
            now: change.new.as_ref().map(StateJson::of),
            was: change.old.as_ref().map(StateJson::of),
            raw: value.map(|entry| STANDARD.encode(entry.value())),
        };
        json::write_open(&mut output.json_data(), &json)?;
        if let (true, EntryKey::Set(key)) = (self.raw, &change.key) {
            raw::write_set(commit, key, change, &mut output.json_data())?;
        }
        if self.diff && change.event == Event::Replaced {
            output.data().write_all(b",\"diff\":")?;
            let mut array = json::Array::begin(output)?;
            self.differences(commit, change, |difference| array.add(&difference, output))?;
            array.end(output)?;
        }
        Ok(output.data().write_all(b"}\n")?)
    }

    /// Calls `each` with the differences inside an entry, if they are requested.
    fn differences(
        &self,
        commit: &SeenCommit,
        change: &EntryChange,
        mut each: impl FnMut(Difference) -> Result<()>,
    ) -> Result<()> {
        let options = DiffOptions { fetched_at: false, order: true };
        if let Some(changes) = change.rows.as_ref().filter(|_| self.diff && change.event == Event::Replaced) {
            let rows = changes.values.iter().map(|row| (row.id.as_str(), [row.old.as_deref(), row.new.as_deref()]));
            return diff_rows(change.key.clone(), rows, options, &mut each);
        }
        let (true, Some(old)) = (self.diff, change.old.as_ref().and_then(|old| old.value.as_ref())) else {
            return Ok(());
        };
        let Some(entry) = new_entry(commit, change)? else { return Ok(()) };
        diff_values(change.key.clone(), old, entry.value(), options, &mut each)
    }
}

/// The current entry, if it exists.
fn new_entry(commit: &SeenCommit, change: &EntryChange) -> vlive::Result<Option<LiveEntry>> {
    let EntryKey::Live(key) = &change.key else { return Ok(None) };
    let now = change.new.as_ref().map(|_| commit.snapshot.entry(key));
    Ok(now.transpose()?.flatten())
}

/// Whether a set has, or had, a row that matches: among the changed rows, or among all rows of a new set.
fn set_has_rows(
    filter: &RowFilter,
    key: &SetKey,
    changes: &RowChanges,
    commit: &SeenCommit,
    change: &EntryChange,
) -> Result<bool> {
    let fetched_at = |side: &Option<Remembered>| side.as_ref().and_then(Remembered::fetched_at);
    let (was, now) = (fetched_at(&change.old), fetched_at(&change.new));
    for row in &changes.values {
        for (fetched_at, value) in [(was, &row.old), (now, &row.new)] {
            let Some(value) = value else { continue };
            if filter.takes_row(&change.key, fetched_at, &row.id, value)? {
                return Ok(true);
            }
        }
    }
    if !changes.values.is_empty() || change.new.is_none() {
        return Ok(false);
    }
    let Some(set) = commit.snapshot.set(key)? else { return Ok(false) };
    let scope = Scope::all().keeping(filter.clone());
    Ok(scope.reduce(&commit.snapshot, Entry::Set(set.into()))?.is_some())
}

/// Writes the reported entries of a commit to a folder of its own.
fn keep(folder: &Path, commit: &SeenCommit, keys: &[EntryKey], output: &Output) -> Result<()> {
    let number = format!("{:08}", commit.number);
    let cannot = |path: &Path, error: io::Error| {
        Refused::unwritable(format!("cannot write to `{}`: {error}", path.display()), None)
    };
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    // A file that replaced another may restart its commit numbers.
    let names = (1..).map(|n| if n == 1 { number.clone() } else { format!("{number}-{n}") });
    let mut paths = names.map(|name| folder.join(name));
    let path = paths.find(|path| !path.exists()).expect("names do not end");
    fs::create_dir(&path).map_err(|error| cannot(&path, error))?;
    let style = DumpStyle { json: JsonStyle { pretty: true, ..JsonStyle::default() }, ..DumpStyle::default() };
    let dumped = dump_tree_of_keys(&commit.snapshot, keys, style, &path).map_err(|error| {
        // The recording of this commit is incomplete.
        fs::remove_dir_all(&path).ok();
        target::of_output(error, |error| cannot(&path, error))
    })?;
    report_unread(&dumped.unread, output);
    Ok(())
}
