//! Files below a folder, and those that processes have open.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How far to search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The depth of folders to search below the first.
    pub depth: usize,
    /// When to stop; `None` for a search that needs no end.
    pub until: Option<Instant>,
}

impl Limits {
    pub fn are_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// Calls `visit` with every file below a folder, those near to it first, or with the file that is in its place. Links
/// are not followed, and what cannot be read is passed over. Returns whether it got to the end in time.
pub(crate) fn below(root: &Path, limits: Limits, visit: &mut dyn FnMut(&Path, &fs::Metadata)) -> bool {
    if let Some(metadata) = fs::metadata(root).ok().filter(fs::Metadata::is_file) {
        visit(root, &metadata);
        return true;
    }
    let mut folders: VecDeque<(PathBuf, usize)> = VecDeque::from([(root.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop_front() {
        let Ok(names) = fs::read_dir(&folder) else { continue };
        for entry in names.filter_map(Result::ok) {
            if limits.are_over() {
                return false;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < limits.depth {
                folders.push_back((entry.path(), depth + 1));
            } else if kind.is_file()
                && let Ok(metadata) = entry.metadata()
            {
                visit(&entry.path(), &metadata);
            }
        }
    }
    true
}

/// Calls `visit` with every file that another process is seen to have open.
#[cfg(target_os = "linux")]
pub(crate) fn open_files(limits: Limits, visit: &mut dyn FnMut(&Path, &fs::Metadata)) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    let own = std::process::id().to_string();
    for process in processes.filter_map(Result::ok) {
        let is_another = process.file_name().to_str().is_some_and(|name| name != own && name.parse::<u32>().is_ok());
        let Some(descriptors) = is_another.then(|| fs::read_dir(process.path().join("fd")).ok()).flatten() else {
            continue;
        };
        for descriptor in descriptors.filter_map(Result::ok) {
            if limits.are_over() {
                return false;
            }
            // A deleted file is found under another name, or not at all.
            if let Ok(path) = fs::read_link(descriptor.path())
                && path.is_absolute()
                && let Ok(metadata) = fs::symlink_metadata(&path)
                && metadata.is_file()
            {
                visit(&path, &metadata);
            }
        }
    }
    true
}

/// Other systems do not say.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_files(_: Limits, _: &mut dyn FnMut(&Path, &fs::Metadata)) -> bool {
    true
}

/// Identifies a file, whatever name it is found by.
#[cfg(unix)]
pub(crate) fn identity(_: &Path, file: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// What identifies a file where the system has no such numbers: its full path.
#[cfg(not(unix))]
pub(crate) fn identity(path: &Path, _: &fs::Metadata) -> Option<std::path::PathBuf> {
    fs::canonicalize(path).ok()
}
