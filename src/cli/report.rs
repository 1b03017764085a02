//! Errors in words: what went wrong, what to do about it, and the exit status.

use super::Status;
use super::edit::Kept;
use crate::output::Output;
use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;
use vlive::Error;
use vlive::ops::{RefusedRows, Unread, Unreadable};
use vlive::system::Panic;

/// An error of the program itself: what is wrong, and what to do.
#[derive(Debug)]
pub struct Refused {
    what: String,
    hint: Option<String>,
    status: u8,
}

impl Refused {
    pub fn error(what: impl Into<String>, hint: Option<&str>) -> anyhow::Error {
        Refused { what: what.into(), hint: hint.map(str::to_owned), status: 2 }.into()
    }

    /// The same with status 1: nothing is wrong, but the answer is no.
    pub fn no(what: impl Into<String>) -> anyhow::Error {
        Refused { what: what.into(), hint: None, status: Status::No as u8 }.into()
    }

    /// The same with status 3: the fault is not in the input.
    pub fn unwritable(what: impl Into<String>, hint: Option<&str>) -> anyhow::Error {
        Refused { what: what.into(), hint: hint.map(str::to_owned), status: Status::Unreadable as u8 }.into()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refused {}

/// Prints the error and returns its exit status.
pub fn report(error: &anyhow::Error, output: &Output) -> ExitCode {
    let status = tell(error, output);
    if let Some(kept) = error.downcast_ref::<Kept>() {
        output.hint(&kept.to_string());
    }
    status
}

/// The same in words alone, for whoever has no exit status to give.
pub fn words(error: &anyhow::Error) -> String {
    let (what, hint) = if let Some(error) = error.downcast_ref::<Error>() {
        (sentence(error), explain(error).1.map(str::to_owned))
    } else if let Some(refused) = error.downcast_ref::<Refused>() {
        (refused.what.clone(), refused.hint.clone())
    } else {
        (format!("{error:#}"), None)
    };
    let kept = error.downcast_ref::<Kept>().map(ToString::to_string);
    [Some(what), hint, kept].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn tell(error: &anyhow::Error, output: &Output) -> ExitCode {
    if let Some(error) = error.downcast_ref::<Error>() {
        let (status, hint) = explain(error);
        let below = caches_below(error);
        output.error(&sentence(error), below.as_deref().or(hint));
        return ExitCode::from(status);
    }
    if let Some(refused) = error.downcast_ref::<Refused>() {
        output.error(&refused.what, refused.hint.as_deref());
        return ExitCode::from(refused.status);
    }
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    output.error(&format!("cannot write the output: {error}"), None);
    ExitCode::from(Status::Unreadable as u8)
}

/// An error with its reasons.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let reasons = std::iter::successors(error.source(), |reason| reason.source());
    reasons.fold(error.to_string(), |sentence, reason| format!("{sentence}: {reason}"))
}

/// How many caches a hint names.
const NAMED: usize = 5;

/// For a missing cache: the caches in the folders just below.
fn caches_below(error: &Error) -> Option<String> {
    let Error::Missing { path } = error else { return None };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = vlive::ops::caches_just_below(folder);
    let named: Vec<String> = found.iter().take(NAMED).map(|path| format!("`-C {}`", place(path).display())).collect();
    let more = if found.len() > NAMED { ", ..." } else { "" };
    (!named.is_empty()).then(|| format!("there are caches below: {}{more}", named.join(", ")))
}

/// The path of a cache for a hint: its folder if that is enough, without a leading `./`.
fn place(path: &Path) -> &Path {
    let place = if path.file_name().is_some_and(|name| name == "vlive.redb") { path.parent() } else { None };
    let place = place.unwrap_or(path);
    place.strip_prefix(".").unwrap_or(place)
}

const DAMAGED_TABLE: &str =
    "everything else can still be read; `vlive salvage` writes all that verifies to a new cache";

/// The exit status of a library error, and what to do about it.
fn explain(error: &Error) -> (u8, Option<&'static str>) {
    const CANNOT: u8 = Status::Unreadable as u8;
    match error {
        Error::Missing { .. } => {
            (CANNOT, Some("name the folder that the app gives to `RedbCache::open` with -C, or set VLIVE_FOLDER"))
        }
        Error::DanglingLink { .. } => {
            (CANNOT, Some("remove the link, or bring back what it leads to: a disk may not be mounted"))
        }
        Error::Temporary { .. } => (CANNOT, Some("TMPDIR names the folder for temporary files; give it one with room")),
        Error::Refused { .. } => (2, None),
        Error::Filter { .. } => (2, Some("`?` passes over what a filter cannot do with a row, as in '.address.city?'")),
        Error::UnreadInput { .. } => (2, Some("name a file or a folder that can be read, or `-` for standard input")),
        Error::NotAFixture { .. } => (2, Some("`vlive dump --format jsonl --raw` makes a fixture of it")),
        Error::RowWithoutTime { .. } => (2, Some("touch the set")),
        Error::TimeOutOfRange { .. } => (2, Some("name an earlier time")),
        Error::IsASet { .. } => (2, Some("--as diorama writes it as a set, in place of that one")),
        Error::OtherLayout { is_set: true, .. } => {
            (2, Some("--as live writes an entry of vantage-live, --as diorama a set beside them"))
        }
        Error::OtherLayout { .. } => {
            (2, Some("--as diorama writes a set, --as live an entry of vantage-live beside them"))
        }
        Error::SetIsRepeated { .. } => (2, Some("leave one of them out")),
        Error::OtherRows { .. } => {
            (2, Some("give the row as `{\"ID\": {…}}`; the name of the set alone writes all its rows"))
        }
        Error::NotAlike { is_row: true, .. } => {
            (2, Some("the new key is that of a set that is there, a `/` and an id"))
        }
        Error::NotAlike { .. } | Error::NotASetTable { .. } | Error::NotASetName { .. } => {
            (2, Some("name another set"))
        }
        Error::OnlyARow { .. } => (2, Some("name the row: the set, a `/` and the id")),
        Error::SeveralCaches { .. } => (2, Some("name one of them with -C")),
        Error::Exists { .. } => (2, Some("name a folder that has none")),
        Error::NotAFile { .. } => (CANNOT, Some("a cache is a file `vlive.redb`; -C takes its folder")),
        Error::NotACache { .. } => {
            (CANNOT, Some("if it never was a cache, -C names the wrong place; else delete it, and the app begins anew"))
        }
        Error::UnknownFormat { .. } => (CANNOT, Some("caches of vantage-live 0.4 have version 2 or 3")),
        Error::Damaged { damage, .. } if damage.is_of_free_space() => (
            CANNOT,
            Some("nothing is lost yet, and a write would lose entries; `vlive salvage` writes all to a new cache"),
        ),
        Error::Damaged { table: Some(_), .. } => (CANNOT, Some(DAMAGED_TABLE)),
        Error::Damaged { table: None, .. } => (
            CANNOT,
            Some("`vlive salvage` may find the commit before; to begin anew, stop the app and delete the file"),
        ),
        Error::WrongLength { .. } => {
            (CANNOT, Some("the file was cut or extended, and redb would fail on it; it was left as it is"))
        }
        Error::Unsteady { .. } => (CANNOT, Some("try again with a longer --wait, or when the app is less busy")),
        Error::InUse { .. } => (4, Some("stop it first, or keep trying for a while with --wait 10s")),
        Error::NotACacheTable { .. } => {
            (CANNOT, Some("vantage-live fails on this table as well; it belongs to something else"))
        }
        Error::NoRoom { .. } => (CANNOT, Some("make room on the disk; the cache is as it was")),
        Error::HardLinked { .. } => {
            (2, Some("the other names would keep the old file; copy the file, and put the copy in its place"))
        }
        Error::UnknownType { .. } => {
            (CANNOT, Some("the cache is as it was; let the app that wrote the table drop it first"))
        }
        Error::RedbPanicked { .. } => {
            (CANNOT, Some("nothing was written by this command; the file is damaged, or a newer redb has changed it"))
        }
        Error::NotClosed { .. } => {
            (CANNOT, Some("make room on the disk if it is full; `vlive check` tells what is in the cache now"))
        }
        Error::Io { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => {
                (CANNOT, Some("looking takes permission to read, and changing permission to write"))
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (CANNOT, Some("make room on the disk; what was in the cache before is still there"))
            }
            _ => (CANNOT, None),
        },
        _ => (CANNOT, None),
    }
}

/// Makes a limit on the size of files fail the write, as a full disk does; the system would end the
/// process otherwise.
pub fn survive_file_size_limit() {
    #[cfg(unix)]
    {
        let taken = std::sync::Arc::default();
        // If the signal cannot be caught, the system's behaviour stays.
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, taken).ok();
    }
}

/// The library catches panics in redb; their messages would only confuse. `before_words` is called before the message
/// of a panic that ends the program.
pub fn silence_redb_panics(before_words: fn()) {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match vlive::system::panic_in_hook() {
        Panic::Caught => {}
        // The process is about to end: end it with a sentence and a status.
        #[expect(clippy::exit, reason = "there is no way back to `main`")]
        Panic::Fatal => {
            before_words();
            vlive::system::temporary::remove_all();
            writeln!(
                io::stderr(),
                "error: redb failed on what it found in the cache, and failed again while it gave up"
            )
            .ok();
            std::process::exit(Status::Unreadable as i32);
        }
        _ => {
            before_words();
            default(panic);
        }
    }));
}

