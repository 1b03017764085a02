//! What each table of a file is.

use crate::diorama::identity::{TableName, meta_table};
use crate::diorama::row::{Likeness, SAMPLE};
use crate::error::{Error, Result};
use crate::snapshot::{Snapshot, Table};
use std::collections::HashSet;

/// What a table of a file is, by its name, its types, the other tables and, if these are not enough, its first rows.
/// The name of the file does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableRole {
    /// Entries of vantage-live under one cache key.
    CacheKey,
    /// Rows of diorama.
    Rows,
    /// Metadata of a set of diorama.
    Meta,
    /// Data or an index of vantage-redb, a source and not a cache.
    Source,
    /// None of these.
    Foreign,
}

impl TableRole {
    /// Whether it is one of the tables of a set of diorama.
    pub(crate) fn is_of_set(self) -> bool {
        matches!(self, TableRole::Rows | TableRole::Meta)
    }
}

impl Snapshot {
    /// All tables of the file with their roles, in the order of their names.
    ///
    /// # Errors
    /// Those of [`Snapshot::tables`], and [`Error::Io`] if rows cannot be read.
    pub fn roles(&self) -> Result<Vec<(Table, TableRole)>> {
        self.roles_of(self.tables()?)
    }

    /// The roles of these tables, which are all that can be read.
    pub(crate) fn roles_of(&self, tables: Vec<Table>) -> Result<Vec<(Table, TableRole)>> {
        let beside = Beside::of(&tables);
        let roles: Result<Vec<TableRole>> = tables.iter().map(|table| self.role(table, &beside)).collect();
        drop(beside);
        roles.map(|roles| tables.into_iter().zip(roles).collect())
    }

    fn role(&self, table: &Table, beside: &Beside<'_>) -> Result<TableRole> {
        if table.cache_key().is_some() {
            return Ok(TableRole::CacheKey);
        }
        if index_of(table.name()).is_some_and(|source| beside.names.contains(source)) {
            return Ok(TableRole::Source);
        }
        if table.is_named_as_cache() || !table.holds_bytes_by_text() {
            return Ok(TableRole::Foreign);
        }
        match TableName::of(table.name()) {
            TableName::Hidden => Ok(TableRole::Foreign),
            TableName::Meta(_) => Ok(TableRole::Meta),
            TableName::Rows(name) if beside.remembered.contains(name) => Ok(TableRole::Rows),
            TableName::Rows(name) if beside.indexed.contains(name) => Ok(TableRole::Source),
            TableName::Rows(_) => self.role_by_rows(table),
        }
    }

    /// Whether a table is one of a set, as far as that is known without the names of all other tables.
    pub(super) fn is_of_set(&self, table: &Table) -> Result<bool> {
        if table.is_named_as_cache() || !table.holds_bytes_by_text() {
            return Ok(false);
        }
        match TableName::of(table.name()) {
            TableName::Hidden => Ok(false),
            TableName::Meta(_) => Ok(true),
            TableName::Rows(name) => {
                let meta = self.table_tree().get(&meta_table(name)).map_err(|error| self.error(error, None))?;
                Ok(meta.is_some() || self.role_by_rows(table)? == TableRole::Rows)
            }
        }
    }

    fn role_by_rows(&self, table: &Table) -> Result<TableRole> {
        let mut likeness = None;
        for entry in table.definition().tree(self.file()).entries().take(SAMPLE) {
            let entry = match entry.map_err(|error| self.error(error, Some(table.name()))) {
                // Reading the rows finds the damage again.
                Err(Error::Damaged { .. }) => return Ok(TableRole::Rows),
                entry => entry?,
            };
            likeness = Some(Likeness::with(likeness, entry.value()));
            if likeness == Some(Likeness::Row) {
                break;
            }
        }
        Ok(match likeness {
            // diorama lists an empty table, and another program rarely creates one.
            None | Some(Likeness::Row | Likeness::Refused) => TableRole::Rows,
            Some(Likeness::Record) => TableRole::Source,
            Some(Likeness::Neither) => TableRole::Foreign,
        })
    }
}

/// The other tables of a file, which decide on the role of a table.
struct Beside<'t> {
    names: HashSet<&'t str>,
    /// Tables that have a meta table.
    remembered: HashSet<&'t str>,
    /// Tables that have an index.
    indexed: HashSet<&'t str>,
}

impl<'t> Beside<'t> {
    fn of(tables: &'t [Table]) -> Beside<'t> {
        let remembered = |table: &'t Table| match TableName::of(table.name()) {
            TableName::Meta(rows) if table.holds_bytes_by_text() => Some(rows),
            _ => None,
        };
        Beside {
            names: tables.iter().map(Table::name).collect(),
            remembered: tables.iter().filter_map(remembered).collect(),
            indexed: tables.iter().filter_map(|table| index_of(table.name())).collect(),
        }
    }
}

/// The table of vantage-redb that a table is an index of, by its name.
fn index_of(name: &str) -> Option<&str> {
    name.split_once("__idx__").map(|(table, _)| table)
}
