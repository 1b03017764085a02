pub mod json;
mod lines;
mod shown;
mod stat;

use super::format::TableArgs;
use super::selection::{Chosen, Meaning, Selecting};
use super::source::{RowIds, refuse_twice, report_ignored, source};
use super::{Global, Refused, Status, others, report_unread};
use crate::output::listing::TableFormat;
use crate::output::progress::Bar;
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
pub use lines::print_lines;
use shown::Shown;
use std::path::{Path, PathBuf};
use vlive::diorama::row::RowError;
use vlive::fixture::FixtureOptions;
use vlive::live::DecodeError;
use vlive::ops::{DiffOptions, Difference, EntryDiff, Matched, RowDiff, Side};
use vlive::{Fixture, Selection, Snapshot};

/// Compare two caches, or a cache and a fixture
///
/// Each side is a cache (its folder or its file) or a fixture that `vlive load` reads. What only B has is added
/// (`+`), what only A has is removed (`-`): entries, then rows, then fields. A SELECTION after the sides narrows
/// what is compared, and so do ages: an entry is compared if it is within the bounds on either side. Values are
/// compared as the framework reads them, however they are encoded. The status is 0 if nothing differs, and 1 if
/// something does.
///
/// On a terminal, lines are cut to its width: keys in the middle, and two values to the part that differs. In a pipe
/// nothing is cut.
#[derive(Debug, Args)]
pub struct Diff {
    /// The side before: a cache, a file, a folder, or `-` for standard input
    #[arg(value_name = "A", value_hint = clap::ValueHint::AnyPath)]
    old: PathBuf,

    /// The side after
    #[arg(value_name = "B", value_hint = clap::ValueHint::AnyPath)]
    new: PathBuf,

    #[command(flatten)]
    selecting: Selecting,

    /// Compare the times of entries as well, if both sides have one
    #[arg(long)]
    fetched_at: bool,

    /// Compare the order of rows and fields as well
    #[arg(long)]
    order: bool,

    /// Show counts for each cache key
    #[arg(long)]
    stat: bool,

    #[command(flatten)]
    row_ids: RowIds,

    #[command(flatten)]
    table: TableArgs,
}

/// An opened side.
enum Opened {
    Cache(Box<Snapshot>),
    Fixture(Fixture),
}

impl Opened {
    /// How many bytes are read from it during the comparison.
    fn len(&self) -> u64 {
        match self {
            Opened::Cache(snapshot) => snapshot.file_len(),
            Opened::Fixture(_) => 0,
        }
    }

    fn is_cache(&self) -> bool {
        matches!(self, Opened::Cache(_))
    }

    fn has(&self, selection: &Selection) -> Result<bool> {
        Ok(match self {
            Opened::Cache(snapshot) => {
                snapshot.entries(selection)?.next().is_some() || !snapshot.selected_sets(selection)?.is_empty()
            }
            Opened::Fixture(fixture) => {
                let has_entry =
                    fixture.entries().any(|entry| selection.takes(entry.key().cache_key(), entry.key().sub_key()));
                has_entry || fixture.has_set(selection)
            }
        })
    }

    fn side(&self) -> Side<'_> {
        match self {
            Opened::Cache(snapshot) => Side::Cache(snapshot),
            Opened::Fixture(fixture) => Side::Fixture(fixture),
        }
    }
}

