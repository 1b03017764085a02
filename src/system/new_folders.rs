//! Folders that stay only if something is put into them.

use crate::system::temporary::{Alive, Temporary, alive};
use std::fs;
use std::io;
use std::path::Path;

/// Folders on the way to a new file. Those that were missing are removed again unless something is in them.
#[derive(Debug)]
pub struct NewFolders(Vec<Alive>);

impl NewFolders {
    /// Creates `folder` and the folders above it that are missing.
    ///
    /// # Errors
    /// The system cannot create one of them.
    pub fn create(folder: &Path) -> io::Result<NewFolders> {
        let mut alive = alive();
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(missing).collect();
        let created = fs::create_dir_all(folder);
        let folders = missing.into_iter().rev().map(|folder| Temporary::EmptyFolder(folder.to_owned()));
        let new = NewFolders(folders.map(|folder| Alive::new(&mut alive, folder)).collect());
        // Dropping the new folders takes the lock again.
        drop(alive);
        created?;
        Ok(new)
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        self.0.iter().rev().for_each(Alive::remove);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_folders_stay_only_if_something_is_in_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/c");
        drop(NewFolders::create(&path).expect("folders"));
        assert!(!folder.path().join("a").exists());
        let new = NewFolders::create(&path).expect("folders");
        fs::write(folder.path().join("a/kept"), "").expect("a file");
        drop(new);
        assert!(folder.path().join("a/kept").exists() && !folder.path().join("a/b").exists());
        drop(NewFolders::create(&folder.path().join("a")).expect("it exists"));
        fs::remove_file(folder.path().join("a/kept")).expect("the file");
        drop(NewFolders::create(&folder.path().join("a")).expect("it exists"));
        assert!(folder.path().join("a").exists(), "it was not created here");
    }

    #[test]
    fn folders_that_cannot_be_created_are_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("a file");
        assert!(NewFolders::create(&folder.path().join("file/a/b")).is_err());
        assert!(fs::read(folder.path().join("file")).is_ok_and(|bytes| bytes.is_empty()));
    }
}
