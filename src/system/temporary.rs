//! Files and folders that have a temporary name, `.vlive-XXXXXX.tmp`, until they are complete and get their final name.
//!
//! Each is locked as long as its process lives. One that a killed process has left behind can therefore be told from
//! one that is still being written; it is removed when the next temporary is created in the same folder.

use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::{Builder, NamedTempFile, TempDir};

const PREFIX: &str = ".vlive-";
const SUFFIX: &str = ".tmp";

/// Random characters between prefix and suffix.
const RANDOM: usize = 6;

/// Attempts to find a name: another one is needed only if another process removes the file between its creation and its
/// lock.
const TRIES: usize = 16;

/// The temporaries of this process, in the order in which they were created.
static ALIVE: Mutex<Vec<Temporary>> = Mutex::new(Vec::new());

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Temporary {
    /// A file, or a folder with its contents.
    Any(PathBuf),
    /// A folder that may get other contents, and is removed only if it is empty.
    EmptyFolder(PathBuf),
}

/// A file that is removed unless it gets its final name.
#[derive(Debug)]
pub struct TemporaryFile {
    named: NamedTempFile,
    file: Arc<fs::File>,
    _alive: Alive,
}

/// A folder that is removed with its contents unless it gets its final name.
#[derive(Debug)]
pub struct TemporaryFolder {
    folder: TempDir,
    /// Holds the lock.
    _lock: Option<fs::File>,
    _alive: Alive,
}

impl TemporaryFile {
    /// An empty file in `folder`, with the permissions that the process gives to new files.
    ///
    /// # Errors
    /// The system cannot create it. No error names the file, since its name means nothing to a user.
    pub fn new(folder: &Path) -> io::Result<TemporaryFile> {
        TemporaryFile::with_mode(folder, 0o666)
    }

    /// An empty file in the system's folder for temporary files, which nobody else may read.
    ///
    /// # Errors
    /// Those of [`TemporaryFile::new`].
    pub fn private() -> io::Result<TemporaryFile> {
        TemporaryFile::with_mode(&std::env::temp_dir(), 0o600)
    }

    fn with_mode(folder: &Path, mode: u32) -> io::Result<TemporaryFile> {
        create(folder, |alive| {
            let named = builder().make_in(folder, |path| options(mode).open(path))?;
            if !is_ours(named.as_file(), named.path()) {
                return Ok(None);
            }
            let file = Arc::new(named.as_file().try_clone()?);
            let alive = Alive::new(alive, Temporary::Any(named.path().to_owned()));
            Ok(Some(TemporaryFile { named, file, _alive: alive }))
        })
    }

    /// The file, open for reading and writing. Its lock is shared by all clones.
    #[must_use]
    pub fn file(&self) -> &Arc<fs::File> {
        &self.file
    }

    /// Its temporary name.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.named.path()
    }

    /// Gives it its final name, and replaces a file that has this name already. The file stays locked until it is
    /// closed.
    ///
    /// # Errors
    /// The system cannot rename it.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        let _alive = alive();
        self.named.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Gives it its final name if nothing has this name yet.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if something has the name, and others if the system cannot
    /// rename it.
    pub fn persist_new(self, path: &Path) -> io::Result<()> {
        let _alive = alive();
        self.named.persist_noclobber(path).map(drop).map_err(|error| error.error)
    }
}

impl TemporaryFolder {
    /// An empty folder in `folder`.
    ///
    /// # Errors
    /// Those of [`TemporaryFile::new`].
    pub fn new(folder: &Path) -> io::Result<TemporaryFolder> {
        TemporaryFolder::with_mode(folder, 0o777)
    }

    /// An empty folder in the system's folder for temporary files, which nobody else may enter.
    ///
    /// # Errors
    /// Those of [`TemporaryFile::new`].
    pub fn private() -> io::Result<TemporaryFolder> {
        TemporaryFolder::with_mode(&std::env::temp_dir(), 0o700)
    }

    fn with_mode(folder: &Path, mode: u32) -> io::Result<TemporaryFolder> {
        create(folder, |alive| {
            let mut builder = builder();
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
            #[cfg(not(unix))]
            let _ = mode;
            // The error would name the temporary file.
            let new = builder.tempdir_in(folder).map_err(|error| error.kind())?;
            // Not every system can open a folder; without a lock it is never considered abandoned.
            let lock = fs::File::open(new.path()).ok();
            if lock.as_ref().is_some_and(|lock| !is_ours(lock, new.path())) {
                return Ok(None);
            }
            let alive = Alive::new(alive, Temporary::Any(new.path().to_owned()));
            Ok(Some(TemporaryFolder { folder: new, _lock: lock, _alive: alive }))
        })
    }

    /// Its temporary name.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it its final name, which only an empty folder may have already.
    ///
    /// # Errors
    /// The system cannot rename it.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        let _alive = alive();
        #[cfg(windows)]
        fs::remove_dir(path).ok();
        fs::rename(self.folder.path(), path)?;
        // It no longer has the name under which it would be removed.
        let _ = self.folder.keep();
        Ok(())
    }
}

/// Removes every temporary of this process, for a program that is about to be ended by a signal. Later calls that
/// create or rename one wait forever.
pub fn remove_all() {
    let alive = alive();
    alive.iter().rev().for_each(Temporary::remove);
    mem::forget(alive);
}

/// An entry in the list of temporaries.
#[derive(Debug)]
pub(super) struct Alive(Temporary);

impl Alive {
    pub(super) fn new(alive: &mut Vec<Temporary>, temporary: Temporary) -> Alive {
        alive.push(temporary.clone());
        Alive(temporary)
    }

    /// Removes it from the disk.
    pub(super) fn remove(&self) {
        self.0.remove();
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        alive().retain(|temporary| *temporary != self.0);
    }
}

