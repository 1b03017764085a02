//! Matches as text: formatted on the threads that find them, and printed in order.

use super::pattern::Pattern;
use super::{print_count, shown};
use crate::cli::{ages, time};
use crate::output::listing::{Column, TableFormat};
use crate::output::{self, Output, delimited, escape, human, markdown};
use anyhow::Result;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use std::str;
use unicode_width::UnicodeWidthStr;
use vlive::ops::{Escape, ExactKeys, Hit, Place};
use vlive::snapshot::EntryKey;

/// Bytes of text from which on it is printed before more is made.
const LONG: usize = 1024 * 1024;

/// The least number of columns of a value, even on a narrow terminal.
const NARROW_VALUE: usize = 20;

const COLUMNS: [Column; 7] = [
    ("key", "KEY", false),
    ("fetched_at", "FETCHED", true),
    ("age", "AGE", true),
    ("place", "PLACE", false),
    ("id", "ROW", false),
    ("path", "FIELD", false),
    ("value", "VALUE", false),
];

/// What to print of the matches.
#[derive(Clone, Copy)]
pub enum Form<'p> {
    /// Their number, in this format.
    Count(TableFormat),
    /// The keys of their entries, which are read back.
    Keys {
        null: bool,
        exact: &'p ExactKeys<'p>,
    },
    /// A line for each, for people; values are cut to the columns of a terminal.
    Lines {
        width: Option<usize>,
    },
    Json,
    JsonLines,
    Delimited {
        delimiter: u8,
        escape: Escape,
    },
    Markdown,
}

/// How matches become text.
#[derive(Clone, Copy)]
pub struct Printing<'p> {
    pub form: Form<'p>,
    /// The pattern: the visible part of a long value includes its match.
    pub pattern: &'p Pattern,
    pub now: u64,
    /// At most so many places are printed.
    pub limit: usize,
}

/// The texts of some places.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
    /// Where the text of each place ends.
    ends: Vec<usize>,
    /// The entry of the last place.
    entry: Option<EntryText>,
    /// Why the key of an entry cannot be printed.
    refused: Option<anyhow::Error>,
}

/// What is the same for all matches in an entry.
struct EntryText {
    key: EntryKey,
    fetched_at: Option<u64>,
    /// The key as it is printed.
    shown: String,
    /// The age, for people.
    age: String,
}

/// A match for programs.
#[derive(Serialize)]
struct Line<'l> {
    key: &'l str,
    fetched_at: Option<u64>,
    age: Option<i64>,
    /// What matches: `key`, `id`, `name` or `value`.
    place: &'static str,
    id: Option<&'l str>,
    path: Option<Cow<'l, str>>,
    value: Option<&'l str>,
    /// Whether diorama still has to fetch some fields of the row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    incomplete: bool,
}

