//! Are sets of diorama sound? What diorama refuses, ignores, or would write differently.

use crate::diorama::identity::{Identity, TableName};
use crate::diorama::meta::Meta;
use crate::diorama::row::RowView;
use crate::file::{self, Damage, Page, Survey, Widths};
use crate::ops::findings::{FindingKind, FindingPlace, Findings};
use crate::snapshot::Table;
use std::str;
use std::sync::Arc;

/// The findings of a check in sets of diorama.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedSets {
    /// The number of sets, including those that were copied whole and have no rows.
    pub sets: u64,
    /// The number of rows that were read.
    pub rows: u64,
    /// Sets with a row that diorama refuses: the app cannot list any of their rows.
    pub unlistable: Findings,
    /// Rows that diorama refuses.
    pub refused: Findings,
    /// Numbers in meta tables that diorama cannot read.
    pub malformed: Findings,
    /// Times of sets in the future: the app takes the rows for fresh until then.
    pub future: Findings,
    /// Rows in which diorama silently ignores something, or that it would write differently.
    pub altered: Findings,
    /// Sets whose names diorama 1.5 would not write, but an earlier release, or an app that names its tables itself.
    /// They are harmless.
    pub own_names: Findings,
}

impl CheckedSets {
    /// Whether nothing was found but harmless names.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.unlistable, &self.refused, &self.malformed, &self.future, &self.altered]
            .iter()
            .all(|findings| findings.count == 0)
    }

    /// Checks a meta table. Returns how many of its pairs could be read, and how many of these have a key that is not
    /// UTF-8.
    pub(super) fn meta(
        &mut self,
        survey: &mut Survey<'_>,
        table: &Table,
        now: u64,
        damage: &mut dyn FnMut(Damage),
    ) -> file::Result<(u64, u64)> {
        let TableName::Meta(rows) = TableName::of(table.name()) else { unreachable!("its name made it a meta table") };
        let (mut read, mut not_text) = (0, 0);
        let mut leaf = |page: &Arc<Page>| {
            for n in 0..page.count() {
                read += 1;
                match str::from_utf8(page.key(n)) {
                    Err(_) => not_text += 1,
                    Ok(key) => self.number(rows, key, page.value(n), now),
                }
            }
            Ok(())
        };
        survey.tree(table.definition().root, Widths::default(), &mut leaf, damage)?;
        Ok((read, not_text))
    }

    /// Adds the set of a meta table if it has no table of rows: it was copied whole and is empty. Returns whether it
    /// was added.
    pub(super) fn rowless(&mut self, meta: &Table, has_rows: impl Fn(&str) -> bool) -> bool {
        let TableName::Meta(rows) = TableName::of(meta.name()) else { return false };
        if has_rows(rows) {
            return false;
        }
        self.sets += 1;
        self.name(rows);
        true
    }

    /// Adds a table of rows, with the number of rows that were read and what was found in them.
    pub(super) fn rows(&mut self, table: &Table, read: u64, refused: Findings, altered: Findings) {
        self.sets += 1;
        self.rows += read;
        if refused.count > 0 {
            let place = FindingPlace::of_set(table.name(), None);
            self.unlistable.add(Some(place), FindingKind::Unlistable { refused: refused.count });
        }
        self.name(table.name());
        self.refused.extend(refused);
        self.altered.extend(altered);
    }

    fn name(&mut self, set: &str) {
        if Identity::of_table(set).is_none() {
            self.own_names.add(Some(FindingPlace::of_set(set, None)), FindingKind::OwnName);
        }
    }

    fn number(&mut self, set: &str, key: &str, value: &[u8], now: u64) {
        let mut meta = Meta::default();
        if let Err(malformed) = meta.read(key, value) {
            self.malformed.add(Some(FindingPlace::of_set(set, None)), FindingKind::Malformed(malformed));
        }
        if let Some(at) = meta.refreshed_at.or(meta.copied_at)
            && at.seconds() > now
        {
            self.future.add(Some(FindingPlace::of_set(set, None)), FindingKind::Future(key.to_owned()));
        }
    }
}

/// Checks a row of a set: adds what diorama refuses to `refused`, and what it would write differently to `altered`.
pub(super) fn row(set: &str, id: &str, value: &[u8], refused: &mut Findings, altered: &mut Findings) {
    let place = || Some(FindingPlace::of_set(set, Some(id)));
    match RowView::new(value) {
        Err(error) => refused.add(place(), FindingKind::RowRefused(error)),
        Ok(row) => {
            for deviation in row.deviations() {
                altered.add(place(), FindingKind::RowAltered(deviation));
            }
        }
    }
}
