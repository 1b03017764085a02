//! `--as`: the layout in which entries from files are written.

use clap::{Args, ValueEnum};
use vlive::snapshot::Layout;

#[derive(Debug, Args)]
pub struct LayoutArg {
    /// Write entries in this layout, and convert those of the other one; refused if more than fractions of a second
    /// would be lost [default: the layout that an entry names, or else that of the cache]
    #[arg(long = "as", value_name = "LAYOUT")]
    layout: Option<Named>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Named {
    /// Entries of vantage-live
    Live,
    /// Sets of vantage-diorama
    Diorama,
}

impl LayoutArg {
    pub fn layout(&self) -> Option<Layout> {
        self.layout.map(|named| match named {
            Named::Live => Layout::Live,
            Named::Diorama => Layout::Diorama,
        })
    }
}