impl Printing<'_> {
    /// Appends the text of a match; breaks if there is enough text to print.
    pub fn push(&self, texts: &mut Texts, hit: &Hit<'_>) -> ControlFlow<()> {
        let Texts { bytes, ends, entry, refused } = texts;
        // Replaced if the match is in another entry.
        entry.take_if(|entry| entry.key != *hit.key || entry.fetched_at != hit.fetched_at);
        self.push_place(bytes, entry.get_or_insert_with(|| self.entry(hit, refused)), hit);
        ends.push(bytes.len());
        let is_enough = bytes.len() >= LONG || ends.len() >= self.limit;
        if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn entry(&self, hit: &Hit<'_>, refused: &mut Option<anyhow::Error>) -> EntryText {
        let shown = match self.form {
            Form::Keys { exact, .. } => ages::exact_key(exact, hit.key).unwrap_or_else(|error| {
                refused.get_or_insert(error);
                String::new()
            }),
            Form::Lines { .. } => escape::key_for_terminal(&hit.key.shown()).into_owned(),
            Form::Markdown => hit.key.shown(),
            _ => hit.key.to_string(),
        };
        let age = self.age(hit).map(human::age);
        EntryText { key: hit.key.clone(), fetched_at: hit.fetched_at, shown, age: age.unwrap_or_default() }
    }

    /// Seconds since the entry was fetched, if that is known.
    fn age(&self, hit: &Hit<'_>) -> Option<i64> {
        hit.fetched_at.map(|fetched_at| time::age(self.now, fetched_at))
    }

    fn push_place(&self, text: &mut Vec<u8>, entry: &EntryText, hit: &Hit<'_>) {
        match self.form {
            Form::Count(_) => {}
            Form::Keys { .. } => text.extend_from_slice(entry.shown.as_bytes()),
            Form::Lines { width } => self.push_line(text, entry, hit, width),
            Form::Json | Form::JsonLines => {
                let is_lines = matches!(self.form, Form::JsonLines);
                text.extend_from_slice(if is_lines { b"" } else { b"," });
                serde_json::to_writer(&mut *text, &self.line(entry, hit)).expect("memory takes all");
                text.extend_from_slice(if is_lines { b"\n" } else { b"" });
            }
            Form::Delimited { delimiter, escape } => {
                let line = self.line(entry, hit);
                let number = |number: Option<i128>| number.map(|number| number.to_string().into());
                let (fetched_at, age) = (number(line.fetched_at.map(i128::from)), number(line.age.map(i128::from)));
                delimited::push_row(text, delimiter, escape, line.cells(fetched_at, age));
            }
            Form::Markdown => {
                let fetched_at = hit.fetched_at.map(|fetched_at| human::time(fetched_at).into());
                let cells = self.line(entry, hit).cells(fetched_at, Some(Cow::Borrowed(&entry.age)));
                markdown::push_row(text, cells);
            }
        }
    }

    /// Appends a place on a line of its own, the value cut to the terminal.
    fn push_line(&self, text: &mut Vec<u8>, entry: &EntryText, hit: &Hit<'_>, width: Option<usize>) {
        let age = if hit.fetched_at.is_some() { &entry.age } else { "unknown age" };
        let end = ["  (", age, if hit.is_incomplete { ", incomplete" } else { "" }, ")\n"];
        let (_, id, path, value) = parts(hit);
        let start = text.len();
        text.extend_from_slice(entry.shown.as_bytes());
        for word in [id, path.as_deref()].into_iter().flatten() {
            text.extend_from_slice(b"  ");
            text.extend_from_slice(escape::for_terminal(word).as_bytes());
        }
        if let Some(value) = value {
            text.extend_from_slice(b"  ");
            let value = match width {
                None => escape::for_terminal(value),
                Some(width) => {
                    let before = str::from_utf8(&text[start..]).expect("text was pushed").width();
                    // The line feed takes no column.
                    let after = end.iter().map(|part| part.len()).sum::<usize>() - 1;
                    let room = width.saturating_sub(before + after).max(NARROW_VALUE);
                    self.around_match(value, room)
                }
            };
            text.extend_from_slice(value.as_bytes());
        }
        for part in end {
            text.extend_from_slice(part.as_bytes());
        }
    }

    /// As much of a value as there is room for, with the match in it.
    fn around_match<'v>(&self, value: &'v str, room: usize) -> Cow<'v, str> {
        let begin = output::to_width(value, room);
        let at = self.pattern.position(value).unwrap_or_default();
        let is_whole = matches!(begin, Cow::Borrowed(_)) || !begin.ends_with('…');
        if is_whole || escape::for_terminal(&value[..at]).width() < room / 2 {
            return begin;
        }
        let before = value[..at].char_indices().rev().take(room / 4).last().map_or(at, |(start, _)| start);
        Cow::Owned(format!("…{}", output::to_width(&value[before..], room - 1)))
    }

    fn line<'l>(&self, entry: &'l EntryText, hit: &Hit<'l>) -> Line<'l> {
        let (place, id, path, value) = parts(hit);
        let (key, fetched_at, age) = (&entry.shown, hit.fetched_at, self.age(hit));
        Line { key, fetched_at, age, place, id, path, value, incomplete: hit.is_incomplete }
    }
}

