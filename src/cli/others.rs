//! What a file holds that is not a cache, said where there is nothing else to say.

use super::Global;
use crate::output::{Output, human};
use vlive::Snapshot;
use vlive::snapshot::{Table, TableRole};

/// Describes the tables of a file that holds no entries.
pub fn tell(global: &Global, output: &Output) {
    // An error that keeps the cache from being read is reported by who reads it.
    if let Ok(tables) = Snapshot::look(global.folder(), global.look_wait(), Snapshot::roles) {
        tell_tables(&tables, output);
    }
}

/// Describes tables, unless there is one of a cache among them.
pub fn tell_tables(tables: &[(Table, TableRole)], output: &Output) {
    let of = |role: TableRole| tables.iter().filter(|(_, own)| *own == role).count() as u64;
    let others = [
        (of(TableRole::Source), " of vantage-redb, a data source and not a cache"),
        (of(TableRole::Foreign), " of another program"),
    ];
    if others.iter().map(|(count, _)| count).sum::<u64>() < tables.len() as u64 {
        return;
    }
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        let tables = human::count(count, "table", "tables");
        output.summary(&format!("the file holds {tables}{what}; `vlive ls --all` lists them"));
    }
}
