//! Why a dump stops: either the cache or the output fails.

use crate::error::Error;
use std::fmt;
use std::io;

/// Why a dump stopped early. Damage does not stop it: damaged entries are skipped and reported in the result.
///
/// `Display` and [`source`](std::error::Error::source) are those of the reason.
#[derive(Debug)]
pub enum DumpError {
    /// The output failed.
    Output(io::Error),
    /// The cache failed. All entries before that have been written.
    Cache(Error),
}

impl From<io::Error> for DumpError {
    fn from(error: io::Error) -> DumpError {
        DumpError::Output(error)
    }
}

impl From<Error> for DumpError {
    fn from(error: Error) -> DumpError {
        DumpError::Cache(error)
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DumpError::Output(error) => error.fmt(f),
            DumpError::Cache(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DumpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DumpError::Output(error) => error.source(),
            DumpError::Cache(error) => error.source(),
        }
    }
}
