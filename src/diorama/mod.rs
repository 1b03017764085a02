//! What vantage-diorama 1.5 makes of tables, rows and times: for each set a table of rows, whose name tells what the
//! set is, and a second table that tells when it was fetched.
//!
//! Only this wing knows the name of that second table, the status byte before a row, and how a query is written into a
//! name. It must not know files, JSON or vantage-live.

pub mod identity;
pub mod meta;
pub(crate) mod query;
mod readable;
pub mod row;
