//! Describes the tables of other programs in a file without entries.

use super::Global;
use crate::output::{Output, human};
use vlive::Snapshot;
use vlive::snapshot::{Table, TableRole};

/// Describes the tables of a file that holds no entries.
pub fn report(global: &Global, output: &Output) {
    for sentence in sentences(global) {
        output.summary(&sentence);
    }
}

/// Describes tables, unless one of them belongs to a cache.
pub fn report_tables(tables: &[(Table, TableRole)], output: &Output) {
    for sentence in sentences_of(tables) {
        output.summary(&sentence);
    }
}

/// The tables of a file that holds no entries, in words.
pub fn sentences(global: &Global) -> Vec<String> {
    // The command itself reports a cache that cannot be read.
    let tables = Snapshot::look(global.folder(), global.look_wait(), Snapshot::roles);
    tables.map(|tables| sentences_of(&tables)).unwrap_or_default()
}

fn sentences_of(tables: &[(Table, TableRole)]) -> Vec<String> {
    let of = |role: TableRole| tables.iter().filter(|(_, own)| *own == role).count() as u64;
    let others = [
        (of(TableRole::Source), " of vantage-redb, a data source and not a cache"),
        (of(TableRole::Foreign), " of another program"),
    ];
    if others.iter().map(|(count, _)| count).sum::<u64>() < tables.len() as u64 {
        return Vec::new();
    }
    let sentence = |(count, what)| {
        format!("the file holds {}{what}; `vlive ls --all` lists them", human::count(count, "table", "tables"))
    };
    others.into_iter().filter(|(count, _)| *count > 0).map(sentence).collect()
}
