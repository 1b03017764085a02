//! Are sets of diorama sound? What diorama refuses of them, ignores, or would write otherwise.

use crate::diorama::identity::{Identity, TableName};
use crate::diorama::meta::Meta;
use crate::diorama::row::RowView;
use crate::file::{self, Damage, Page, Survey, Widths};
use crate::ops::findings::{FindingKind, Findings};
use crate::snapshot::{Table, TableRole};
use std::str;
use std::sync::Arc;

/// What a check has found of sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedSets {
    /// Sets that have a table of rows.
    pub sets: u64,
    /// Rows that were read.
    pub rows: u64,
    /// Sets with a row that diorama refuses: the app cannot list any of their rows.
    pub unlistable: Findings,
    /// Rows that diorama refuses.
    pub refused: Findings,
    /// Numbers in meta tables that diorama cannot read.
    pub malformed: Findings,
    /// Rows in which diorama silently ignores something, or that it would write differently.
    pub altered: Findings,
    /// Sets whose names diorama 1.5 would not write: an earlier release, or an app that names its tables
    /// itself. They do no harm.
    pub own_names: Findings,
}

impl CheckedSets {
    /// Whether nothing was found that changes what an app sees.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.unlistable, &self.refused, &self.malformed, &self.altered].iter().all(|findings| findings.count == 0)
    }

    /// Checks a table of rows or a meta table. Returns how many of its pairs could be read, and how many of those have
    /// a key that is not text.
    pub(super) fn table(
        &mut self,
        survey: &mut Survey<'_>,
        table: &Table,
        role: TableRole,
        damage: &mut dyn FnMut(Damage),
    ) -> file::Result<(u64, u64)> {
        let shown = match TableName::of(table.name()) {
            TableName::Rows(name) | TableName::Meta(name) => shown(name),
            TableName::Hidden => None,
        };
        let shown = shown.unwrap_or_else(|| table.name().to_owned());
        let (mut read, mut refused, mut not_text) = (0, 0, 0);
        let mut leaf = |page: &Arc<Page>| {
            for n in 0..page.count() {
                read += 1;
                match str::from_utf8(page.key(n)) {
                    Err(_) => not_text += 1,
                    Ok(key) if role == TableRole::Meta => self.number(&shown, key, page.value(n)),
                    Ok(id) => refused += u64::from(!self.row(&shown, id, page.value(n))),
                }
            }
            Ok(())
        };
        survey.tree(table.definition().root, Widths::default(), &mut leaf, damage)?;
        if role == TableRole::Rows {
            self.sets += 1;
            self.rows += read;
            if refused > 0 {
                self.unlistable.add(Some(&shown), FindingKind::Unlistable { refused });
            }
            if self::shown(table.name()).is_none() {
                self.own_names.add(Some(table.name()), FindingKind::OwnName);
            }
        }
        Ok((read, not_text))
    }

    fn number(&mut self, set: &str, key: &str, value: &[u8]) {
        if let Err(malformed) = Meta::default().read(key, value) {
            self.malformed.add(Some(set), FindingKind::Malformed(malformed));
        }
    }

    /// Whether diorama reads the row.
    fn row(&mut self, set: &str, id: &str, value: &[u8]) -> bool {
        let place = || format!("{set}/{id}");
        match RowView::new(value) {
            Err(error) => {
                self.refused.add(Some(&place()), FindingKind::RowRefused(error));
                return false;
            }
            Ok(row) => {
                for deviation in row.deviations() {
                    self.altered.add(Some(&place()), FindingKind::RowAltered(deviation));
                }
            }
        }
        true
    }
}

/// A name as people read it; `None` if diorama 1.5 would not write it.
fn shown(name: &str) -> Option<String> {
    Identity::of_table(name).map(|identity| identity.to_string())
}
