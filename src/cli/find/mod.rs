//! `find`: where something is.

mod pattern;
mod printing;
mod row;

use super::filtering::Filtering;
use super::format::TableArgs;
use super::selection::{Chosen, Meaning, Selecting};
use super::stale::Stale;
use super::{Global, Refused, Status, dump, report_unread};
use crate::output::Output;
use crate::output::listing::{self, TableFormat};
use crate::output::meaning::data::key_name;
use anyhow::Result;
use clap::Args;
use pattern::Pattern;
use printing::{Form, Printer, Printing, Texts};
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use vlive::Snapshot;
use vlive::ops::{ExactKeys, Hit, Query, Scope, Step, Walked};

/// Find text, a row id or the value of a field
///
/// Keys, row ids, names of fields and values are searched, but for byte strings. Numbers match as they are written,
/// dates, decimals, record ids and uuids by what they mean. Each place is a line: the full key, the row id, the path of
/// the field, the value, and the age of the entry.
///
/// `--id` finds a row in every entry that holds it, and shows the fields in which these differ: it tells why an app
/// shows an old value. There is no PATTERN then, and every argument is a SELECTION.
///
/// An entry that cannot be decoded is named, and makes the status 3, only where its bytes may hold what is searched.
#[derive(Debug, Args)]
pub struct Find {
    /// The text to find
    #[arg(required_unless_present = "id")]
    pattern: Option<String>,

    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    filtering: Filtering,

    /// Ignore case
    #[arg(short, long, conflicts_with = "id")]
    ignore_case: bool,

    /// Treat PATTERN as a regular expression, in the syntax of Rust's regex crate
    #[arg(short = 'e', long, conflicts_with = "id")]
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

    /// Print no more than N matches
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    stale: Stale,

    #[command(flatten)]
    table: TableArgs,
}

/// Collects every place of a text, as `vlive find TEXT` finds them; see [`vlive::ops::find`].
pub fn each_place<Out: Default + Send>(
    text: &str,
    snapshot: &Snapshot,
    scope: &Scope,
    add: impl Fn(&mut Out, &Hit<'_>) -> ControlFlow<()> + Sync,
    take: impl FnMut(Out) -> ControlFlow<()>,
) -> Result<Walked> {
    let pattern = Pattern::literal(text, false)?;
    let query = Query {
        matches: &|text| pattern.matches(text),
        may_match: &|bytes| pattern.may_match(bytes),
        by_meaning: pattern.matches_by_meaning(),
        meaning: &pattern::text_of,
        key_name: &|key| key_name(key).into_owned(),
        field: None,
    };
    Ok(vlive::ops::find(snapshot, scope, query, add, take)?)
}

impl Find {
    pub fn runs_filters(&self) -> bool {
        self.filtering.is_given()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        self.table.format()?;
        let now = global.now();
        let first = if self.id.is_some() { self.pattern.as_deref() } else { None };
        let mut chosen = self.selecting.choose_after(first, Meaning::Exact, "", now, output)?;
        self.filtering.narrow(&mut chosen, now)?;
        let bar = output.bar_beside_data("searching");
        let snapshot = dump::pinned(&chosen, Some(&bar), global)?;
        let (found, searched) = if let Some(id) = &self.id {
            self.row(id, &snapshot, &chosen, now, output)?
        } else {
            let pattern = self.compile(self.pattern.as_deref().unwrap_or_default())?;
            self.places(&pattern, &snapshot, &chosen, now, output)?
        };
        drop(bar);
        if self.limit == Some(found) {
            output.summary(&format!("--limit {found} is reached; there may be more"));
        }
        let unread = report_unread(&searched.unread, output);
        let unmatched = chosen.report(&searched.matched, true, global, output);
        Ok(unread.max(unmatched).max(if found == 0 { Status::No } else { Status::Done }))
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
            // Some reasons have several lines: the expression, a mark below it, and the reason.
            let text = error.to_string();
            let lines: Vec<&str> = text.lines().collect();
            let (reason, excerpt) = match lines.as_slice() {
                [_, excerpt @ .., reason] => (reason.trim_start_matches("error: "), excerpt),
                _ => (text.as_str(), &[][..]),
            };
            let excerpt = excerpt.iter().map(|line| (*line).to_owned()).collect();
            Refused::at(format!("the regular expression is refused: {reason}"), excerpt, hint)
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
    ) -> Result<(usize, Walked)> {
        let query = Query {
            matches: &|text| pattern.matches(text),
            may_match: &|bytes| pattern.may_match(bytes),
            by_meaning: pattern.matches_by_meaning(),
            meaning: &pattern::text_of,
            key_name: &|key| key_name(key).into_owned(),
            field: self.field.as_deref(),
        };
        let null = self.selecting.null;
        self.table.print(output, |output, format| {
            let exact = if self.keys { Some(ExactKeys::new(snapshot)?) } else { None };
            let form = match (format, &exact) {
                _ if self.count => Form::Count(format),
                (_, Some(exact)) => Form::Keys { null, exact },
                (TableFormat::Table, None) => Form::Lines { width: output.width() },
                (TableFormat::Json, None) => Form::Json,
                (TableFormat::Jsonl, None) => Form::JsonLines,
                (TableFormat::Csv, None) => Form::Delimited { delimiter: b',', escape: output.escape() },
                (TableFormat::Tsv, None) => Form::Delimited { delimiter: b'\t', escape: output.escape() },
                (TableFormat::Markdown, None) => Form::Markdown,
            };
            let limit = self.limit.unwrap_or(usize::MAX);
            let printing = Printing { form, pattern, now, limit };
            let mut printer = Printer::begin(printing, output)?;
            let mut written = Ok(());
            let add = |texts: &mut Texts, hit: &Hit<'_>| printing.push(texts, hit);
            let searched = vlive::ops::find(snapshot, &chosen.scope, query, add, |texts| {
                written = printer.print(texts, output);
                let is_done = written.is_err() || printer.found() >= limit;
                if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            written?;
            Ok((printer.end(output)?, searched))
        })
    }
}

#[derive(Clone, Copy, Serialize)]
struct Count {
    places: usize,
}

fn print_count(found: usize, format: TableFormat, output: &mut Output) -> Result<()> {
    let count = Count { places: found };
    match format {
        TableFormat::Table => Ok(writeln!(output.data(), "{found}")?),
        TableFormat::Json | TableFormat::Jsonl => output.json(&count),
        format => {
            let columns = [("places", "places", true)];
            Ok(listing::print(output, format, &columns, [count], |count, _| [count.places.to_string()])?)
        }
    }
}

/// A path as people write it: `address.street[0]`.
pub fn shown<'p>(path: &'p [Step<'_>]) -> Cow<'p, str> {
    if let [Step::Name(name)] = path {
        return Cow::Borrowed(name);
    }
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Index(index) => shown.extend(["[", &index.to_string(), "]"]),
            Step::Name(name) if shown.is_empty() => shown.push_str(name),
            Step::Name(name) => shown.extend([".", name]),
        }
    }
    Cow::Owned(shown)
}
