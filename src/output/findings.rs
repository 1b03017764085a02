//! What a check finds, in words.

use super::escape;
use vlive::diorama::identity::Identity;
use vlive::ops::{Finding, FindingKind, FindingPlace, IntegrityFault};
use vlive::snapshot::TableRole;

/// The place of a finding and what was found there, on one line.
pub fn words(finding: &Finding) -> String {
    let what = kind(&finding.kind);
    let line = finding.place.as_ref().map_or_else(|| what.clone(), |place| format!("{}: {what}", self::place(place)));
    escape::for_terminal(&line).into_owned()
}

/// Where something was found, for people.
pub fn place(place: &FindingPlace) -> String {
    match place {
        FindingPlace::Set(key) => key.shown(),
        FindingPlace::Meta(key) => format!("meta table of {}", key.shown()),
        FindingPlace::Table(name) => Identity::shown(name).into_owned(),
        place => place.to_string(),
    }
}

/// What was found.
pub fn kind(kind: &FindingKind) -> String {
    match kind {
        FindingKind::Damage(damage) => damage.to_string(),
        FindingKind::Length { len, recorded } => {
            format!("the file has {len} bytes, and its header records {recorded}")
        }
        FindingKind::Integrity(IntegrityFault::Panicked) => "redb panics on this file".to_owned(),
        FindingKind::Integrity(IntegrityFault::Failed(reason)) => reason.clone(),
        FindingKind::Integrity(IntegrityFault::Inconsistent) => {
            "redb finds the file inconsistent, and would repair it".to_owned()
        }
        FindingKind::KeyNotText => "a key is not UTF-8".to_owned(),
        FindingKind::Count { read, recorded } => {
            format!("{read} entries can be read, but it records {recorded}")
        }
        FindingKind::Refused(error) => error.to_string(),
        FindingKind::Altered(deviations) => deviations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        FindingKind::Table { kind, role: TableRole::Source } => format!("{kind}, of vantage-redb"),
        FindingKind::Table { kind, .. } => kind.to_string(),
        FindingKind::Unlistable { refused: 1 } => "it refuses a row".to_owned(),
        FindingKind::Unlistable { refused } => format!("it refuses {refused} rows"),
        FindingKind::RowRefused(error) => error.to_string(),
        FindingKind::RowAltered(deviation) => deviation.to_string(),
        FindingKind::Malformed(malformed) => malformed.to_string(),
        FindingKind::Future(name) => format!("`{name}` is in the future"),
        FindingKind::OwnName => "a name that diorama 1.5 would not write".to_owned(),
        _ => "it is not as it should be".to_owned(),
    }
}
