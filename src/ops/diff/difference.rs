//! What can differ, and how.

use crate::diorama::meta::{Meta, MetaKey};
use crate::diorama::row::RowError;
use crate::live::error::DecodeError;
use crate::snapshot::EntryKey;

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the second side has it.
    Added,
    /// Only the first side has it.
    Removed,
    /// Both sides have it, with different contents.
    Changed,
}

/// A single difference. An entry comes before its rows, and a row before its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// An entry differs.
    Entry(EntryDiff),
    /// A row of the last entry differs. The rows of the first side come first, in its order, then the added ones.
    Row(RowDiff),
    /// A field of the last row differs, in the same order as rows.
    Field(FieldDiff),
}

/// An entry that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryDiff {
    /// The entry.
    pub key: EntryKey,
    /// How it differs.
    pub change: Change,
    /// The number of rows of an entry that only one side has, as its head announces it; `None` if the head cannot be
    /// read.
    pub row_count: Option<u64>,
    /// Both times of an entry of vantage-live in seconds since 1970, if they differ and are compared.
    pub fetched_at: Option<(u64, u64)>,
    /// The numbers in diorama's metadata of a set that differ: `total`, and the times, in nanoseconds since 1970, if
    /// they are compared.
    pub meta: Vec<MetaDiff>,
    /// Whether the rows that both sides have are in a different order, if that is compared.
    pub is_reordered: bool,
    /// Why the values could not be compared row by row: the fault on the first side or the second.
    pub undecodable: [Option<DecodeError>; 2],
}

/// A number in the metadata of a set that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetaDiff {
    /// Which number it is.
    pub key: MetaKey,
    /// The number on the first side, if it has one.
    pub old: Option<u64>,
    /// The number on the second side, if it has one.
    pub new: Option<u64>,
}

impl MetaDiff {
    /// The numbers that differ between two sets' metadata; the times are compared only with `times`.
    pub(super) fn between(old: &Meta, new: &Meta, times: bool) -> Vec<MetaDiff> {
        let compared = MetaKey::ALL.into_iter().filter(|key| times || *key == MetaKey::Total);
        let diffs = compared.map(|key| MetaDiff { key, old: old.get(key), new: new.get(key) });
        diffs.filter(|diff| diff.old != diff.new).collect()
    }
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowDiff {
    /// The row id.
    pub id: String,
    /// How it differs.
    pub change: Change,
    /// The record, as JSON without loss, if only one side has the row.
    pub record: Option<String>,
    /// Whether the fields that both sides have are in a different order, if that is compared.
    pub is_reordered: bool,
    /// Whether the row is incomplete: on the first side, and on the second.
    pub is_incomplete: [bool; 2],
    /// Why diorama refuses the row, so that it could not be compared: on the first side, and on the second.
    pub refused: [Option<RowError>; 2],
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDiff {
    /// Its name.
    pub name: String,
    /// The value on the first side, as JSON without loss; `None` if it lacks the field.
    pub old: Option<String>,
    /// The value on the second side, as JSON without loss; `None` if it lacks the field.
    pub new: Option<String>,
}

impl FieldDiff {
    /// How the field differs.
    #[must_use]
    pub fn change(&self) -> Change {
        match (&self.old, &self.new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        }
    }
}

impl EntryDiff {
    pub(super) fn new(key: EntryKey, change: Change) -> EntryDiff {
        EntryDiff {
            key,
            change,
            row_count: None,
            fetched_at: None,
            meta: Vec::new(),
            is_reordered: false,
            undecodable: [None, None],
        }
    }
}

impl RowDiff {
    pub(super) fn new(id: &str, change: Change) -> RowDiff {
        RowDiff {
            id: id.to_owned(),
            change,
            record: None,
            is_reordered: false,
            is_incomplete: [false; 2],
            refused: [None, None],
        }
    }
}
