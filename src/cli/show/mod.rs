mod evaluated;
mod printing;
mod rows;
mod source;

use super::filtering::{Reading, none_matches};
use super::format::TableArgs;
use super::{Global, Status, dump, report_unread, target};
use crate::output::listing::TableFormat;
use crate::output::{self, Output, escape, human, table};
use anyhow::Result;
use clap::Args;
use evaluated::Evaluated;
use printing::{Columns, Objects, Shown};
use rows::{First, Survey};
use source::Rows;
use std::borrow::Cow;
use vlive::ops::{DumpError, Walked};
use vlive::snapshot::EntryKey;

/// Show rows as a table
///
/// There is a column per field, in the order of the fields in the rows; before them come the key, unless one full key
/// is selected, and the row id. Values are shown by what they mean: record ids, dates, durations, decimal numbers and
/// uuids as a person writes them, byte strings by their length, arrays and maps as JSON, `null` and `none` as
/// these words. `vlive dump` loses nothing.
///
/// On a terminal, wide values are cut so that the table fits, and fields for which there is no room are left out
/// and named on standard error: first those that equal the row id in every row. In a pipe nothing is cut.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    reading: Reading,

    /// Show only these fields, in this order
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    fields: Vec<String>,

    /// Show at most N rows, with the fields that occur in them
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Show all fields in full, however wide the table becomes
    #[arg(long)]
    wide: bool,

    #[command(flatten)]
    table: TableArgs,
}

impl Show {
    pub fn runs_filters(&self) -> bool {
        self.reading.runs_filters()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let format = self.table.format()?;
        let now = global.now();
        let chosen = self.reading.choose(now, output)?;
        let replacing = self.reading.selected.compile(now)?;
        let snapshot = dump::pinned(&chosen, None, global)?;
        // JSON nests filtered rows in their entries; what is kept can have an entry before its rows or after them.
        let are_apart = replacing.is_some() || format != TableFormat::Json;
        let evaluated = (self.runs_filters() && are_apart)
            .then(|| Evaluated::new(&snapshot, &chosen.scope, replacing.as_ref()))
            .transpose()
            .map_err(not_read)?;
        let (evaluated, dumped) = evaluated.unzip();
        let mut rows = Rows { snapshot: &snapshot, scope: &chosen.scope, evaluated };
        let mut survey = Survey {
            format: Some(format),
            width: self.table.width(output).filter(|_| !self.wide),
            limit: self.limit.unwrap_or(usize::MAX),
            looks_at_all: !self.fields.is_empty(),
            ..Survey::default()
        };
        let Walked { unread, matched, .. } = rows.each(&mut survey).map_err(not_read)?;
        let (unread, matched) = dumped.map_or((unread, matched), |dumped| (dumped.unread, dumped.matched));
        let found = survey.entries > 0;
        let mut status = Status::Done;
        if found {
            if !self.has_fields(&survey, output) {
                return Ok(Status::No);
            }
            let is_set = matches!(survey.first, Some(EntryKey::Set(_))) && survey.entries == 1 && chosen.names_one();
            let with_key = chosen.single().is_none() && !is_set;
            self.print(&mut rows, &survey, with_key, unread.is_empty(), output)?;
            for (set, rows, total) in &survey.partial {
                let (cached, at_source) = (human::number(*rows), human::number(*total));
                output.summary(&if rows < total {
                    format!("{cached} of {at_source} rows of `{set}` are cached")
                } else {
                    format!("{cached} rows of `{set}` are cached, and its source has {at_source}")
                });
            }
        } else if matched.without_rows > 0 {
            output.error(&none_matches(matched.without_rows), None);
            status = Status::No;
        } else if chosen.is_everything() && unread.damage.is_empty() && unread.unreadable.is_empty() {
            output.summary("the cache holds no entries");
        }
        status = status.max(report_unread(&unread, output));
        Ok(status.max(chosen.report(&matched, found || !unread.unreadable.is_empty(), global, output)))
    }

