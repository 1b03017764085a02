//! What a file holds that is not a cache, said where there is nothing else to say.

use super::Global;
use crate::output::{Output, human};
use vlive::Snapshot;
use vlive::snapshot::{Table, TableRole};

/// Describes the tables of a file that holds no entries.
pub fn tell(global: &Global, output: &Output) {
    for sentence in sentences(global) {
        output.summary(&sentence);
    }
}

/// Describes tables, unless there is one of a cache among them.
pub fn tell_tables(tables: &[(Table, TableRole)], output: &Output) {
    for sentence in sentences_of(tables) {
        output.summary(&sentence);
    }
}

/// What a file holds where it holds no entries.
pub fn sentences(global: &Global) -> Vec<String> {
    // An error that keeps the cache from being read is reported by who reads it.
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
