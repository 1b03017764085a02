//! The file of a watched cache: whether it has changed, and whether it is still the same file.

use crate::error::{Action, Error, Result};
use crate::file::HEADER_LEN;
use crate::snapshot::location;
use crate::system::positioned::read_at;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: Arc<fs::File>,
    identity: Option<Identity>,
    /// The header at the last look that succeeded.
    seen: Option<[u8; HEADER_LEN]>,
}

/// A look at a file that has changed.
pub(super) struct WatchedLook {
    pub file: Arc<fs::File>,
    /// Whether no look at this file has succeeded.
    pub is_new: bool,
    header: Option<[u8; HEADER_LEN]>,
}

impl WatchedFile {
    pub fn new(path: PathBuf) -> WatchedFile {
        WatchedFile { path, open: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the file; `None` if it has not changed since the last look that succeeded.
    pub fn look(&mut self) -> Result<Option<WatchedLook>> {
        let there = fs::metadata(&self.path).ok().map(identity);
        self.open.take_if(|open| open.identity != there);
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let file = Arc::new(location::open(&self.path, false)?);
                let identity = file.metadata().ok().map(identity);
                none.insert(Open { file, identity, seen: None })
            }
        };
        let header = header(&open.file, &self.path)?;
        if open.seen.is_some() && open.seen == header {
            return Ok(None);
        }
        Ok(Some(WatchedLook { file: Arc::clone(&open.file), is_new: open.seen.is_none(), header }))
    }

    /// Notes that a look has succeeded: its header is no longer new.
    pub fn has_seen(&mut self, look: &WatchedLook) {
        if let Some(open) = &mut self.open {
            open.seen = look.header;
        }
    }
}

fn header(file: &fs::File, path: &Path) -> Result<Option<[u8; HEADER_LEN]>> {
    let mut bytes = [0; HEADER_LEN];
    match read_at(file, &mut bytes, 0) {
        Ok(()) => Ok(Some(bytes)),
        // An error is reported when the file is opened.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(Error::io(Action::Read, path, error)),
    }
}

/// What distinguishes a file from another one at the same path.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
#[expect(clippy::needless_pass_by_value, reason = "it is made for `map`")]
fn identity(metadata: fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// On this system an open file keeps its name.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(_: fs::Metadata) -> Identity {}