    /// Whether every requested field exists. If there are no rows, no field counts as missing.
    fn has_fields(&self, survey: &Survey, output: &Output) -> bool {
        let is_missing = |field: &&String| !survey.fields.contains_key(*field);
        let missing = self.fields.iter().find(is_missing).filter(|_| survey.all_rows > 0);
        let Some(missing) = missing else { return true };
        let (of, whose) = match &survey.first {
            Some(key) if survey.entries == 1 => (format!("`{}`", key.shown()), "its"),
            _ => (format!("these {} entries", survey.entries), "their"),
        };
        let fields: Vec<&str> = survey.fields.keys().map(String::as_str).collect();
        let hint = match fields.as_slice() {
            [] => format!("{whose} rows have no fields"),
            fields => format!("{whose} fields are {}", listed(fields)),
        };
        output.error(&format!("no row of {of} has a field `{missing}`"), Some(&hint));
        false
    }

    fn print(
        &self,
        rows: &mut Rows<'_>,
        survey: &Survey,
        with_key: bool,
        is_whole: bool,
        output: &mut Output,
    ) -> Result<()> {
        let (repeated, left_out) = self.table.print(output, |output, format| {
            let fields: Vec<&str> = match self.fields.as_slice() {
                [] => survey.fields.iter().filter(|(_, field)| field.is_shown).map(|(name, _)| name.as_str()).collect(),
                chosen => chosen.iter().map(String::as_str).collect(),
            };
            let shown =
                Shown { survey, fields: &fields, with_key, are_results: self.reading.selected.is_given(), format };
            if matches!(format, TableFormat::Json | TableFormat::Jsonl) {
                let mut objects = Objects::begin(shown, output)?;
                rows.each(&mut First::new(survey.limit, &mut objects)).map_err(not_read)?;
                objects.end()?;
                return Ok(Default::default());
            }
            let is_narrow = survey.width.is_some_and(|width| !table::fits(&shown.columns(), width));
            let can_repeat = format == TableFormat::Table && is_narrow && self.fields.is_empty();
            let (repeated, fields): (Vec<&str>, Vec<&str>) =
                fields.iter().partition(|field| can_repeat && survey.repeats_id(field));
            let mut columns = Columns::begin(Shown { fields: &fields, ..shown }, output)?;
            rows.each(&mut First::new(survey.limit, &mut columns)).map_err(not_read)?;
            Ok((repeated, fields[columns.fitting()..].to_vec()))
        })?;
        if survey.all_rows == 0 && self.reading.selected.is_given() {
            output.summary("the filter gives no results");
        } else if survey.all_rows == 0 && is_whole {
            output.summary(if with_key { "the entries hold no rows" } else { "the entry holds no rows" });
        } else if survey.rows < survey.all_rows {
            output.summary(&format!("{} of {} rows", survey.rows, survey.all_rows));
        }
        if survey.rows == 0 {
            return Ok(());
        }
        if survey.format == Some(TableFormat::Json) && survey.incomplete > 0 {
            let rows = human::count(survey.incomplete as u64, "row is", "rows are");
            output.summary(&format!("{rows} incomplete; --format jsonl marks which"));
        }
        if !repeated.is_empty() {
            output.summary(&format!("left out {}: the same as the row id in every row", listed(&repeated)));
        }
        if !left_out.is_empty() {
            output.summary(&format!("no room for {}", listed(&left_out)));
        }
        if !repeated.is_empty() || !left_out.is_empty() {
            output.advice("--fields chooses what to show, and --wide shows all");
        }
        Ok(())
    }
}

fn not_read(error: DumpError) -> anyhow::Error {
    target::of_output(error, anyhow::Error::from)
}

/// Names on one line, up to a useful number.
fn listed(fields: &[&str]) -> String {
    let names: Vec<Cow<'_, str>> = fields.iter().map(|field| escape::visible(field)).collect();
    output::to_width(&names.join(", "), 1000).into_owned()
}
