//! The conventions of vantage-diorama 1.5: for each set a table of rows, whose name has the query in it, and a second
//! table with the times of the set and its total.
//!
//! Only this wing knows the name of that second table, the status byte before a row, and how a query is written into a
//! name. It must not know files, JSON or vantage-live.

pub mod identity;
pub mod meta;
pub(crate) mod query;
mod readable;
pub mod row;
