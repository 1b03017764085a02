mod apply;
mod draft;
mod entry;
mod marks;
mod set;

use super::change::{Backup, Changing};
use super::selection::{Chosen, Meaning, Selecting};
use super::{Global, Refused, Status, report_unreadable};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use draft::Draft;
pub use draft::{Kept, is_editor_running, keep_edited_text};
use entry::OriginalEntry;
use serde::Serialize;
use set::OriginalSet;
use std::io::Write;
use std::ops::ControlFlow;
use vlive::ops::{ChangedKey, Matched, Scope, Unreadable};
use vlive::snapshot::FetchTime;
use vlive::{Cache, Selection, Snapshot};

/// Edit an entry in an editor, or entries by a jq filter
///
/// The entry with the full key SELECTION is opened as lossless JSON in the editor that `VISUAL` or `EDITOR` names. What
/// is saved is checked as `vlive put` checks it, and written if it differs from the entry; an empty file writes
/// nothing. `fetched_at` stays unless it is edited. Text that is not written is kept in a file, which is named.
///
/// The cache is locked only to write, not while the editor is open. If the entry has changed by then, vlive asks
/// whether to write anyway.
///
/// With --apply no editor is opened: a jq filter takes each selected entry, as `vlive dump` prints it, and returns the
/// new one: `vlive edit clients --apply '.rows[].active = false'`. What the filter does not touch stays bit for bit,
/// and everything happens in one transaction. An entry that cannot be decoded is left as it is and named on standard
/// error; the status is then 3.
///
/// A set of diorama is edited with its times and its total; rows alone keep them. If the set loses a row, it loses its
/// times too, unless they are edited, so that the app fetches it again. Editing a single row (`clients/42`) leaves the
/// times as they are.
#[derive(Debug, Args)]
pub struct Edit {
    #[command(flatten)]
    selecting: Selecting,

    /// Change the selected entries by this jq filter
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    apply: Option<String>,

    /// Apply the filter to every entry of every cache key
    #[arg(long, requires = "apply")]
    all: bool,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Serialize)]
struct Summary<'s> {
    entries: usize,
    bytes: u64,
    keys: &'s [ChangedKey],
    unchanged: u64,
    dry_run: bool,
}

/// The state of the text after the editor has ended.
enum Edited<New> {
    Empty,
    Unchanged,
    Changed(New),
}

/// The entry or the set that is edited, as it was read.
trait Original {
    /// The replacement that an edited text describes.
    type New;
    /// The state in the cache, by which a change by somebody else is noticed.
    type Seen;

    fn key(&self) -> ChangedKey;

    /// The original as JSON without loss.
    fn text(&self) -> &str;

    /// Parses an edited text; `None` if nothing has changed.
    fn read(&self, text: &str) -> Result<Option<Self::New>>;

    /// The state when the text was made.
    fn seen(&self) -> Self::Seen;

    /// The state in a snapshot; `None` if it has been removed.
    fn look(&self, snapshot: &Snapshot) -> vlive::Result<Option<Self::Seen>>;

    /// Writes the replacement if the state is still `seen`; returns whether it was written.
    fn write(&self, cache: &Cache, seen: Option<&Self::Seen>, new: &Self::New) -> vlive::Result<bool>;

    /// Bytes of the replacement.
    fn bytes(&self, new: &Self::New) -> u64;

    /// Shows what a dry run would change.
    fn report_diff(&self, new: &Self::New, output: &mut Output) -> Result<()>;

    /// Warns of what the change removes although it was not edited.
    fn report_loss(&self, _new: &Self::New, _output: &Output) {}
}

/// Reports that the only selected entry is outside the bounds of age, if it does, and returns the status.
fn report_outside(chosen: &Chosen, fetched: FetchTime, global: &Global, output: &Output) -> Option<Status> {
    if chosen.scope.takes_age(fetched) {
        return None;
    }
    let mut matched = Matched::default();
    matched.outside = 1;
    matched.timeless = u64::from(fetched == FetchTime::Unknown);
    Some(chosen.report(&matched, false, global, output))
}

impl Edit {
    pub fn runs_filters(&self) -> bool {
        self.apply.is_some()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        match &self.apply {
            Some(filter) => apply::run(self, filter, global, output),
            None => self.in_editor(global, output),
        }
    }

