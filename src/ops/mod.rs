//! Operations on a whole cache: values in, values out.

use crate::{Entry, Error, Result};

pub(crate) mod ages;
pub(crate) mod check;
pub(crate) mod dump;
pub(crate) mod invalidate;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod salvage;

/// The entry, or `None` if it is damage, which is kept: the entries after it can still be read.
fn past_damage(entry: Result<Entry>, damage: &mut Vec<Error>) -> Result<Option<Entry>> {
    match entry {
        Ok(entry) => Ok(Some(entry)),
        Err(error @ Error::Damaged { .. }) => {
            damage.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
