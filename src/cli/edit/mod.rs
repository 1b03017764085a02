mod apply;
mod draft;

use super::change::{Backup, Changing};
use super::selection::{Meaning, Selecting};
use super::{Global, Refused, Status, diff, tell_unread};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use draft::Draft;
pub use draft::{Kept, is_editor_running, keep_edited_text};
use serde::Serialize;
use std::io::Write;
use vlive::json::{JsonStyle, RowsInput, write_envelope};
use vlive::live::{Envelope, EnvelopeView, FetchedAt};
use vlive::ops::{DiffOptions, Unreadable, diff_values};
use vlive::snapshot::LiveEntry;
use vlive::{Cache, Key, Snapshot};

/// Edit an entry in an editor, or entries by a filter
///
/// An entry, named by its full key, is opened as lossless JSON in the editor that `VISUAL` or `EDITOR` names. What
/// is saved is checked as `vlive put` checks it, and written if it is another entry than before; an empty file
/// writes nothing. `fetched_at` stays unless it is edited. Text that is not written is kept, and its file is named.
///
/// The cache is locked only to write, not while the editor is open. If the entry has changed by then, vlive asks
/// whether to write all the same.
///
/// With --apply no editor is opened: a jq filter gets each selected entry, as `vlive dump` prints it, and gives the new
/// one: `vlive edit clients --apply '.rows[].active = false'`. What the filter does not touch stays bit for bit, and
/// all is done in one transaction. An entry that cannot be decoded stays as it is, is named on standard error, and
/// makes the status 3.
#[derive(Debug, Args)]
pub struct Edit {
    #[command(flatten)]
    selecting: Selecting,

    /// Change the selected entries by this jq filter
    #[arg(long, value_name = "FILTER")]
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
    keys: &'s [String],
    unchanged: u64,
    dry_run: bool,
}

/// What an editor left.
enum Edited {
    Empty,
    Unchanged,
    Changed(Envelope),
}

