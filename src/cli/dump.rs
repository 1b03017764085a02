use super::{Global, Refused, Status, not_there, target, tell_unread};
use crate::output::{Output, human};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use vlive::json::JsonStyle;
use vlive::ops::{DumpFormat, DumpStyle, Dumped, Unreadable};
use vlive::{Key, Selection, Snapshot};

/// Print entries as JSON, or write them to files
///
/// One full key (with a `/`) prints its envelope, `{"fetched_at": N, "rows": {…}}`. A bare cache key,
/// several keys, or none for the whole cache print an object of full key to envelope. Nothing is
/// lost: what JSON cannot hold is an object with one of the keys `$bytes`, `$tag`, `$float`, `$int`,
/// `$map`, and `vlive put` and `vlive load` read it back.
///
/// An entry that cannot be decoded is left out, named on standard error, and makes the status 3.
#[derive(Debug, Args)]
pub struct Dump {
    /// Which entries: `clients/page_1`, `clients`, `clients/__root__`
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,

    /// Write to a file, which appears when it is whole, or to a new folder (a path that ends with `/`), with
    /// a file for each entry; `-` is standard output
    #[arg(short, long, value_name = "FILE|FOLDER", value_hint = clap::ValueHint::AnyPath)]
    output: Option<PathBuf>,

    /// Indent, as on a terminal and in a folder
    #[arg(long, conflicts_with = "compact")]
    pretty: bool,

    /// Print one line, as in a pipe
    #[arg(long)]
    compact: bool,

    /// Leave out the times: only the rows
    #[arg(long)]
    rows: bool,

    /// Leave out the contents, for bug reports: keys, row ids, types and lengths stay, and the times of the
    /// entries
    #[arg(long)]
    redact: bool,

    /// Print for people and `jq`, with loss: tags dropped, bytes as base64url, NaN as null
    #[arg(long)]
    plain: bool,

    /// With `--format jsonl`: the stored bytes in base64, whatever they are
    #[arg(long, conflicts_with_all = ["rows", "plain"])]
    raw: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Envelopes as JSON
    Json,
    /// A line of JSON for each entry: `{"key": …, "fetched_at": …, "rows": …}`
    Jsonl,
    /// The stored bytes in CBOR's diagnostic notation (RFC 8949, 8), with all that vantage-live ignores in
    /// them
    Diag,
    /// The stored bytes of one entry; of several a CBOR map of full key to byte string
    Cbor,
}

