//! The column that tells the layouts apart in a list that has both.

use crate::output::listing::Column;
use vlive::snapshot::Layout;

/// The last column of such a list.
pub const LAYOUT: Column = ("layout", "LAYOUT", false);

/// The columns of a list whose last one is the layout: without that column unless some rows are sets and some are not.
pub fn if_mixed<C>(columns: &[C], mut are_sets: impl Iterator<Item = bool>) -> &[C] {
    let first = are_sets.next();
    let is_mixed = first.is_some_and(|first| are_sets.any(|is_set| is_set != first));
    if is_mixed { columns } else { &columns[..columns.len() - 1] }
}

/// The cell of the column, from the field.
pub fn cell(layout: Option<&'static str>) -> String {
    layout.unwrap_or("vantage-live").to_owned()
}

/// The layout as a field of JSON: omitted for vantage-live's.
pub fn field(layout: Layout) -> Option<&'static str> {
    (layout == Layout::Diorama).then_some("diorama")
}
