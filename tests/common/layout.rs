//! The two layouts of caches, and tests that are run for both.
#![allow(unused_imports, unused_macros, reason = "not every binary has such tests")]

/// Whose caches a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Live,
    Diorama,
}

impl Layout {
    pub const ALL: [Layout; 2] = [Layout::Live, Layout::Diorama];

    /// The layout whose turn it is.
    pub fn of_turn(turn: u64) -> Layout {
        if turn.is_multiple_of(2) { Layout::Live } else { Layout::Diorama }
    }
}

/// A test for each layout, which is handed to a function.
macro_rules! of_each_layout {
    ($(#[$attribute:meta])* $name:ident, $test:ident) => {
        $(#[$attribute])*
        mod $name {
            use crate::common::layout::Layout;

            #[test]
            fn of_vantage_live() {
                super::$test(Layout::Live);
            }

            #[test]
            fn of_diorama() {
                super::$test(Layout::Diorama);
            }
        }
    };
}
pub(crate) use of_each_layout;
