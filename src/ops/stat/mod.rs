//! The space that a cache takes, what takes it, and how old its entries are.

mod look;
mod needs;
mod report;

pub use report::{Contents, Space, Stat, TableContents, TableStat, Tree};

use crate::error::{Error, Result};
use crate::snapshot::{PastDamage, Snapshot, Table};
use crate::system::progress;
use look::Look;

/// The size of a cache and of its tables, without reading an entry: [`Stat::contents`] is `None`.
///
/// # Errors
/// Those of the cache.
pub fn stat_quick(snapshot: &Snapshot) -> Result<Stat> {
    let roles = snapshot.roles()?;
    let mut tables: Vec<TableStat> =
        roles.iter().filter(|(_, role)| !role.is_of_set()).map(|(table, _)| TableStat::new(table)).collect();
    tables.extend(snapshot.sets_of(roles)?.iter().map(TableStat::of_set));
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Stat { tables, ..Stat::of_file(snapshot) })
}

impl PastDamage for Stat {
    fn damage(&mut self) -> &mut Vec<Error> {
        &mut self.unread.damage
    }
}

/// What a cache holds and what its space is used for. Ages count from `now`, in seconds since 1970. Every page in use
/// is read, but no row decoded.
///
/// # Errors
/// Those of the cache, but not damage: that is in the result.
pub fn stat(snapshot: &Snapshot, now: u64) -> Result<Stat> {
    // An upper bound: pages that are not in use are not read.
    progress::current().expect(Some(snapshot.file_len()));
    let (mut look, definitions) = Look::new(snapshot, now)?;
    let tables = definitions.into_iter().map(|(name, definition)| Table::new(name, definition)).collect();
    let roles = snapshot.roles_of(tables)?;
    let mut tables = Vec::with_capacity(roles.len());
    for (table, _) in roles.iter().filter(|(_, role)| !role.is_of_set()) {
        tables.push(match table.cache_key() {
            Some(cache_key) => look.cache_table(table, cache_key)?,
            None => look.other_table(table)?,
        });
    }
    for set in snapshot.sets_of(roles)? {
        tables.push(look.set(&set)?);
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    let (contents, unread) = look.finish();
    Ok(Stat { tables, contents: Some(contents), unread, ..Stat::of_file(snapshot) })
}