    fn in_editor(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let chosen = self.selecting.choose(Meaning::Exact, global.now(), output)?;
        let backup = self.changing.backup()?;
        let selections = chosen.scope.selections();
        if let [Selection::Entry(key)] = selections {
            let entry = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))?;
            if let Some(entry) = entry {
                if let Some(status) = report_outside(&chosen, entry.fetch_time(), global, output) {
                    return Ok(status);
                }
                let original = match entry.envelope() {
                    Ok(envelope) => OriginalEntry::new(&entry, &envelope)?,
                    Err(error) => return Ok(report_unreadable(&[Unreadable { key: entry.key(), error }], output)),
                };
                return self.edit(&original, &backup, global, output);
            }
        }
        if selections.len() == 1 && self.selecting.is_given() {
            let snapshot = Snapshot::pin(global.folder(), global.look_wait(), selections)?;
            let of_any_age = Scope::new(selections.to_vec());
            if let Some(set) = vlive::ops::only_set(&snapshot, &of_any_age)? {
                if let Some(status) = report_outside(&chosen, set.fetch_time(), global, output) {
                    return Ok(status);
                }
                return match OriginalSet::new(&snapshot, set, output)? {
                    ControlFlow::Continue(original) => self.edit(&original, &backup, global, output),
                    ControlFlow::Break(status) => Ok(status),
                };
            }
            let is_there = snapshot.entries(&selections[0])?.next().is_some();
            if !is_there && snapshot.selected_sets(&selections[0])?.is_empty() {
                return Ok(chosen.report_missing(global, output));
            }
        }
        let hint = "name a full key, such as `clients/page_1`; the root entry of `clients` is `clients/__root__`";
        Err(Refused::error("an editor takes one entry; --apply changes several", Some(hint)))
    }

    fn edit<O: Original>(&self, original: &O, backup: &Backup, global: &Global, output: &mut Output) -> Result<Status> {
        let key = original.key();
        let draft = Draft::new(key.as_str(), original.text())?;
        let new = match edited(&draft, original, global.editor(), output) {
            Ok(Edited::Changed(new)) => new,
            Ok(nothing) => return self.report_nothing(matches!(nothing, Edited::Empty), &key, output),
            Err(error) => return Err(draft.keep_for(error)),
        };
        if self.changing.dry_run {
            if !self.changing.format.is_json() {
                original.report_diff(&new, output)?;
            }
        } else if let Err(error) = write(original, &new, backup, global, output) {
            return Err(draft.keep_for(error));
        }
        self.report(&[key], original.bytes(&new), 0, output)?;
        original.report_loss(&new, output);
        backup.report(false, global, output);
        Ok(Status::Done)
    }

    fn report_nothing(&self, is_empty: bool, key: &ChangedKey, output: &mut Output) -> Result<Status> {
        if self.changing.format.is_json() {
            self.report(&[], 0, 1, output)?;
        } else if is_empty {
            output.summary(&format!("{} stays as it is: the text is empty", key.shown()));
        } else {
            output.summary(&format!("{} stays as it is: nothing was changed", key.shown()));
        }
        Ok(Status::Done)
    }

    fn report(&self, keys: &[ChangedKey], bytes: u64, unchanged: u64, output: &mut Output) -> Result<()> {
        let dry_run = self.changing.dry_run;
        if self.changing.format.is_json() {
            output.json(&Summary { entries: keys.len(), bytes, keys, unchanged, dry_run })?;
            return Ok(output.flush()?);
        }
        if !dry_run {
            for key in keys {
                let key = output.changed_key(key).into_owned();
                writeln!(output.data(), "{key}")?;
            }
        }
        output.flush()?;
        let verb = if dry_run { "would edit" } else { "edited" };
        let entries = human::count(keys.len() as u64, "entry", "entries");
        let others = match unchanged {
            0 => String::new(),
            1 => "; 1 entry stays as it is".to_owned(),
            _ => format!("; {} stay as they are", human::count(unchanged, "entry", "entries")),
        };
        output.summary(&format!("{verb} {entries}, {}{others}", human::size(bytes)));
        Ok(())
    }
}

/// The field with the row id in an array of rows.
const ID_FIELD: &str = "id";

/// Opens the editor until the text can be read or the user gives up.
fn edited<O: Original>(draft: &Draft, original: &O, editor: &str, output: &Output) -> Result<Edited<O::New>> {
    loop {
        draft.open_in(editor)?;
        let refused = match read(original, &draft.read()?) {
            Err(error) => error,
            read => return read,
        };
        if !output.can_ask() {
            return Err(refused);
        }
        output.error(&refused.to_string(), None);
        if !output.ask("edit again?", true) {
            return Err(Refused::error("nothing was written", None));
        }
    }
}

/// Parses an edited text.
fn read<O: Original>(original: &O, text: &[u8]) -> Result<Edited<O::New>> {
    if text.trim_ascii().is_empty() {
        return Ok(Edited::Empty);
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| Refused::error(format!("the text is not UTF-8 at byte {}", error.valid_up_to()), None))?;
    Ok(original.read(text)?.map_or(Edited::Unchanged, Edited::Changed))
}

/// Writes the replacement. If the original has changed meanwhile, asks the user whether to replace that too.
fn write<O: Original>(original: &O, new: &O::New, backup: &Backup, global: &Global, output: &Output) -> Result<()> {
    let key = original.key();
    let mut seen = Some(original.seen());
    loop {
        let is_written = global.open_when_free(output, || {
            let cache = Cache::open(global.folder())?;
            backup.of(&cache);
            let is_written = original.write(&cache, seen.as_ref(), new)?;
            cache.close()?;
            Ok(is_written)
        })?;
        if is_written {
            return Ok(());
        }
        let there = Snapshot::look(global.folder(), global.look_wait(), |snapshot| original.look(snapshot))?;
        let changed = if there.is_some() { "changed" } else { "was removed" };
        let what = format!("`{}` {changed} while it was edited", key.shown());
        if !output.can_ask() {
            return Err(Refused::no(what));
        }
        output.error(&what, None);
        if !output.ask("write your text anyway?", false) {
            return Err(Refused::no("nothing was written"));
        }
        seen = there;
    }
}