impl Dump {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.keys.iter().any(String::is_empty) {
            return Err(Refused::error(
                "the key is empty",
                Some("`/__root__` names the root entry of the empty cache key; leave the key out to dump everything"),
            ));
        }
        self.check_options(output)?;
        let selections: Vec<Selection> = match self.keys.as_slice() {
            [] => vec![Selection::All],
            keys => keys.iter().map(|key| select(key)).collect(),
        };
        match (self.path(), selections.as_slice()) {
            (Some(path), _) if target::is_folder(path) => self.folder(path, &selections, global, output),
            (_, [Selection::Entry(key)]) => self.one(key, global, output),
            _ => self.many(&selections, global, output),
        }
    }

    /// The file or folder to write to.
    fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| ![Path::new("-"), Path::new("/dev/stdout")].contains(path))
    }

    fn check_options(&self, output: &Output) -> Result<()> {
        let goes_with = |is_given: bool, option: &str, formats: &[Format]| {
            if !is_given || formats.contains(&self.format) {
                return Ok(());
            }
            let names = formats.iter().filter_map(ValueEnum::to_possible_value);
            let names = names.map(|name| format!("`--format {}`", name.get_name())).collect::<Vec<_>>().join(" or ");
            Err(Refused::error(
                format!("{option} means nothing with this format"),
                Some(&format!("it goes with {names}")),
            ))
        };
        goes_with(self.raw, "--raw", &[Format::Jsonl])?;
        goes_with(self.rows, "--rows", &[Format::Json, Format::Jsonl])?;
        goes_with(self.plain, "--plain", &[Format::Json, Format::Jsonl])?;
        goes_with(self.pretty, "--pretty", &[Format::Json, Format::Diag])?;
        if self.path().is_some_and(target::is_folder) {
            goes_with(
                self.format == Format::Jsonl,
                "--output to a folder",
                &[Format::Json, Format::Diag, Format::Cbor],
            )?;
        }
        if self.format == Format::Cbor && self.path().is_none() && output.is_terminal() {
            let hint = "--output writes it to a file; --format diag shows it";
            return Err(Refused::error("CBOR is not for a terminal", Some(hint)));
        }
        Ok(())
    }

    fn one(&self, key: &Key, global: &Global, output: &mut Output) -> Result<Status> {
        let Some(entry) = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))? else {
            output.error(&not_there(&key.to_string()), None);
            return Ok(Status::No);
        };
        let style = self.style(self.path().is_none() && output.is_terminal());
        let dumped = self.write(output, |mut out| {
            let dumped = match vlive::ops::dump_entry(&entry, style, &mut out)? {
                // It is shown all the same.
                Err(error) if style.format == DumpFormat::Notation => Some(error),
                Err(error) => return Ok(Err(error)),
                Ok(()) => None,
            };
            self.end_line(&mut out)?;
            Ok(Ok(dumped))
        })?;
        Ok(match dumped {
            Ok(None) => Status::Done,
            Ok(Some(error)) | Err(error) => tell_unread(&[], &[Unreadable { key: key.clone(), error }], output),
        })
    }

    fn many(&self, selections: &[Selection], global: &Global, output: &mut Output) -> Result<Status> {
        let snapshot = Snapshot::pin(global.folder(), global.look_wait(), selections)?;
        let style = self.style(self.path().is_none() && output.is_terminal());
        let dumped = self.write(output, |mut out| {
            let dumped = vlive::ops::dump(&snapshot, selections, style, &mut out)?;
            if dumped.is_ok() {
                self.end_line(&mut out)?;
            }
            Ok(unless_nothing(dumped))
        })?;
        let dumped = dumped.or_else(|given_up| given_up)?;
        Ok(self.tell(&dumped, output))
    }

    fn folder(&self, path: &Path, selections: &[Selection], global: &Global, output: &mut Output) -> Result<Status> {
        let snapshot = Snapshot::pin(global.folder(), global.look_wait(), selections)?;
        let style = self.style(true);
        let dumped = target::folder(path, |folder| {
            Ok(unless_nothing(vlive::ops::dump_tree(&snapshot, selections, style, folder)?))
        })?;
        if let Ok(dumped) = &dumped {
            let entries = human::count(dumped.entries, "entry", "entries");
            output.summary(&format!("wrote {entries} to `{}`", path.display()));
        }
        let dumped = dumped.or_else(|given_up| given_up)?;
        Ok(self.tell(&dumped, output))
    }

    /// Calls `write` with where the output goes. No file is there of a dump that gives up.
    fn write<T, E>(
        &self,
        output: &mut Output,
        write: impl FnOnce(Box<dyn Write + '_>) -> io::Result<Result<T, E>>,
    ) -> Result<Result<T, E>> {
        let written = match self.path() {
            Some(path) => target::file(path, write)?,
            None => write(output.json_data())?,
        };
        output.flush()?;
        Ok(written)
    }

    fn tell(&self, dumped: &Dumped, output: &mut Output) -> Status {
        let mut status = tell_unread(&dumped.damage, &dumped.unreadable, output);
        for &n in dumped.unmatched.iter().filter(|n| **n < self.keys.len()) {
            output.error(&not_there(&self.keys[n]), None);
            status = status.max(Status::No);
        }
        status
    }

    fn end_line(&self, out: &mut impl Write) -> io::Result<()> {
        if matches!(self.format, Format::Json | Format::Diag) { writeln!(out) } else { Ok(()) }
    }

    fn style(&self, is_for_people: bool) -> DumpStyle {
        let format = match self.format {
            Format::Json => DumpFormat::Json,
            Format::Jsonl if self.raw => DumpFormat::RawLines,
            Format::Jsonl => DumpFormat::Lines,
            Format::Diag => DumpFormat::Notation,
            Format::Cbor => DumpFormat::Cbor,
        };
        let pretty = self.pretty || is_for_people && !self.compact;
        DumpStyle { format, json: JsonStyle { pretty, plain: self.plain, rows_only: self.rows }, redact: self.redact }
    }
}

/// A dump of which no file is made: one that gives up, or that finds nothing of what it was asked for.
fn unless_nothing(dumped: vlive::Result<Dumped>) -> Result<Dumped, vlive::Result<Dumped>> {
    match dumped {
        Ok(dumped) if dumped.entries > 0 || dumped.unmatched.is_empty() => Ok(dumped),
        other => Err(other),
    }
}

fn select(key: &str) -> Selection {
    if key.contains('/') { Selection::exact(key) } else { Selection::prefix(key) }
}
