//! Distinguishes damage from a race with the app: a commit writes its pages and its header in any order, and reuses the
//! pages of the commit before the last.

use crate::error::{Error, Result};
use crate::file::{Damage, File, Header};
use crate::snapshot::location;
use crate::system::holder;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A file that was not closed and that no process is seen to have open is reported as damaged only if its header has
/// not changed for this long: not every system or container shows who has a file open.
const STILL: Duration = Duration::from_millis(100);

/// Calls `look` until it succeeds, or until its error can no longer be a race with an app that is writing.
///
/// # Errors
/// [`Error::Unsteady`] if the app kept writing for as long as `wait`; else the last error of `look`.
pub(crate) fn retry<T>(path: &Path, wait: Duration, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    let mut last: Option<Sighting> = None;
    let mut has_moved = false;
    let mut suspect: Option<Suspect> = None;
    loop {
        let error = match look() {
            Err(error) if error.may_be_a_race() => error,
            other => return other,
        };
        let (header, user) = sight(path);
        match &last {
            Some(last) if last.header == header => {
                if last.since.elapsed() >= user.patience(wait) {
                    return Err(error);
                }
            }
            _ => {
                has_moved = last.is_some();
                last = Some(Sighting { header: header.clone(), since: Instant::now() });
            }
        }
        if let Error::Damaged { damage, .. } = &error {
            match &mut suspect {
                Some(suspect) if suspect.damage.is_of_the_same_page(damage) => {
                    if suspect.is_of_an_older_commit {
                        return Err(error);
                    }
                    suspect.is_of_an_older_commit = suspect.header != header;
                }
                _ => suspect = Some(Suspect { damage: *damage, header, is_of_an_older_commit: false }),
            }
        }
        if has_moved && begun.elapsed() > wait {
            return Err(Error::Unsteady { path: path.to_owned() });
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The header of the file, which has not changed since.
struct Sighting {
    /// `None` if the file has none that can be read.
    header: Option<Header>,
    since: Instant,
}

/// A page that was missing. Once there is a newer commit, every page of the one before it has been written: a page that
/// stays missing after a newer commit, which expects it with the same content, is damage and not a race.
struct Suspect {
    damage: Damage,
    /// The header, read after the page was found missing.
    header: Option<Header>,
    is_of_an_older_commit: bool,
}

/// Whether an app may be writing to a file.
enum User {
    /// It was closed, and no process has it locked.
    None,
    /// No process has it locked, but it was not closed; or it was closed, and the system does not report locks.
    Unseen,
    /// A process has it locked. While redb recovers the file, its header looks as if it had been closed.
    Perhaps,
}

impl User {
    /// How long the header must stay unchanged for an error to count as damage.
    fn patience(&self, wait: Duration) -> Duration {
        match self {
            User::None => Duration::ZERO,
            User::Unseen => STILL,
            User::Perhaps => wait.max(STILL),
        }
    }
}

/// What is known of a file that could not be read: its header, if it has one, and whether an app may be writing to it.
fn sight(path: &Path) -> (Option<Header>, User) {
    let Ok(file) = location::open(path, false) else { return (None, User::Unseen) };
    let in_use = file.metadata().ok().and_then(|metadata| holder::of(&metadata)).map(|holders| !holders.is_empty());
    let header = File::open(Arc::new(file)).ok().map(|file| file.header().clone());
    let closed = header.as_ref().is_some_and(|header| !header.recovery_required);
    let user = match in_use {
        Some(false) if closed => User::None,
        Some(false) => User::Unseen,
        None if closed => User::Unseen,
        _ => User::Perhaps,
    };
    (header, user)
}

/// The header that the file has now.
pub(crate) fn header(path: &Path) -> Option<Header> {
    sight(path).0
}
