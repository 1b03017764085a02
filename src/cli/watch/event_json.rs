//! An event of a watch in JSON, for programs.

use serde::Serialize;
use vlive::diorama::meta::MetaKey;
use vlive::snapshot::Remembered;

#[derive(Serialize)]
pub(super) struct EventJson {
    pub(super) time: u64,
    pub(super) commit: u64,
    /// The commit that it is compared with.
    pub(super) after: Option<u64>,
    pub(super) event: &'static str,
    pub(super) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) layout: Option<&'static str>,
    /// How many rows of a set differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changed: Option<ChangedJson>,
    #[serde(flatten)]
    pub(super) now: Option<StateJson>,
    pub(super) was: Option<StateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ChangedJson {
    pub(super) added: u64,
    pub(super) replaced: u64,
    pub(super) removed: u64,
    /// How many rows can no longer be read, since a page is damaged.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) lost: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is made for serde")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// An entry at a commit; its time and rows are null if it cannot be decoded.
#[derive(Serialize)]
pub(super) struct StateJson {
    fetched_at: Option<u64>,
    rows: Option<u64>,
    bytes: u64,
    /// The metadata of a set, as in a dump.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refreshed_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copied_at: Option<u64>,
}

impl StateJson {
    pub(super) fn of(state: &Remembered) -> StateJson {
        let meta = |key| state.set.and_then(|set| set.meta.get(key));
        StateJson {
            fetched_at: state.fetched_at(),
            rows: state.rows(),
            bytes: state.bytes,
            total: meta(MetaKey::Total),
            refreshed_at: meta(MetaKey::RefreshedAt),
            copied_at: meta(MetaKey::CopiedAt),
        }
    }
}
