//! Which rows are read and what is shown of them: the arguments that all commands that read rows share.

use super::selection::{Chosen, Meaning, Selecting};
use super::{Refused, time};
use crate::filter::{Fault, Filter, Row};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use std::sync::Arc;
use vlive::Record;
use vlive::ops::RowFilter;
use vlive::snapshot::{self, EntryKey};

const HEADING: &str = "Rows";

/// Which entries and rows are read, and what is shown of each row: the arguments that dump and show share.
#[derive(Debug, Args)]
pub struct Reading {
    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    pub filtering: Filtering,

    #[command(flatten)]
    pub selected: Selected,
}

impl Reading {
    pub fn runs_filters(&self) -> bool {
        self.filtering.is_given() || self.selected.is_given()
    }

    /// The entries and rows that are read.
    pub fn choose(&self, now: u64, output: &Output) -> Result<Chosen> {
        let mut chosen = self.selecting.choose(Meaning::Exact, now, output)?;
        self.filtering.narrow(&mut chosen, now)?;
        Ok(chosen)
    }
}

#[derive(Debug, Args)]
pub struct Filtering {
    /// Only rows for which this jq filter is true, such as '.balance > 1000 and .active'; `$key`, `$id`,
    /// `$fetched_at`, `$age` (in seconds) and `$incomplete` are set
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true, help_heading = HEADING)]
    where_filter: Option<String>,
}

impl Filtering {
    /// Whether there is a filter.
    pub fn is_given(&self) -> bool {
        self.where_filter.is_some()
    }

    /// Narrows the scope to the rows for which the filter is true.
    pub fn narrow(&self, chosen: &mut Chosen, now: u64) -> Result<()> {
        if let Some(rows) = self.rows(move || now)? {
            chosen.scope = std::mem::take(&mut chosen.scope).keeping(rows);
        }
        Ok(())
    }

    /// The rows for which the filter is true; `now` gives the present in seconds since 1970.
    pub fn rows(&self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Result<Option<RowFilter>> {
        let Some(code) = &self.where_filter else { return Ok(None) };
        let filter = compile("--where", code)?;
        Ok(Some(RowFilter::new(move |key: &EntryKey, fetched_at, id: &str, record: &Record, is_incomplete| {
            let key = key.to_string();
            let age = fetched_at.map(|at| time::age(now(), at));
            let row = Row { key: &key, id, fetched_at, age, is_incomplete };
            Ok(filter.is_true_of(row, record)?)
        })))
    }
}

/// The message that entries were found, but no row for which the filter is true.
pub fn none_matches(entries: u64) -> String {
    let entries = human::count(entries, "entry", "entries");
    format!("the filter is true for no row of {entries}")
}

#[derive(Debug, Args)]
pub struct Selected {
    /// Show the result of this jq filter instead of each row, such as '{name, total: (.price * .count)}'
    #[arg(long = "select", value_name = "FILTER", allow_hyphen_values = true, help_heading = HEADING)]
    select_filter: Option<String>,
}

impl Selected {
    pub fn is_given(&self) -> bool {
        self.select_filter.is_some()
    }

    /// The filter whose results replace rows; `None` if rows are shown unchanged.
    pub fn compile(&self, now: u64) -> Result<Option<Replacing>> {
        let Some(code) = &self.select_filter else { return Ok(None) };
        Ok(Some(Replacing { filter: Arc::new(compile("--select", code)?), now }))
    }
}

/// A filter whose results replace rows.
#[derive(Clone)]
pub struct Replacing {
    filter: Arc<Filter>,
    now: u64,
}

impl Replacing {
    /// The results for a row, in order. An object is a row with its fields; anything else is the field `value`.
    pub fn replace(
        &self,
        key: &EntryKey,
        fetched_at: Option<u64>,
        row: &snapshot::Row<'_>,
    ) -> Result<Vec<Record>, vlive::Error> {
        let full_key = key.to_string();
        let age = fetched_at.map(|at| time::age(self.now, at));
        let id = row.id();
        let about = Row { key: &full_key, id, fetched_at, age, is_incomplete: row.is_incomplete() };
        self.filter.records_of(about, &row.record()).map_err(|fault| vlive::Error::Filter {
            key: full_key.clone(),
            id: id.into(),
            source: Box::new(fault),
        })
    }
}

fn compile(option: &str, code: &str) -> Result<Filter> {
    Filter::compile(code).map_err(|fault: Fault| {
        Refused::at(
            format!("{option} is not a usable jq filter: {fault}"),
            fault.excerpt(),
            "the language is that of jq; `vlive show --help` has examples",
        )
    })
}
