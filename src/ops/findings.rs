//! What a check finds: how often, and in which places first.

use crate::database::IntegrityFault;
use crate::diorama::identity::{TableName, meta_table};
use crate::diorama::meta::MalformedMeta;
use crate::diorama::row::{RowDeviation, RowError};
use crate::file::Damage;
use crate::live::deviation::Deviation;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::snapshot::{SetKey, TableKind, TableRole};
use std::fmt;

/// How many places are kept of each kind of finding.
const PLACES: usize = 10;

/// Findings of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// How many there are.
    pub count: u64,
    /// The first ten.
    pub places: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where it was found; `None` for what all tables share.
    pub place: Option<FindingPlace>,
    /// What was found there.
    pub kind: FindingKind,
}

/// Where something was found. It is displayed as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingPlace {
    /// An entry of vantage-live, by its full key.
    Entry(Key),
    /// A table, by its name; usually not one of a set.
    Table(String),
    /// A set of diorama, or a row of one.
    Set(SetKey),
    /// The meta table of a set of diorama, by the key of the set.
    Meta(SetKey),
}

impl FindingPlace {
    /// The place of a table, as its name tells.
    pub(crate) fn of_table(name: &str) -> FindingPlace {
        match TableName::of(name) {
            TableName::Meta(rows) => FindingPlace::Meta(SetKey::new(rows, None)),
            _ => FindingPlace::Table(name.to_owned()),
        }
    }

    /// The place of a set, or of a row of it, by the name of its table.
    pub(crate) fn of_set(name: &str, row: Option<&str>) -> FindingPlace {
        FindingPlace::Set(SetKey::new(name, row))
    }
}

impl fmt::Display for FindingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindingPlace::Entry(key) => key.fmt(f),
            FindingPlace::Table(name) => f.write_str(name),
            FindingPlace::Set(key) => key.fmt(f),
            FindingPlace::Meta(key) => f.write_str(&meta_table(key.name())),
        }
    }
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// Bytes that do not match their checksum or make no sense.
    Damage(Damage),
    /// The file does not have the length that its header records.
    Length {
        /// Its length in bytes.
        len: u64,
        /// The length in bytes that its header records.
        recorded: u64,
    },
    /// redb's own check of a copy of the file fails.
    Integrity(IntegrityFault),
    /// A key in a table with text keys is not UTF-8.
    KeyNotText,
    /// A table does not have as many entries as it records.
    Count {
        /// Entries that can be read.
        read: u64,
        /// Entries that it records.
        recorded: u64,
    },
    /// vantage-live cannot read the entry.
    Refused(DecodeError),
    /// vantage-live would not have written the entry this way.
    Altered(Vec<Deviation>),
    /// A table that holds no entries.
    Table {
        /// Its types.
        kind: TableKind,
        /// What it is for.
        role: TableRole,
    },
    /// diorama cannot list the set.
    Unlistable {
        /// The number of its rows that diorama refuses; at least one.
        refused: u64,
    },
    /// diorama cannot read the row.
    RowRefused(RowError),
    /// diorama would not have written the row this way.
    RowAltered(RowDeviation),
    /// diorama cannot read a number in the metadata of a set.
    Malformed(MalformedMeta),
    /// A time in the metadata of a set, by its name there, is in the future.
    Future(String),
    /// diorama 1.5 would not give a set this name.
    OwnName,
}

impl From<Damage> for FindingKind {
    fn from(damage: Damage) -> FindingKind {
        FindingKind::Damage(damage)
    }
}

impl Findings {
    /// Adds a finding.
    pub(crate) fn add(&mut self, place: Option<FindingPlace>, kind: impl Into<FindingKind>) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push(Finding { place, kind: kind.into() });
        }
    }

    /// Appends other findings, which come after these.
    pub(crate) fn extend(&mut self, others: Findings) {
        self.count += others.count;
        let room = PLACES - self.places.len();
        self.places.extend(others.places.into_iter().take(room));
    }
}
