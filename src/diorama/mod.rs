//! What vantage-diorama 1.5 makes of tables, rows and times: a table of rows per set, named by what
//! the set is, and a second table for when it was fetched.
//!
//! This wing alone knows the name of that second table, the status byte before a row, and how a
//! query is written into a name. It knows nothing of files, of JSON, or of vantage-live.

pub mod identity;
pub mod meta;
pub(crate) mod query;
mod readable;
pub mod row;
