mod json;

use super::format::TableArgs;
use super::stale::Stale;
use super::{Global, Status, age_histogram, layout_column, others, report_unread};
use crate::output::listing::TableFormat;
use crate::output::{Output, escape, human, in_the_middle, table};
use anyhow::Result;
use clap::Args;
pub use json::Process;
use json::Report;
use std::io::Write;
use unicode_width::UnicodeWidthStr;
use vlive::Snapshot;
use vlive::ops::{self, Contents, TableStat};
use vlive::snapshot::Layout;

/// Show where a cache's space goes, the ages of its entries, and the largest ones
///
/// The file consists of values, sub-keys, the rest of the pages that hold them, redb's own records and free pages; the
/// report estimates what `vlive compact` would give back. The size of an entry is the size of its value, and the size
/// of a set of diorama is the size of its rows. The depth of a table is the number of pages that are read to reach an
/// entry.
///
/// `table` and `json` print the whole report; the other formats print the table of cache keys.
#[derive(Debug, Args)]
pub struct Stat {
    /// Show only what the file records about itself; no entry is read
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    stale: Stale,

    #[command(flatten)]
    table: TableArgs,
}

/// In how many columns to list the largest entries on a terminal, so that the whole report fits on a screen.
const COLUMNS: usize = 3;

/// The widest cache key on a terminal, for the same reason.
const WIDEST_KEY: usize = 22;

impl Stat {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        self.table.format()?;
        let now = global.now();
        let look = |snapshot: &Snapshot| {
            if self.quick { ops::stat_quick(snapshot) } else { ops::stat(snapshot, now) }
        };
        let read = || Snapshot::look_past_damage(global.folder(), global.look_wait(), look);
        let stat = output.bar("reading").of(read)?;
        self.table.print(output, |output, format| match format {
            TableFormat::Table => self.report(&stat, output),
            TableFormat::Json => output.json(&Report::new(&stat)),
            format => Ok(json::list(&stat, format, output)?),
        })?;
        others::report(global, output);
        Ok(report_unread(&stat.unread, output))
    }

    fn report(&self, stat: &ops::Stat, output: &mut Output) -> Result<()> {
        writeln!(output.data(), "{}", headline(stat))?;
        if let Some(contents) = &stat.contents {
            print_space(stat, contents, output)?;
            age_histogram::print(&contents.ages, &self.stale, output)?;
        }
        print_tables(&stat.tables, self.quick, output)?;
        match &stat.contents {
            Some(contents) => print_largest(contents, output),
            None => Ok(()),
        }
    }
}

/// `1.0 GiB, 610.2 MiB on disk; format v2, commit 17, closed`
fn headline(stat: &ops::Stat) -> String {
    let on_disk = stat.disk.map_or_else(String::new, |disk| format!(", {} on disk", human::size(disk)));
    let holders: Vec<String> = stat.holders.iter().flatten().map(ToString::to_string).collect();
    let state = match (holders.as_slice(), stat.closed_cleanly) {
        ([], true) => "closed".to_owned(),
        ([], false) => "not closed".to_owned(),
        (holders, _) => format!("in use by {}", holders.join(", ")),
    };
    format!("{}{on_disk}; format v{}, commit {}, {state}", human::size(stat.file_len), stat.format, stat.commit)
}

fn print_space(stat: &ops::Stat, contents: &Contents, output: &mut Output) -> Result<()> {
    let space = &contents.space;
    let mut parts = vec![("values", space.values), ("keys", space.keys), ("pages", space.overhead)];
    if space.other_tables > 0 {
        parts.push(("other tables", space.other_tables));
    }
    parts.extend([("redb", space.redb), ("free", space.free)]);
    let parts: Vec<String> = parts.iter().map(|(name, bytes)| format!("{name} {}", human::size(*bytes))).collect();
    writeln!(output.data(), "{}", parts.join(", "))?;
    let line = match stat.file_len.saturating_sub(space.compacted) {
        0 => "`vlive compact` would give back nothing".to_owned(),
        gain => {
            let percent = u128::from(gain) * 100 / u128::from(stat.file_len.max(1));
            format!("`vlive compact` would give back {} ({percent} %)", human::size(gain))
        }
    };
    Ok(writeln!(output.data(), "{line}")?)
}

fn print_tables(tables: &[TableStat], is_quick: bool, output: &mut Output) -> Result<()> {
    let tables: Vec<&TableStat> = tables.iter().filter(|table| table.cache_key.is_some()).collect();
    let key = |table: &TableStat, output: &Output| {
        let shown = table.shown.as_ref().or(table.cache_key.as_ref());
        let key = output.key(shown.map_or("", String::as_str)).into_owned();
        if output.is_terminal() { in_the_middle(&key, WIDEST_KEY).into_owned() } else { key }
    };
    if is_quick {
        let columns = [("KEY", false), ("ENTRIES", true)];
        table::print(output, &columns, &tables, |table, output| [key(table, output), table.entries.to_string()])?;
        return Ok(());
    }
    let columns = [
        ("KEY", false),
        ("ENTRIES", true),
        ("ROWS", true),
        ("SIZE", true),
        ("MIN", true),
        ("MEDIAN", true),
        ("MAX", true),
        ("DEPTH", true),
        ("LAYOUT", false),
    ];
    let cells = |table: &TableStat, output: &Output| {
        let contents = table.contents.unwrap_or_default();
        let [min, median, max] =
            contents.sizes.map_or_else(|| [(); 3].map(|()| "-".to_owned()), |sizes| sizes.map(human::size));
        let depth = table.tree.unwrap_or_default().depth.to_string();
        let size = human::size(contents.values);
        let layout = layout_column::cell(layout_column::field(table.layout));
        [
            key(table, output),
            table.entries.to_string(),
            contents.rows.to_string(),
            size,
            min,
            median,
            max,
            depth,
            layout,
        ]
    };
    let are_sets = tables.iter().map(|table| table.layout == Layout::Diorama);
    Ok(table::print(output, layout_column::if_mixed(&columns, are_sets), &tables, |table, output| {
        cells(table, output)
    })?)
}

/// Prints the largest entries: one per line, or on a terminal as a compact block.
fn print_largest(contents: &Contents, output: &mut Output) -> Result<()> {
    if contents.largest.is_empty() {
        return Ok(());
    }
    let largest = contents.largest.iter().map(|(key, bytes)| (human::size(*bytes), key.shown()));
    let largest = largest.map(|(size, key)| (size, escape::key_for_terminal(&key).into_owned()));
    let largest: Vec<(String, String)> = largest.collect();
    let Some(width) = output.width() else {
        output.heading("LARGEST")?;
        for (size, key) in largest {
            writeln!(output.data(), "{size}  {key}")?;
        }
        return Ok(());
    };
    let title = "LARGEST  ";
    let column = (width.saturating_sub(title.len()) / COLUMNS).saturating_sub(2).max(20);
    let size_width = largest.iter().map(|(size, _)| size.len()).max().unwrap_or(0);
    let cells = largest.iter().map(|(size, key)| {
        let key = in_the_middle(key, column - size_width - 1);
        let padding = column - size_width - 1 - key.width();
        format!("{size:>size_width$} {key}{:padding$}", "")
    });
    let cells: Vec<String> = cells.collect();
    let rows = cells.len().div_ceil(COLUMNS);
    for row in 0..rows {
        let of_row: Vec<&str> = cells.iter().skip(row).step_by(rows).map(String::as_str).collect();
        let begin = if row == 0 { title } else { "" };
        writeln!(output.data(), "{begin:0$}{1}", title.len(), of_row.join("  ").trim_end())?;
    }
    Ok(())
}
