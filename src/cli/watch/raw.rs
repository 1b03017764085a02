//! The stored bytes of a set in the JSON of an event.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::Write;
use vlive::diorama::meta::Meta;
use vlive::snapshot::{EntryChange, SeenCommit, SetKey, SetRow};

/// Writes the changed rows of a set, with null for a removed one, and its metadata now; all rows of a new set, and
/// nothing of a removed one.
pub fn write_set(commit: &SeenCommit, key: &SetKey, change: &EntryChange, out: &mut impl Write) -> Result<()> {
    let (Some(new), Some(rows)) = (&change.new, &change.rows) else { return Ok(()) };
    let mut raw = Object::begin("raw", out)?;
    if change.old.is_some() || key.row().is_some() {
        for id in &rows.ids {
            let row = commit.snapshot.row(key, id)?;
            raw.add(id, row.as_ref().map(SetRow::value), out)?;
        }
    } else if let Some(set) = commit.snapshot.set(key)? {
        // Damage is reported for the whole commit.
        for row in commit.snapshot.rows(&set).flatten() {
            raw.add(row.id(), Some(row.value()), out)?;
        }
    }
    out.write_all(b"}")?;
    if key.row().is_none() {
        let mut meta = Object::begin("meta", out)?;
        for (name, value) in new.set.map_or(Meta::default(), |set| set.meta).pairs() {
            meta.add(name, Some(&value), out)?;
        }
        out.write_all(b"}")?;
    }
    Ok(())
}

/// An object of names and bytes inside another one.
struct Object {
    is_empty: bool,
}

impl Object {
    fn begin(name: &str, out: &mut impl Write) -> Result<Object> {
        write!(out, ",\"{name}\":{{")?;
        Ok(Object { is_empty: true })
    }

    fn add(&mut self, name: &str, bytes: Option<&[u8]>, out: &mut impl Write) -> Result<()> {
        if !std::mem::replace(&mut self.is_empty, false) {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b":")?;
        Ok(serde_json::to_writer(&mut *out, &bytes.map(|bytes| BASE64.encode(bytes)))?)
    }
}
