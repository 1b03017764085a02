//! The text being edited: a file in a private folder, which is removed in the end, or kept under a name that the user
//! is told.

use super::Refused;
use crate::cli::advice;
use anyhow::Result;
use std::env;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vlive::system::temporary::TemporaryFolder;

/// Whether an editor has the terminal, and with it Ctrl-C.
static IS_EDITOR_RUNNING: AtomicBool = AtomicBool::new(false);

/// The file that is being edited, for the handler of signals.
static EDITED: Mutex<Option<Edited>> = Mutex::new(None);

/// The most characters of a key in the name of its file.
const NAME: usize = 60;

pub struct Draft {
    file: PathBuf,
    /// Removed with the draft, unless it is kept.
    _folder: TemporaryFolder,
}

struct Edited {
    folder: PathBuf,
    file: PathBuf,
    original: String,
}

/// Where a text that was not written to the cache is kept.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "your text is kept in `{}`; `vlive put` can write it", self.path.display())
    }
}

impl Draft {
    pub fn new(key: &str, text: &str) -> Result<Draft> {
        let cannot = |error: &io::Error| {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "the folder does not exist".to_owned(),
                _ => error.to_string(),
            };
            Refused::unwritable(
                format!("cannot make a file to edit in `{}`: {reason}", env::temp_dir().display()),
                Some(advice::TEMPORARY),
            )
        };
        let folder = TemporaryFolder::private().map_err(|error| cannot(&error))?;
        let file = folder.path().join(file_name(key));
        fs::write(&file, text).map_err(|error| cannot(&error))?;
        let edited = Edited { folder: folder.path().to_owned(), file: file.clone(), original: text.to_owned() };
        *lock() = Some(edited);
        Ok(Draft { file, _folder: folder })
    }

    /// Opens the file in an editor and waits until the editor ends.
    pub fn open_in(&self, editor: &str) -> Result<()> {
        IS_EDITOR_RUNNING.store(true, Ordering::Relaxed);
        let ended = command(editor, &self.file).status();
        IS_EDITOR_RUNNING.store(false, Ordering::Relaxed);
        let what = match ended.map(|status| (status, status.code())) {
            Ok((_, Some(0))) => return Ok(()),
            // The statuses of a shell for a program that is missing or not executable.
            Err(_) | Ok((_, Some(126 | 127))) => {
                let hint = Some("VISUAL or EDITOR names the editor");
                return Err(Refused::error(format!("the editor `{editor}` cannot be run"), hint));
            }
            Ok((status, _)) => ending(editor, status),
        };
        Err(Refused::error(what, Some("nothing was written")))
    }

    /// The contents of the file now; empty if the file is gone.
    pub fn read(&self) -> Result<Vec<u8>> {
        match fs::read(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read
                .map_err(|error| Refused::unwritable(format!("cannot read `{}`: {error}", self.file.display()), None)),
        }
    }

    /// Keeps the text, and adds its place to an error.
    pub fn keep_for(self, error: anyhow::Error) -> anyhow::Error {
        let mut edited = lock();
        match edited.take_if(|edited| edited.file == self.file).and_then(|edited| edited.keep()) {
            Some(kept) => error.context(kept),
            None => error,
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        *lock() = None;
    }
}

impl Edited {
    /// Makes the folder permanent and returns the file in it; `None` if the user has written nothing.
    fn keep(&self) -> Option<Kept> {
        let text = fs::read(&self.file).ok()?;
        if text.trim_ascii().is_empty() || text == self.original.as_bytes() {
            return None;
        }
        let name = self.folder.file_name()?.to_str()?;
        let random = name.trim_start_matches(".vlive-").trim_end_matches(".tmp");
        let folder = self.folder.with_file_name(format!("vlive-edit-{random}"));
        fs::rename(&self.folder, &folder).ok()?;
        Some(Kept { path: folder.join(self.file.file_name()?) })
    }
}

fn lock() -> MutexGuard<'static, Option<Edited>> {
    EDITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether Ctrl-C belongs to an editor.
pub fn is_editor_running() -> bool {
    IS_EDITOR_RUNNING.load(Ordering::Relaxed)
}

/// Keeps the edited text and says where, when a signal ends the program.
pub fn keep_edited_text() {
    if let Some(kept) = lock().take().and_then(|edited| edited.keep()) {
        // If this fails, there is nowhere left to report it.
        let _ = writeln!(io::stderr(), "{kept}");
    }
}

fn ending(editor: &str, status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("the editor `{editor}` ended with status {code}"),
        None => format!("the editor `{editor}` was ended by a signal"),
    }
}

/// The editor may be a line for the shell, with options.
fn command(editor: &str, file: &Path) -> Command {
    if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.arg("/C").arg(editor).arg(file);
        return command;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(file);
    command
}

/// A file name that shows the key to the user, and the kind of file to the editor.
fn file_name(key: &str) -> String {
    let plain = key.chars().take(NAME).map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' });
    format!("{}.json", plain.collect::<String>().trim_start_matches('.'))
}
