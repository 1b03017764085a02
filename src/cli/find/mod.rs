//! `find`: where something is.

mod pattern;
mod row;

use super::filtering::Filtering;
use super::format::TableArgs;
use super::selection::{Chosen, Meaning, Selecting};
use super::stale::Stale;
use super::{Global, Refused, Status, dump, tell_unread, time};
use crate::output::listing::TableFormat;
use crate::output::{self, Output, human, listing};
use anyhow::Result;
use clap::Args;
use pattern::Pattern;
use serde::Serialize;
use std::io::{self, Write};
use std::ops::ControlFlow;
use unicode_width::UnicodeWidthStr;
use vlive::Snapshot;
use vlive::ops::{Hit, Place, Query, Scope, Searched, Step};
use vlive::snapshot::EntryKey;

/// Find text, a row id or the value of a field
///
/// Keys, row ids, names of fields and values are searched. Numbers match as they are written, dates, decimals,
/// record ids and uuids by what they mean. Each place is a line: the full key, the row id, the path of the field,
/// the value, and the age of the entry.
///
/// `--id` finds a row in every entry that holds it, and shows the fields in which these differ: it tells why an app
/// shows an old value.
#[derive(Debug, Args)]
pub struct Find {
    /// The text to find; optional with --id
    #[arg(required_unless_present = "id")]
    pattern: Option<String>,

    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    filtering: Filtering,

    /// Ignore case
    #[arg(short, long)]
    ignore_case: bool,

    /// Treat PATTERN as a regular expression, in the syntax of Rust's regex crate
    #[arg(short = 'e', long)]
    regexp: bool,

    /// Find exactly this row, wherever it is cached
    #[arg(long, value_name = "ROW_ID")]
    id: Option<String>,

    /// Search only the values of this field
    #[arg(long, value_name = "NAME")]
    field: Option<String>,

    /// Print only full keys, one per line, in the form that --keys-from reads
    #[arg(long, conflicts_with_all = ["count", "format", "json"])]
    keys: bool,

    /// Print only the number of matches
    #[arg(long)]
    count: bool,

    /// Stop after N matches
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    stale: Stale,

    #[command(flatten)]
    table: TableArgs,
}

/// Calls `visit` with every place of a text, as `vlive find TEXT` finds them, until it breaks.
pub fn each_place(
    text: &str,
    snapshot: &Snapshot,
    scope: &Scope,
    visit: impl FnMut(Hit) -> ControlFlow<()>,
) -> Result<Searched> {
    let pattern = Pattern::literal(text, false)?;
    let query = Query {
        matches: &|text| pattern.matches(text),
        may_match: &|bytes| pattern.may_match(bytes),
        meaning: &pattern::text_of,
        id: None,
        field: None,
    };
    Ok(vlive::ops::find(snapshot, scope, query, visit)?)
}

/// A place as machines get it.
#[derive(Serialize)]
struct Line {
    key: String,
    fetched_at: Option<u64>,
    age: Option<i64>,
    /// What matches: `key`, `id`, `name` or `value`.
    place: &'static str,
    id: Option<String>,
    path: Option<String>,
    value: Option<String>,
    /// Whether diorama still has to fetch some fields of the row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    incomplete: bool,
}

const COLUMNS: [listing::Column; 7] = [
    ("key", "KEY", false),
    ("fetched_at", "FETCHED", true),
    ("age", "AGE", true),
    ("place", "PLACE", false),
    ("id", "ROW", false),
    ("path", "FIELD", false),
    ("value", "VALUE", false),
];

impl Find {
    pub fn runs_filters(&self) -> bool {
        self.filtering.is_given()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        self.table.format()?;
        let now = global.now();
        let mut chosen = self.selecting.choose(Meaning::Exact, now, output)?;
        self.filtering.narrow(&mut chosen, now)?;
        let bar = output.bar_beside_data("searching");
        let snapshot = dump::pinned(&chosen, Some(&bar), global)?;
        let (found, searched) = match (&self.pattern, &self.id) {
            (None, Some(id)) => self.row(id, &snapshot, &chosen, now, output)?,
            (pattern, _) => {
                let pattern = self.compile(pattern.as_deref().unwrap_or_default())?;
                self.places(&pattern, &snapshot, &chosen, now, output)?
            }
        };
        drop(bar);
        let unread = tell_unread(&searched.unread, output);
        let told = chosen.tell(&searched.matched, true, global, output);
        Ok(unread.max(told).max(if found == 0 { Status::No } else { Status::Done }))
    }