impl Temporary {
    fn remove(&self) {
        match self {
            Temporary::Any(path) => remove(path),
            Temporary::EmptyFolder(folder) => drop(fs::remove_dir(folder)),
        }
    }
}

/// The list of temporaries. Nothing is removed while it is locked.
pub(super) fn alive() -> MutexGuard<'static, Vec<Temporary>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates a temporary after removing abandoned ones. `make` returns `None` if another process has just removed the new
/// one as abandoned.
fn create<T>(folder: &Path, mut make: impl FnMut(&mut Vec<Temporary>) -> io::Result<Option<T>>) -> io::Result<T> {
    remove_abandoned(folder);
    for _ in 0..TRIES {
        // From its creation to its entry in the list nothing may be removed.
        if let Some(new) = make(&mut alive())? {
            return Ok(new);
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Locks a new temporary; `false` if it was removed as abandoned before that. Where the system has no locks, none is
/// considered abandoned.
fn is_ours(file: &fs::File, path: &Path) -> bool {
    !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) && fs::symlink_metadata(path).is_ok()
}

/// Removes the temporaries of processes that have ended. One that cannot be removed does no harm.
pub(crate) fn remove_abandoned(folder: &Path) {
    let Ok(names) = fs::read_dir(folder) else { return };
    for entry in names.filter_map(Result::ok) {
        let is_temporary = entry.file_name().to_str().is_some_and(is_temporary_name);
        // Neither a link nor a file that blocks when it is opened.
        let is_plain = || entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir());
        if is_temporary && is_plain() {
            let Ok(file) = fs::File::open(entry.path()) else { continue };
            // The lock is kept until the name is gone, so that no other process starts using it meanwhile.
            if file.try_lock().is_ok() {
                remove(&entry.path());
            }
        }
    }
}

/// Whether a file or folder has such a name.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn remove(path: &Path) {
    if fs::remove_file(path).is_ok() {
        return;
    }
    // Another thread may still fill a folder, until the folder loses the name by which that thread knows it.
    let renamed = path.parent().and_then(|parent| builder().make_in(parent, |new| fs::rename(path, new)).ok());
    let path = renamed.as_ref().map_or(path, NamedTempFile::path);
    for _ in 0..100 {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {}
            _ => return,
        }
    }
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
    builder
}

fn options(mode: u32) -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_temporary_is_removed_unless_it_gets_its_final_name() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(TemporaryFile::new(folder.path()).expect("a file"));
        drop(TemporaryFolder::new(folder.path()).expect("a folder"));
        assert!(names(folder.path()).is_empty());
        TemporaryFile::new(folder.path()).expect("a file").persist(&folder.path().join("a")).expect("a name");
        TemporaryFolder::new(folder.path()).expect("a folder").persist(&folder.path().join("b")).expect("a name");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn a_name_that_is_taken_stays_with_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let taken = folder.path().join("a");
        fs::write(&taken, "before").expect("a file");
        let refused = TemporaryFile::new(folder.path()).expect("a file").persist_new(&taken);
        assert_eq!(refused.expect_err("it is taken").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::read(&taken).expect("the file"), b"before");
    }

    #[test]
    fn the_next_temporary_clears_what_a_killed_process_left_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path(".vlive-abcdef.tmp"), "left").expect("a file");
        fs::create_dir_all(path(".vlive-012345.tmp/sub")).expect("a folder");
        fs::write(path(".vlive-012345.tmp/sub/x"), "left").expect("a file");
        let others = [".vlive-abcde.tmp", ".vlive-notes_.tmp", "vlive-abcdef.tmp", ".vlive-abcdef.tmp~"];
        for other in others {
            fs::write(path(other), "somebody's").expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(path("vlive-abcdef.tmp"), path(".vlive-linked.tmp")).expect("a link");
        let in_use = (TemporaryFile::new(folder.path()).expect("a file"), TemporaryFolder::new(folder.path()));
        let in_use = (in_use.0, in_use.1.expect("a folder"));
        let new = TemporaryFile::new(folder.path()).expect("a file");
        assert!(in_use.0.path().exists() && in_use.1.path().exists(), "those that are in use stay");
        drop((new, in_use));
        let mut left: Vec<String> = others.map(str::to_owned).to_vec();
        if cfg!(unix) {
            left.push(".vlive-linked.tmp".to_owned());
        }
        left.sort();
        assert_eq!(names(folder.path()), left);
    }

    #[test]
    fn a_folder_goes_while_it_is_being_filled() {
        let folder = tempfile::tempdir().expect("a folder");
        let filled = folder.path().join(".vlive-abcdef.tmp");
        fs::create_dir(&filled).expect("a folder");
        std::thread::scope(|scope| {
            let fill = || (0_u32..).find_map(|n| fs::write(filled.join(n.to_string()), "a file").err());
            let filling = [scope.spawn(fill), scope.spawn(fill)];
            while fs::read_dir(&filled).expect("the folder").next().is_none() {}
            remove(&filled);
            assert!(names(folder.path()).is_empty());
            for thread in filling {
                let refused = thread.join().expect("no panic").expect("an error");
                assert_eq!(refused.kind(), io::ErrorKind::NotFound);
            }
        });
    }

    #[test]
    fn temporaries_of_several_threads_do_not_clear_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let folder = folder.path();
                scope.spawn(move || {
                    for n in 0..50 {
                        let new = TemporaryFile::new(folder).expect("a file");
                        new.persist(&folder.join(format!("{thread}-{n}"))).expect("it is still there");
                    }
                });
            }
        });
        assert_eq!(names(folder.path()).len(), 8 * 50);
    }
}