/// Names what could not be read, and returns the status.
pub fn tell_unread(unread: &Unread, output: &Output) -> Status {
    tell_damage(&unread.damage, output)
        .max(tell_unreadable(&unread.unreadable, output))
        .max(tell_refused(&unread.refused, output))
}

/// The same of pages.
pub fn tell_damage(damage: &[Error], output: &Output) -> Status {
    for (n, error) in damage.iter().enumerate() {
        let is_last = n + 1 == damage.len();
        output.error(&sentence(error), explain(error).1.filter(|_| is_last));
    }
    if damage.is_empty() { Status::Done } else { Status::Unreadable }
}

/// The same of entries of vantage-live.
pub fn tell_unreadable(unreadable: &[Unreadable], output: &Output) -> Status {
    for Unreadable { key, error } in unreadable {
        output.error(&format!("entry `{key}` cannot be decoded: {error}"), None);
    }
    if unreadable.is_empty() { Status::Done } else { Status::Unreadable }
}

/// The same of rows that diorama refuses.
fn tell_refused(refused: &RefusedRows, output: &Output) -> Status {
    for row in &refused.first {
        output.error(&format!("row `{}` of `{}` cannot be read by diorama: {}", row.id, row.set, row.error), None);
    }
    let more = refused.count - refused.first.len() as u64;
    if more > 0 {
        output.error(&format!("{more} more rows cannot be read by diorama"), None);
    }
    if refused.count > 0 {
        output.advice(
            "one such row makes its set unlistable for the app; invalidate it, and the app fetches the set again",
        );
        return Status::Unreadable;
    }
    Status::Done
}