    fn compile(&self, pattern: &str) -> Result<Pattern> {
        if pattern.is_empty() {
            return Err(Refused::error("the pattern is empty", Some("`vlive ages` lists every entry")));
        }
        let compiled = if self.regexp {
            Pattern::regexp(pattern, self.ignore_case)
        } else {
            Pattern::literal(pattern, self.ignore_case)
        };
        compiled.map_err(|error| {
            let hint = "without --regexp the pattern is taken literally";
            Refused::error(format!("the regular expression is refused: {error}"), Some(hint))
        })
    }

    /// Prints every place as it is found. Returns how many there are.
    fn places(
        &self,
        pattern: &Pattern,
        snapshot: &Snapshot,
        chosen: &Chosen,
        now: u64,
        output: &mut Output,
    ) -> Result<(usize, Searched)> {
        let query = Query {
            matches: &|text| pattern.matches(text),
            may_match: &|bytes| pattern.may_match(bytes),
            meaning: &pattern::text_of,
            id: self.id.as_deref(),
            field: self.field.as_deref(),
        };
        let null = self.selecting.null;
        self.table.print(output, |output, format| {
            let mut printer =
                Printer { find: self, format, now, null, found: 0, last_key: None, of_entry: None, lines: Vec::new() };
            printer.begin(output)?;
            let mut written = Ok(());
            let searched = vlive::ops::find(snapshot, &chosen.scope, query, |hit| {
                written = printer.print(&hit, output);
                let is_last = self.limit.is_some_and(|limit| printer.found >= limit);
                if is_last || written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            written?;
            printer.end(output)?;
            Ok((printer.found, searched))
        })
    }
}

/// Prints places one by one, as far as the format lets it.
struct Printer<'f> {
    find: &'f Find,
    format: TableFormat,
    now: u64,
    null: bool,
    found: usize,
    last_key: Option<String>,
    /// The entry of the last place that was printed.
    of_entry: Option<OfEntry>,
    /// Kept for formats with columns.
    lines: Vec<Line>,
}

impl Printer<'_> {
    /// Whether places are only counted or named by their keys.
    fn is_brief(&self) -> bool {
        self.find.count || self.find.keys
    }

    fn begin(&self, output: &mut Output) -> io::Result<()> {
        if self.format == TableFormat::Json && !self.is_brief() { output.json_data().write_all(b"[") } else { Ok(()) }
    }

    fn print(&mut self, hit: &Hit, output: &mut Output) -> Result<()> {
        self.found += 1;
        if self.find.count {
            return Ok(());
        }
        if self.format == TableFormat::Table && !self.find.keys {
            let is_same = |of: &OfEntry| of.key == hit.key && of.fetched_at == hit.fetched_at;
            let of_entry = self.of_entry.take().filter(is_same).unwrap_or_else(|| OfEntry::of(hit, self.now));
            of_entry.print(hit, output)?;
            self.of_entry = Some(of_entry);
            return Ok(());
        }
        let key = hit.key.to_string();
        if self.find.keys {
            if self.last_key.as_ref() != Some(&key) {
                super::ages::print_key(&key, self.null, output)?;
            }
            self.last_key = Some(key);
            return Ok(());
        }
        let line = line(hit, key, self.now);
        match self.format {
            TableFormat::Json | TableFormat::Jsonl => {
                let mut out = output.json_data();
                if self.format == TableFormat::Json && self.found > 1 {
                    out.write_all(b",")?;
                }
                serde_json::to_writer(&mut out, &line)?;
                if self.format == TableFormat::Jsonl {
                    out.write_all(b"\n")?;
                }
            }
            _ => self.lines.push(line),
        }
        Ok(())
    }

