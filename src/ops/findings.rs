//! What a check finds: how often, and the first places.

use crate::database::IntegrityFault;
use crate::diorama::meta::MalformedMeta;
use crate::diorama::row::{RowDeviation, RowError};
use crate::file::Damage;
use crate::live::deviation::Deviation;
use crate::live::error::DecodeError;
use crate::snapshot::{TableKind, TableRole};

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
    /// The table, the entry by its full key, or nothing for what all tables share.
    pub place: Option<String>,
    /// What was found there.
    pub kind: FindingKind,
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
    /// A table has not as many entries as it records.
    Count {
        /// Entries that can be read.
        read: u64,
        /// Entries that it records.
        recorded: u64,
    },
    /// vantage-live cannot read the entry.
    Refused(DecodeError),
    /// vantage-live would not have written the entry so.
    Altered(Vec<Deviation>),
    /// A table that holds no entries.
    Table {
        /// What it is.
        kind: TableKind,
        /// Whose it is.
        role: TableRole,
    },
    /// diorama cannot list a set.
    Unlistable {
        /// Rows of it that diorama refuses; at least one.
        refused: u64,
    },
    /// diorama cannot read the row.
    RowRefused(RowError),
    /// diorama would not have written the row so.
    RowAltered(RowDeviation),
    /// diorama cannot read a number that it keeps about a set.
    Malformed(MalformedMeta),
    /// A time of a set, which has this name, is in the future.
    Future(String),
    /// The name of a set is one that diorama 1.5 would not write.
    OwnName,
}

impl From<Damage> for FindingKind {
    fn from(damage: Damage) -> FindingKind {
        FindingKind::Damage(damage)
    }
}

impl Findings {
    /// Adds a finding.
    pub(crate) fn add(&mut self, place: Option<&str>, kind: impl Into<FindingKind>) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push(Finding { place: place.map(str::to_owned), kind: kind.into() });
        }
    }

    /// Adds those of what comes next.
    pub(crate) fn extend(&mut self, others: Findings) {
        self.count += others.count;
        let room = PLACES - self.places.len();
        self.places.extend(others.places.into_iter().take(room));
    }
}
