//! The order and number of rows in a table: the arguments that ls and ages share.

use crate::output::{Output, human};
use clap::{Args, ValueEnum};
use std::cmp::Reverse;

#[derive(Debug, Args)]
pub struct Order {
    /// Sort by key (the default), by age (oldest first), or by size or rows (largest first)
    #[arg(long, value_enum, value_name = "FIELD", default_value_t = By::Key, hide_default_value = true)]
    sort: By,

    /// Reverse the order
    #[arg(long)]
    reverse: bool,

    /// Show at most N rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    Key,
    Age,
    Size,
    Rows,
}

/// The values by which rows are sorted. The time is of the oldest entry; `None` if it cannot be read.
pub struct SortKey {
    pub fetched_at: Option<u64>,
    pub bytes: u64,
    pub rows: u64,
}

impl Order {
    /// The indices of the rows to show, in the order to show them. The rows are indexed in the order of their keys.
    pub fn of(&self, rows: usize, key: impl Fn(usize) -> SortKey) -> Vec<usize> {
        let mut places: Vec<usize> = (0..rows).collect();
        match self.sort {
            By::Key => {}
            By::Age => places.sort_by_key(|row| key(*row).fetched_at.map_or((true, 0), |at| (false, at))),
            By::Size => places.sort_by_key(|row| Reverse(key(*row).bytes)),
            By::Rows => places.sort_by_key(|row| Reverse(key(*row).rows)),
        }
        if self.reverse {
            places.reverse();
        }
        places.truncate(self.limit.unwrap_or(usize::MAX));
        places
    }

    /// Reports how many rows the limit hides.
    pub fn report(shown: usize, all: usize, one: &str, many: &str, output: &Output) {
        if shown < all {
            output.summary(&format!("{shown} of {}: --limit hides the others", human::count(all as u64, one, many)));
        }
    }
}