    fn end(&mut self, output: &mut Output) -> Result<()> {
        if self.find.count {
            return print_count(self.found, self.format, output);
        }
        match self.format {
            _ if self.find.keys => {}
            TableFormat::Json => output.json_data().write_all(b"]\n")?,
            TableFormat::Table | TableFormat::Jsonl => {}
            format => listing::print(output, format, COLUMNS, &self.lines, |line, _| cells(line))?,
        }
        Ok(())
    }
}

fn print_count(found: usize, format: TableFormat, output: &mut Output) -> Result<()> {
    if format == TableFormat::Table {
        return Ok(writeln!(output.data(), "{found}")?);
    }
    output.json(&serde_json::json!({ "places": found }))
}

/// The name of what matches, the row id, the path and the value.
fn parts(place: &Place) -> (&'static str, Option<&str>, Option<&[Step]>, Option<&str>) {
    match place {
        Place::Key => ("key", None, None, None),
        Place::RowId(id) => ("id", Some(id), None, None),
        Place::Name { id, path } => ("name", Some(id), Some(path), None),
        Place::Value { id, path, text } => ("value", Some(id), Some(path), Some(text)),
        _ => ("other", None, None, None),
    }
}

fn line(hit: &Hit, key: String, now: u64) -> Line {
    let (place, id, path, value) = parts(&hit.place);
    Line {
        key,
        fetched_at: hit.fetched_at,
        age: hit.fetched_at.map(|fetched_at| time::age(now, fetched_at)),
        place,
        id: id.map(ToOwned::to_owned),
        path: path.map(shown),
        value: value.map(ToOwned::to_owned),
        incomplete: hit.is_incomplete,
    }
}

/// A path as people write it: `address.street[0]`.
pub fn shown(path: &[Step]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Index(index) => shown.extend(["[", &index.to_string(), "]"]),
            Step::Name(name) if shown.is_empty() => shown.push_str(name),
            Step::Name(name) => shown.extend([".", name]),
        }
    }
    shown
}

/// Columns that a value gets however narrow the terminal is.
const NARROW_VALUE: usize = 20;

/// What the lines of the places in an entry have in common.
struct OfEntry {
    key: EntryKey,
    fetched_at: Option<u64>,
    /// As they are printed.
    shown: String,
    age: String,
}

impl OfEntry {
    fn of(hit: &Hit, now: u64) -> OfEntry {
        let age = hit.fetched_at.map_or_else(|| "unknown age".to_owned(), |at| human::age(time::age(now, at)));
        let shown = output::escape::key_for_terminal(&hit.key.shown()).into_owned();
        OfEntry { key: hit.key.clone(), fetched_at: hit.fetched_at, shown, age }
    }

    /// Prints a place on a line of its own, the value cut to the terminal.
    fn print(&self, hit: &Hit, output: &mut Output) -> io::Result<()> {
        let (_, id, path, value) = parts(&hit.place);
        let (mut line, path) = (self.shown.clone(), path.map(shown));
        for word in [id, path.as_deref()].into_iter().flatten() {
            line.extend(["  ", &output::escape::for_terminal(word)]);
        }
        if let Some(value) = value {
            let beside = |width: usize| width.saturating_sub(line.width() + self.age.len() + 4).max(NARROW_VALUE);
            let room = output.width().map(beside);
            line.push_str("  ");
            line.push_str(&match room {
                Some(room) => output::to_width(value, room),
                None => output::escape::for_terminal(value),
            });
        }
        let incomplete = if hit.is_incomplete { ", incomplete" } else { "" };
        writeln!(output.data(), "{line}  ({}{incomplete})", self.age)
    }
}

fn cells(line: &Line) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        line.key.clone(),
        line.fetched_at.map(human::time).unwrap_or_default(),
        line.age.map(human::age).unwrap_or_default(),
        line.place.to_owned(),
        text(&line.id),
        text(&line.path),
        text(&line.value),
    ]
}
