//! Prints events, in words or as JSON.

use super::changed::new_entry;
use super::event_json::{ChangedJson, EventJson, StateJson};
use super::raw;
use super::words::{description, mark, numbers};
use crate::cli::diff::{json, print_lines};
use crate::cli::layout_column;
use crate::output::{Output, human};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;
use vlive::ops::{DiffOptions, Difference, diff_rows, diff_values};
use vlive::snapshot::{EntryChange, EntryKey, Event, SeenCommit};

/// How events are printed.
#[derive(Clone, Copy)]
pub struct Printing {
    pub is_json: bool,
    /// Whether JSON has the bytes of each new value.
    pub raw: bool,
    /// Whether the rows and fields that changed are printed.
    pub diff: bool,
}

impl Printing {
    /// Prints an event; `now` is in seconds since 1970.
    pub fn print(self, now: u64, commit: &SeenCommit, change: &EntryChange, output: &mut Output) -> Result<()> {
        if self.is_json {
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

    fn print_json(self, now: u64, commit: &SeenCommit, change: &EntryChange, output: &mut Output) -> Result<()> {
        let value = if self.raw { new_entry(commit, change)? } else { None };
        let json = EventJson {
            time: now,
            commit: commit.number,
            after: commit.after,
            event: change.event.name(),
            key: change.key.to_string(),
            layout: layout_column::field(change.key.layout()),
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
        self,
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
