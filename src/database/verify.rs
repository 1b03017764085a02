//! The checks before redb may write to a file: everything that redb relies on without checking it.
//!
//! - The header: the length of the file, the layout of its regions, and the numbers of the two commits.
//! - The pages of redb's own trees and the definitions of all tables. Those that a change touches are
//!   verified by whoever plans the change.
//! - redb's record of free pages, against the pages that the newest commit uses. Branches name the leaves,
//!   so that this does not read a file as a whole.
//!
//! A wrong record is acceptable where redb provably rebuilds it: if the file appears as not closed, redb uses the
//! record that is saved in the system tree, which is then compared in the same way, or reads all trees, which are then
//! all verified. Any other disagreement is refused.

use crate::error::{Error, Result};
use crate::file::{self, Allocation, Damage, File, PAGE_SIZE, Saved, Slot};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// How a file appears to redb when it opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenAs {
    /// As it is.
    Itself,
    /// As one that was not closed.
    NotClosed,
}

/// redb's record of free pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    /// It matches the pages in use.
    Sound,
    /// There is no valid one; redb reads all trees.
    Missing,
    /// The headers of the regions are wrong; with what is saved in the system tree.
    WrongInRegions(Damage, Saved),
    WrongInSystem(Damage),
}

/// Checks everything that redb relies on when it opens a file.
pub(crate) fn verify_for_redb(path: &Path, file: &Arc<fs::File>) -> Result<OpenAs> {
    let in_context = |error| Error::file(error, path, None);
    let file = &File::open(Arc::clone(file)).map_err(in_context)?;
    let header = file.header();
    let candidates = header.candidates().map_err(in_context)?;
    if let Some(damage) = wrong_header(file) {
        return Err(in_context(file::Error::Damaged(damage)));
    }
    if !header.length_is_sound(file.len()) {
        return Err(Error::WrongLength { path: path.to_owned(), len: file.len(), recorded: header.recorded_len });
    }
    let checked = if header.recovery_required { recovery(file, &candidates) } else { closed(file, &candidates[0]) };
    checked.map_err(in_context)
}

/// What is wrong with the header apart from the length of the file.
pub(crate) fn wrong_header(file: &File) -> Option<Damage> {
    let header = file.header();
    let wrong_size = usize::try_from(header.geometry.page_size) != Ok(PAGE_SIZE);
    file::misnamed_commit(file)
        .or_else(|| wrong_size.then(Damage::page_size))
        .or_else(|| (!header.ids_are_possible()).then(Damage::impossible_ids))
}

/// redb reads a file that was not closed completely, and falls back to the other commit if necessary.
fn recovery(file: &File, candidates: &[Slot]) -> file::Result<OpenAs> {
    let mut verified = candidates.iter().map(|slot| file::verify_commit(file, slot).map(|()| slot));
    let newest = verified.next().expect("there is a candidate");
    let slot = newest.or_else(|error| verified.next().unwrap_or(Err(error)))?;
    match record(file, slot)? {
        Record::WrongInSystem(damage) => Err(file::Error::Damaged(damage)),
        _ => Ok(OpenAs::Itself),
    }
}

fn closed(file: &File, slot: &Slot) -> file::Result<OpenAs> {
    file::verify_own(file, slot)?;
    file::TableTree::user(file, slot).all().try_for_each(|table| table.map(drop))?;
    // Told that the file was not closed, redb may start from the other commit if that is newer.
    let starts_from_slot = file.header().passed_over().is_none();
    match record(file, slot)? {
        Record::Sound => Ok(OpenAs::Itself),
        // redb finds out by itself.
        Record::Missing if starts_from_slot => file::verify_commit(file, slot).map(|()| OpenAs::Itself),
        Record::WrongInRegions(_, Saved::Sound) if starts_from_slot => Ok(OpenAs::NotClosed),
        Record::WrongInRegions(damage, Saved::Nothing) if starts_from_slot => {
            // The record says what is wrong with the file, even where a page is damaged as well.
            file::verify_commit(file, slot).map(|()| OpenAs::NotClosed).map_err(|_| file::Error::Damaged(damage))
        }
        Record::WrongInRegions(damage, _) | Record::WrongInSystem(damage) => Err(file::Error::Damaged(damage)),
        Record::Missing => Err(file::Error::Damaged(Damage::impossible_ids())),
    }
}

/// Compares the pages that a commit uses with the record of free pages that redb would use.
fn record(file: &File, slot: &Slot) -> file::Result<Record> {
    let allocation = Allocation::of(file, slot)?;
    allocation.check_layout().map_err(file::Error::Damaged)?;
    if slot.version == 2 && !file.header().recovery_required {
        let wrong = allocation.check_region_headers()?;
        return Ok(wrong.map_or(Record::Sound, |damage| Record::WrongInRegions(damage, allocation.check_saved())));
    }
    Ok(match allocation.check_saved() {
        Saved::Nothing => Record::Missing,
        Saved::Sound => Record::Sound,
        Saved::Unsound(damage) => Record::WrongInSystem(damage),
    })
}

/// What is wrong with redb's record of free pages, for a reader: an app that opens the file will rely on the record.
pub(crate) fn wrong_record(file: &File, slot: &Slot) -> file::Result<Option<Damage>> {
    let record = match record(file, slot) {
        Err(file::Error::Damaged(damage)) if damage.is_of_free_space() => return Ok(Some(damage)),
        record => record?,
    };
    Ok(match record {
        Record::Sound | Record::Missing => None,
        Record::WrongInRegions(damage, _) | Record::WrongInSystem(damage) => Some(damage),
    })
}