/// An entry as it is edited.
struct Original {
    key: Key,
    /// The value that was read.
    value: Vec<u8>,
    fetched_at: FetchedAt,
    text: String,
    /// What the text stands for as it is, which may be another encoding of the value.
    envelope: Envelope,
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
        let Some(key) = chosen.single() else {
            let hint = "name a full key, such as `clients/page_1`; the root entry of `clients` is `clients/__root__`";
            return Err(Refused::error("an editor takes one entry; --apply changes several", Some(hint)));
        };
        let backup = self.changing.backup()?;
        let Some(entry) = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))? else {
            return Ok(chosen.tell_missing(global, output));
        };
        let original = match entry.envelope() {
            Ok(envelope) => Original::new(&entry, &envelope)?,
            Err(error) => return Ok(tell_unread(&[], &[Unreadable { key: entry.key(), error }], output)),
        };
        let draft = Draft::new(&original.key, &original.text)?;
        let envelope = match edited(&draft, &original, global.editor(), output) {
            Ok(Edited::Changed(envelope)) => envelope,
            Ok(nothing) => return self.tell_nothing(&nothing, &original.key, output),
            Err(error) => return Err(draft.keep_for(error)),
        };
        if self.changing.dry_run {
            self.tell_diff(&original.key, &original.value, envelope.bytes(), output)?;
        } else if let Err(error) = write(&original, &envelope, &backup, global, output) {
            return Err(draft.keep_for(error));
        }
        self.tell(&[original.key.to_string()], envelope.bytes().len() as u64, 0, output)?;
        backup.tell(output);
        Ok(Status::Done)
    }

    fn tell_nothing(&self, edited: &Edited, key: &Key, output: &mut Output) -> Result<Status> {
        if self.changing.format.is_json() {
            self.tell(&[], 0, 1, output)?;
        } else if matches!(edited, Edited::Empty) {
            output.summary(&format!("{key} stays as it is: the text is empty"));
        } else {
            output.summary(&format!("{key} stays as it is: nothing was changed"));
        }
        Ok(Status::Done)
    }

    /// Shows what a dry run would change.
    fn tell_diff(&self, key: &Key, old: &[u8], new: &[u8], output: &mut Output) -> Result<()> {
        if self.changing.format.is_json() {
            return Ok(());
        }
        let options = DiffOptions { fetched_at: true, order: true };
        diff_values(key.clone(), old, new, options, &mut |difference| diff::print_lines(&difference, output))
    }

    fn tell(&self, keys: &[String], bytes: u64, unchanged: u64, output: &mut Output) -> Result<()> {
        let dry_run = self.changing.dry_run;
        if self.changing.format.is_json() {
            output.json(&Summary { entries: keys.len(), bytes, keys, unchanged, dry_run })?;
            return Ok(output.flush()?);
        }
        if !dry_run {
            for key in keys {
                let key = output.key(key).into_owned();
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

impl Original {
    fn new(entry: &LiveEntry, envelope: &EnvelopeView<'_>) -> Result<Original> {
        let text = lossless(envelope, true)?;
        let input = RowsInput::parse(&text, ID_FIELD).expect("what is written without loss can be read");
        let fetched_at = input.fetched_at().expect("an envelope has a time");
        Ok(Original {
            key: entry.key(),
            value: entry.value().to_owned(),
            fetched_at,
            envelope: input.into_envelope(fetched_at),
            text,
        })
    }

    /// What an edited text stands for.
    fn read(&self, text: &[u8]) -> Result<Edited> {
        if text.trim_ascii().is_empty() {
            return Ok(Edited::Empty);
        }
        let text = std::str::from_utf8(text)
            .map_err(|error| Refused::error(format!("the text is not UTF-8 at byte {}", error.valid_up_to()), None))?;
        let input = RowsInput::parse(text, ID_FIELD).map_err(|error| Refused::error(error.to_string(), None))?;
        let fetched_at = input.fetched_at().unwrap_or(self.fetched_at);
        let envelope = input.into_envelope(fetched_at);
        Ok(if envelope == self.envelope { Edited::Unchanged } else { Edited::Changed(envelope) })
    }
}

/// The field with the row id, where rows come in an array.
const ID_FIELD: &str = "id";

/// An envelope as JSON without loss.
fn lossless(envelope: &EnvelopeView<'_>, pretty: bool) -> Result<String> {
    let mut text = Vec::new();
    write_envelope(envelope, JsonStyle { pretty, ..JsonStyle::default() }, &mut text)?;
    if pretty {
        text.push(b'\n');
    }
    Ok(String::from_utf8(text).expect("JSON is UTF-8"))
}

/// Has the text edited until it can be read, or the user gives up.
fn edited(draft: &Draft, original: &Original, editor: &str, output: &Output) -> Result<Edited> {
    loop {
        draft.open_in(editor)?;
        let refused = match original.read(&draft.read()?) {
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

/// Writes the envelope in place of what was read, or of what has taken its place if the user wants that.
fn write(original: &Original, envelope: &Envelope, backup: &Backup, global: &Global, output: &Output) -> Result<()> {
    let key = &original.key;
    let mut expected = Some(original.value.clone());
    loop {
        let is_written = global.open_when_free(output, || {
            let cache = Cache::open(global.folder())?;
            backup.of(&cache);
            let is_written = cache.put_envelope_if(key.clone(), expected.as_deref(), envelope)?;
            cache.close()?;
            Ok(is_written)
        })?;
        if is_written {
            return Ok(());
        }
        let there = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))?;
        let changed = if there.is_some() { "changed" } else { "was removed" };
        let what = format!("`{key}` {changed} while it was edited");
        if !output.can_ask() {
            return Err(Refused::no(what));
        }
        output.error(&what, None);
        if !output.ask("write your text all the same?", false) {
            return Err(Refused::no("nothing was written"));
        }
        expected = there.map(|entry| entry.value().to_owned());
    }
}
