//! What was being done when an error came.

use std::fmt;

/// What was being done with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Opening it.
    Open,
    /// Locking it.
    Lock,
    /// Reading it.
    Read,
    /// Creating it.
    Create,
    /// Changing what is in it.
    Write,
    /// Closing it after a change.
    Close,
    /// Writing a new file beside it.
    WriteBeside,
    /// Putting a new file in its place.
    Replace,
    /// Giving a new file its owner and mode.
    KeepOwner,
}

/// Completes "cannot … `vlive.redb`".
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Open => "open",
            Action::Lock => "lock",
            Action::Read => "read",
            Action::Create => "create",
            Action::Write => "write to",
            Action::Close => "close",
            Action::WriteBeside => "write a new file beside",
            Action::Replace => "put the new file in place of",
            Action::KeepOwner => "keep owner and mode of",
        })
    }
}