impl<'l> Line<'l> {
    /// The cells of the columns, given those of the times.
    fn cells(self, fetched_at: Option<Cow<'l, str>>, age: Option<Cow<'l, str>>) -> impl Iterator<Item = Cow<'l, str>> {
        let (key, place) = (Some(self.key.into()), Some(self.place.into()));
        let cells = [key, fetched_at, age, place, self.id.map(Into::into), self.path, self.value.map(Into::into)];
        cells.into_iter().map(Option::unwrap_or_default)
    }
}

/// The name of what matches, the row id, the path and the value.
fn parts<'h>(hit: &Hit<'h>) -> (&'static str, Option<&'h str>, Option<Cow<'h, str>>, Option<&'h str>) {
    match hit.place {
        Place::Key => ("key", None, None, None),
        Place::RowId(id) => ("id", Some(id), None, None),
        Place::Name { id, path } => ("name", Some(id), Some(shown(path)), None),
        Place::Value { id, path, text } => ("value", Some(id), Some(shown(path)), Some(text)),
        _ => ("other", None, None, None),
    }
}

/// Prints texts in order.
pub struct Printer<'p> {
    printing: Printing<'p>,
    found: usize,
    last_key: Option<Vec<u8>>,
}

impl<'p> Printer<'p> {
    /// Prints what comes before the places.
    pub fn begin(printing: Printing<'p>, output: &mut Output) -> Result<Printer<'p>> {
        match printing.form {
            Form::Json => output.json_data().write_all(b"[")?,
            Form::Delimited { delimiter, .. } => {
                delimited::row(output, delimiter, COLUMNS.iter().map(|(name, ..)| Cow::Borrowed(*name)))?;
            }
            Form::Markdown => {
                let columns = COLUMNS.map(|(_, heading, is_number)| (Cow::Borrowed(heading), is_number));
                markdown::headings(output, &columns)?;
            }
            Form::Count(_) | Form::Keys { .. } | Form::Lines { .. } | Form::JsonLines => {}
        }
        Ok(Printer { printing, found: 0, last_key: None })
    }

    /// How many places were printed.
    pub fn found(&self) -> usize {
        self.found
    }

    /// Prints texts, up to the limit.
    pub fn print(&mut self, texts: Texts, output: &mut Output) -> Result<()> {
        if let Some(error) = texts.refused {
            return Err(error);
        }
        let ends = &texts.ends[..texts.ends.len().min(self.printing.limit - self.found)];
        let Some(end) = ends.last() else { return Ok(()) };
        let text = &texts.bytes[..*end];
        match self.printing.form {
            Form::Count(_) => {}
            Form::Keys { null, .. } => self.print_keys(text, ends, null, output)?,
            // A comma precedes each place but the first.
            Form::Json => output.json_data().write_all(&text[usize::from(self.found == 0)..])?,
            Form::JsonLines => output.json_data().write_all(text)?,
            Form::Lines { .. } | Form::Delimited { .. } | Form::Markdown => output.data().write_all(text)?,
        }
        self.found += ends.len();
        Ok(())
    }

    /// Prints each key once, however many places there are in its entry.
    fn print_keys(&mut self, text: &[u8], ends: &[usize], null: bool, output: &mut Output) -> Result<()> {
        let mut start = 0;
        for &end in ends {
            let key = &text[start..end];
            if self.last_key.as_deref() != Some(key) {
                ages::print_key(str::from_utf8(key).expect("text was pushed"), null, output)?;
                self.last_key = Some(key.to_owned());
            }
            start = end;
        }
        Ok(())
    }

    /// Prints what comes after the places. Returns how many there were.
    pub fn end(self, output: &mut Output) -> Result<usize> {
        match self.printing.form {
            Form::Count(format) => print_count(self.found, format, output)?,
            Form::Json => output.json_data().write_all(b"]\n")?,
            _ => {}
        }
        Ok(self.found)
    }
}