impl Diff {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        refuse_twice(&[&self.old, &self.new])?;
        self.table.format()?;
        let chosen = self.selecting.choose(Meaning::Exact, global.now(), output)?;
        let bar = if self.stat { output.bar("comparing") } else { output.bar_beside_data("comparing") };
        let (old, new) = (self.open(&self.old, &bar, global, output)?, self.open(&self.new, &bar, global, output)?);
        bar.expect(Some(old.len() + new.len()));
        let options = DiffOptions { fetched_at: self.fetched_at, order: self.order };
        let mut undecodable = Vec::new();
        let (mut differing, mut key) = (0, String::new());
        let sides = [self.old.as_path(), self.new.as_path()];
        let walked = self.table.print(output, |output, format| {
            let mut shown = Shown::begin(self.stat, format, output)?;
            let walked =
                vlive::ops::diff_in::<anyhow::Error>(old.side(), new.side(), &chosen.scope, options, |difference| {
                    match &difference {
                        Difference::Entry(entry) => {
                            differing += 1;
                            key = entry.key.shown();
                            undecodable.extend(Undecodable::of_entry(entry, sides));
                        }
                        Difference::Row(row) => undecodable.extend(Undecodable::of_row(row, &key, sides)),
                        _ => {}
                    }
                    shown.add(&difference, output)
                })?;
            shown.end(format, output)?;
            Ok(walked)
        })?;
        drop(bar);
        if self.table.format()? == TableFormat::Table {
            output.summary(&match differing {
                0 => "nothing differs".to_owned(),
                _ => human::count(differing, "entry differs", "entries differ"),
            });
        }
        for (_, path) in [(&old, &self.old), (&new, &self.new)].into_iter().filter(|(side, _)| side.is_cache()) {
            others::report(&global.at(Some(path)), output);
        }
        for Undecodable { side, what, error } in &undecodable {
            output.error(&format!("{what} of `{}` cannot be decoded: {error}", side.display()), None);
        }
        let decoded = if undecodable.is_empty() { Status::Done } else { Status::Unreadable };
        let differs = if differing == 0 { Status::Done } else { Status::No };
        let missing = self.report_missing(&chosen, walked.matched, [&old, &new], global, output)?;
        Ok(report_unread(&walked.unread, output).max(decoded).max(differs).max(missing))
    }

    /// Reports selections that match nothing on either side, and entries dated in the future.
    fn report_missing(
        &self,
        chosen: &Chosen,
        mut matched: Matched,
        sides: [&Opened; 2],
        global: &Global,
        output: &Output,
    ) -> Result<Status> {
        for (place, selection) in chosen.scope.selections().iter().enumerate() {
            if *selection != Selection::All && !sides[0].has(selection)? && !sides[1].has(selection)? {
                matched.unmatched.push(place);
            }
        }
        let cache = [(&sides[0], &self.old), (&sides[1], &self.new)].into_iter().find(|(side, _)| side.is_cache());
        Ok(chosen.report(&matched, true, &global.at(cache.map(|(_, path)| path.as_path())), output))
    }

    fn open(&self, path: &Path, bar: &Bar, global: &Global, output: &Output) -> Result<Opened> {
        if vlive::snapshot::is_cache(path) {
            let snapshot = bar.of(|| Snapshot::pin(path, global.look_wait(), &[Selection::All]))?;
            return Ok(Opened::Cache(Box::new(snapshot)));
        }
        let options = FixtureOptions { id_field: self.row_ids.id_field.clone(), ..FixtureOptions::default() };
        let source = vec![source(path, output)];
        let fixture = bar.of(|| Fixture::read(source, &options))?;
        report_ignored(&fixture, output);
        if fixture.is_blank() && path.is_dir() {
            // A folder named `vlive.redb` may be a fixture. If it has no entries, it is in the place of a cache file.
            if let Err(error @ vlive::Error::NotAFile { .. }) = Snapshot::open(path) {
                return Err(error.into());
            }
            let what = format!("there is neither a cache nor an entry of a fixture in `{}`", path.display());
            return Err(Refused::error(
                what,
                Some("name the folder with the `vlive.redb`, or one that `vlive load` reads"),
            ));
        }
        Ok(Opened::Fixture(fixture))
    }
}

struct Undecodable<'d> {
    side: &'d Path,
    what: String,
    error: String,
}

impl<'d> Undecodable<'d> {
    fn of_entry(entry: &EntryDiff, sides: [&'d Path; 2]) -> impl Iterator<Item = Undecodable<'d>> {
        let what = format!("entry `{}`", entry.key);
        let of_side = move |(side, error): (_, Option<DecodeError>)| {
            Some(Undecodable { side, what: what.clone(), error: error?.to_string() })
        };
        sides.into_iter().zip(entry.undecodable).filter_map(of_side)
    }

    fn of_row(row: &RowDiff, set: &str, sides: [&'d Path; 2]) -> impl Iterator<Item = Undecodable<'d>> {
        let what = format!("row `{}` of `{set}`", row.id);
        let of_side = move |(side, error): (_, Option<RowError>)| {
            Some(Undecodable { side, what: what.clone(), error: error?.to_string() })
        };
        sides.into_iter().zip(row.refused).filter_map(of_side)
    }
}
