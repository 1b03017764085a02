//! Reports errors: what went wrong, and what to do about it.

use super::edit::Kept;
use super::{Status, advice, shell};
use crate::output::{Output, human};
use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;
use vlive::Error;
use vlive::ops::{MalformedNumber, RefusedRows, Unread, Unreadable};
use vlive::system::Panic;

/// An error that the program itself has found, with the exit status.
#[derive(Debug)]
pub struct Refused {
    what: String,
    /// Lines of the input, with a mark at the place.
    excerpt: Vec<String>,
    hint: Option<String>,
    status: u8,
}

impl Refused {
    /// An error with status 2: the input is refused.
    pub fn error(what: impl Into<String>, hint: Option<&str>) -> anyhow::Error {
        Refused::with_status(what, Vec::new(), hint, 2)
    }

    /// An error with status 2 and its place in the input.
    pub fn at(what: impl Into<String>, excerpt: Vec<String>, hint: &str) -> anyhow::Error {
        Refused::with_status(what, excerpt, Some(hint), 2)
    }

    /// An error with status 1: nothing is wrong, but the answer is no.
    pub fn no(what: impl Into<String>) -> anyhow::Error {
        Refused::with_status(what, Vec::new(), None, Status::No as u8)
    }

    /// An error with status 3: the input is not at fault.
    pub fn unwritable(what: impl Into<String>, hint: Option<&str>) -> anyhow::Error {
        Refused::with_status(what, Vec::new(), hint, Status::Unreadable as u8)
    }

    fn with_status(what: impl Into<String>, excerpt: Vec<String>, hint: Option<&str>, status: u8) -> anyhow::Error {
        Refused { what: what.into(), excerpt, hint: hint.map(str::to_owned), status }.into()
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
    let status = print_error(error, output);
    if let Some(kept) = error.downcast_ref::<Kept>() {
        output.hint(&kept.to_string());
    }
    status
}

/// The error with its hint in one line, for the full screen.
pub fn words(error: &anyhow::Error) -> String {
    let (what, hint) = if let Some(error) = error.downcast_ref::<Error>() {
        (sentence(error), advice::hint(error).map(str::to_owned))
    } else if let Some(refused) = error.downcast_ref::<Refused>() {
        (refused.what.clone(), refused.hint.clone())
    } else {
        (format!("{error:#}"), None)
    };
    let kept = error.downcast_ref::<Kept>().map(ToString::to_string);
    [Some(what), hint, kept].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn print_error(error: &anyhow::Error, output: &Output) -> ExitCode {
    if let Some(error) = error.downcast_ref::<Error>() {
        let below = caches_below(error);
        output.error(&sentence(error), below.as_deref().or(advice::hint(error)));
        return ExitCode::from(advice::status(error));
    }
    if let Some(refused) = error.downcast_ref::<Refused>() {
        output.error_at(&refused.what, &refused.excerpt, refused.hint.as_deref());
        return ExitCode::from(refused.status);
    }
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    output.error(&format!("cannot write the output: {error}"), None);
    ExitCode::from(Status::Unreadable as u8)
}

/// An error with its causes.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let reasons = std::iter::successors(error.source(), |reason| reason.source());
    reasons.fold(error.to_string(), |sentence, reason| format!("{sentence}: {reason}"))
}

/// How many caches to name in a hint.
const NAMED: usize = 5;

/// A hint for a missing cache: the caches in the folders just below.
fn caches_below(error: &Error) -> Option<String> {
    let Error::Missing { path } = error else { return None };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = vlive::ops::caches_just_below(folder);
    let named: Vec<String> =
        found.iter().take(NAMED).map(|path| format!("`-C {}`", shell::path(place(path)))).collect();
    let more = if found.len() > NAMED { ", ..." } else { "" };
    (!named.is_empty()).then(|| format!("there are caches below: {}{more}", named.join(", ")))
}

/// The path of a cache for a hint: its folder if that is enough, without a leading `./`.
fn place(path: &Path) -> &Path {
    let place = if path.file_name().is_some_and(|name| name == "vlive.redb") { path.parent() } else { None };
    let place = place.unwrap_or(path);
    place.strip_prefix(".").unwrap_or(place)
}

/// Makes a write beyond the limit on the size of files fail, as on a full disk. Otherwise the system would end the
/// process.
pub fn survive_file_size_limit() {
    #[cfg(unix)]
    {
        let taken = std::sync::Arc::default();
        // If the signal cannot be caught, it ends the process.
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, taken).ok();
    }
}

/// Silences the messages of panics in redb, which the library catches. `before_message` is called before the message of
/// a panic that ends the program.
pub fn silence_redb_panics(before_message: fn()) {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match vlive::system::panic_in_hook() {
        Panic::Caught => {}
        // The process is about to abort: end it with a message and a status.
        #[expect(clippy::exit, reason = "there is no way back to `main`")]
        Panic::Fatal => {
            before_message();
            vlive::system::temporary::remove_all();
            writeln!(io::stderr(), "error: redb panicked on the contents of the cache, and again while it cleaned up")
                .ok();
            std::process::exit(Status::Unreadable as i32);
        }
        _ => {
            before_message();
            default(panic);
        }
    }));
}

/// Warns that a set loses its times, by a change or by one that would be made.
pub fn report_undated(set: &str, output: &Output) {
    output.warning(&format!("`{set}` loses its times, so that the app fetches it again"));
}

/// Reports everything that could not be read, and returns the status.
pub fn report_unread(unread: &Unread, output: &Output) -> Status {
    report_damage(&unread.damage, output)
        .max(report_unreadable(&unread.unreadable, output))
        .max(report_refused(&unread.refused, output))
        .max(report_malformed(&unread.malformed, output))
}

/// Reports damaged pages, and returns the status.
fn report_damage(damage: &[Error], output: &Output) -> Status {
    for (n, error) in damage.iter().enumerate() {
        let is_last = n + 1 == damage.len();
        output.error(&sentence(error), advice::hint(error).filter(|_| is_last));
    }
    if damage.is_empty() { Status::Done } else { Status::Unreadable }
}

/// Reports entries of vantage-live that cannot be decoded, and returns the status.
pub fn report_unreadable(unreadable: &[Unreadable], output: &Output) -> Status {
    for Unreadable { key, error } in unreadable {
        output.error(&format!("entry `{key}` cannot be decoded: {error}"), None);
    }
    if unreadable.is_empty() { Status::Done } else { Status::Unreadable }
}

/// Reports times and totals of sets that cannot be read, and returns the status.
fn report_malformed(malformed: &[MalformedNumber], output: &Output) -> Status {
    for MalformedNumber { set, error, .. } in malformed {
        output.error(&format!("the metadata of `{set}` cannot be read: {error}"), None);
    }
    if malformed.is_empty() { Status::Done } else { Status::Unreadable }
}

/// Reports rows that diorama refuses, and returns the status.
fn report_refused(refused: &RefusedRows, output: &Output) -> Status {
    for row in &refused.first {
        output.error(&format!("row `{}` of `{}` cannot be read by diorama: {}", row.id, row.set, row.error), None);
    }
    let more = refused.count - refused.first.len() as u64;
    if more > 0 {
        output.error(&format!("{} cannot be read by diorama", human::count(more, "more row", "more rows")), None);
    }
    if refused.count > 0 {
        output.advice(
            "one such row makes its set unlistable for the app; invalidate it, and the app fetches the set again",
        );
        return Status::Unreadable;
    }
    Status::Done
}
