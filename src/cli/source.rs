//! The sources of fixtures, as named on the command line.

use super::dating::Dating;
use super::layout::LayoutArg;
use super::{Global, Refused, interrupted, time};
use crate::output::Output;
use anyhow::Result;
use clap::Args;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use vlive::fixture::{FixtureOptions, Source};

/// Which field identifies the rows of an array: the argument that all commands that read rows share.
#[derive(Debug, Args)]
pub struct RowIds {
    /// For rows in an array: the field that holds the row id, which is text or a whole number
    #[arg(long, value_name = "NAME", default_value = "id")]
    pub id_field: String,
}

/// How input is read: the arguments that put and load share.
#[derive(Debug, Args)]
pub struct Reading {
    #[command(flatten)]
    row_ids: RowIds,

    #[command(flatten)]
    layout: LayoutArg,

    #[command(flatten)]
    dating: Dating,
}

impl Reading {
    pub fn options(&self, global: &Global) -> FixtureOptions {
        FixtureOptions {
            id_field: self.row_ids.id_field.clone(),
            fetched_at: self.dating.given(global.now()),
            undated: time::checked(global.undated()),
            layout: self.layout.layout(),
        }
    }
}

/// The sources of a fixture: paths, and `-` for standard input, which is also the default.
pub fn sources<'s>(paths: &[PathBuf], output: &Output) -> Result<Vec<Source<'s>>> {
    if paths.is_empty() {
        return Ok(vec![standard_input(output)]);
    }
    refuse_twice(paths)?;
    Ok(paths.iter().map(|path| source(path, output)).collect())
}

/// Refuses standard input if it is named twice: it can be read only once.
pub fn refuse_twice(paths: &[impl AsRef<Path>]) -> Result<()> {
    if paths.iter().filter(|path| path.as_ref() == Path::new("-")).count() > 1 {
        return Err(Refused::error(
            "standard input is named twice",
            Some("it can be read only once; name a file instead"),
        ));
    }
    Ok(())
}

/// A path, or `-` for standard input.
pub fn source<'s>(path: &Path, output: &Output) -> Source<'s> {
    if path == Path::new("-") { standard_input(output) } else { Source::Path(path.to_owned()) }
}

fn standard_input<'s>(output: &Output) -> Source<'s> {
    Source::Json { name: "standard input".to_owned(), input: Box::new(lock_standard_input("JSON", output)) }
}

/// Standard input. If it is a terminal, a message asks the user to type.
pub fn lock_standard_input(what: &str, output: &Output) -> impl Read + 'static {
    if output.stdin_is_terminal() {
        output.summary(&format!("reading {what} from standard input; end it with Ctrl-D"));
    }
    Ending { input: io::stdin().lock(), is_ended: false }
}

/// Standard input that stays at its end: a terminal would otherwise need a second Ctrl-D.
struct Ending<R> {
    input: R,
    is_ended: bool,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.is_ended || bytes.is_empty() {
            return Ok(0);
        }
        let read = self.input.read(bytes)?;
        self.is_ended = read == 0;
        if self.is_ended {
            interrupted::wait_if_ending();
        }
        Ok(read)
    }
}

/// Warns of sets that were dumped without some of their rows.
pub fn report_partial(fixture: &vlive::Fixture, output: &Output) {
    for set in fixture.sets().filter(vlive::fixture::FixtureSet::is_partial) {
        let undated = if set.is_dated() { "" } else { ": it gets no time, so that the app fetches it again" };
        output.warning(&format!("`{}` was dumped without some of its rows{undated}", set.key()));
    }
}

/// Warns of files in folders that are not entries.
pub fn report_ignored(fixture: &vlive::Fixture, output: &Output) {
    for path in fixture.ignored() {
        output.warning(&format!("`{}` is not an entry: its name ends in neither .json nor .cbor", path.display()));
    }
}
