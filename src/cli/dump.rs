use super::dump_rows::RowStyle;
use super::filtering::{Reading, none_matches};
use super::format::{FormatArgs, Formats, is_standard_output};
use super::selection::Chosen;
use super::{Global, Refused, Status, report_unread, target};
use crate::output::progress::Bar;
use crate::output::{Output, human};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use vlive::json::JsonStyle;
use vlive::ops::{DumpError, DumpFormat, DumpStyle, Dumped};
use vlive::{Key, Snapshot};

/// Print entries as JSON, or write them to files
///
/// One full key (with a `/`) prints its envelope, `{"fetched_at": N, "rows": {…}}`. A cache key, several
/// selections, or none for the whole cache print an object of full key to envelope. A set of diorama has
/// `"layout": "diorama"` and its metadata beside its rows.
///
/// Nothing is lost: what JSON cannot hold becomes an object with one of the keys `$bytes`, `$tag`, `$float`,
/// `$int` and `$map`, and `vlive put` and `vlive load` read it back. An entry that cannot be decoded is left out
/// and named on standard error; the status is then 3.
#[derive(Debug, Args)]
pub struct Dump {
    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    format: FormatArgs<Format>,

    /// Write to a file, which appears once it is complete, or to a new folder (a path that ends with `/`), with
    /// a file for each entry; `-` is standard output. Without --format the name's extension chooses it
    #[arg(short, long, value_name = "FILE|FOLDER", value_hint = clap::ValueHint::AnyPath)]
    output: Option<PathBuf>,

    /// Indent the output; the default on a terminal and in a folder
    #[arg(long, conflicts_with = "compact")]
    pretty: bool,

    /// Print everything on one line; the default in a pipe
    #[arg(long)]
    compact: bool,

    /// Print only the rows, without the times
    #[arg(long)]
    rows: bool,

    /// Replace the contents, for bug reports; keys, row ids, types, lengths and the times of entries stay
    #[arg(long)]
    redact: bool,

    /// Print plain JSON for people and `jq`, which loses tags; bytes become base64url, and NaN becomes null
    #[arg(long)]
    plain: bool,

    /// With `--format jsonl`: print the stored bytes in base64, even if they cannot be decoded
    #[arg(long, conflicts_with_all = ["rows", "plain"])]
    raw: bool,

    /// With `--format rows`: print values without loss, as in the other formats
    #[arg(long, conflicts_with = "redact")]
    lossless: bool,

    /// With `--format rows`: begin each line with `"cache": NAME`, to read the rows of several caches together
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Envelopes as JSON
    Json,
    /// One line of JSON per entry: `{"key": …, "fetched_at": …, "rows": …}`
    Jsonl,
    /// One line of JSON per row, for query engines: `{"key": …, "fetched_at": …, "id": …, "row": {…}}`, with values
    /// by their meaning: dates as RFC 3339, decimals as numbers, record ids and uuids as text, byte strings as base64
    Rows,
    /// The stored bytes in CBOR's diagnostic notation (RFC 8949, section 8), including what vantage-live
    /// ignores
    Diag,
    /// The stored bytes of one entry; of several a CBOR map of full key to byte string
    Cbor,
}

impl Formats for Format {
    const DEFAULT: Format = Format::Json;
    const JSON: Format = Format::Json;

    fn of_ending(ending: &str) -> Option<Format> {
        Some(match ending {
            "json" => Format::Json,
            "jsonl" | "ndjson" => Format::Jsonl,
            "diag" => Format::Diag,
            "cbor" => Format::Cbor,
            _ => return None,
        })
    }
}

impl Dump {
    pub fn runs_filters(&self) -> bool {
        self.reading.runs_filters()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let format = self.format.format_of(self.path().filter(|path| !target::is_folder(path)))?;
        self.check_options(format, output)?;
        let now = global.now();
        let chosen = self.reading.choose(now, output)?;
        match (self.path(), chosen.single()) {
            (Some(path), _) if target::is_folder(path) => self.folder(path, format, &chosen, global, output),
            _ if format == Format::Rows => self.rows(&chosen, now, global, output),
            (_, Some(key)) => self.one(key, format, &chosen, global, output),
            _ => self.many(format, &chosen, global, output),
        }
    }

    /// The file or folder to write to.
    fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| !is_standard_output(path))
    }

    fn check_options(&self, format: Format, output: &Output) -> Result<()> {
        let goes_with = |is_given: bool, option: &str, formats: &[Format]| {
            if !is_given || formats.contains(&format) {
                return Ok(());
            }
            let names = formats.iter().filter_map(ValueEnum::to_possible_value);
            let names = names.map(|name| format!("`--format {}`", name.get_name())).collect::<Vec<_>>().join(" or ");
            Err(Refused::error(
                format!("{option} cannot be used with this format"),
                Some(&format!("it goes with {names}")),
            ))
        };
        goes_with(self.raw, "--raw", &[Format::Jsonl])?;
        let Reading { filtering, selected, .. } = &self.reading;
        goes_with(selected.is_given(), "--select", &[Format::Rows])?;
        goes_with(filtering.is_given(), "--where", &[Format::Json, Format::Jsonl, Format::Rows])?;
        if self.raw && filtering.is_given() {
            return Err(Refused::error(
                "--where cannot be combined with --raw",
                Some("--raw dumps entries as they are stored"),
            ));
        }
        goes_with(self.rows, "--rows", &[Format::Json, Format::Jsonl])?;
        goes_with(self.plain, "--plain", &[Format::Json, Format::Jsonl])?;
        goes_with(self.lossless, "--lossless", &[Format::Rows])?;
        goes_with(self.label.is_some(), "--label", &[Format::Rows])?;
        goes_with(self.redact, "--redact", &[Format::Json, Format::Jsonl, Format::Diag, Format::Cbor])?;
        goes_with(self.pretty, "--pretty", &[Format::Json, Format::Diag])?;
        if self.path().is_some_and(target::is_folder) {
            goes_with(
                matches!(format, Format::Jsonl | Format::Rows),
                "--output to a folder",
                &[Format::Json, Format::Diag, Format::Cbor],
            )?;
        }
        if format == Format::Cbor && self.path().is_none() && output.is_terminal() {
            let hint = "--output writes it to a file; --format diag shows it";
            return Err(Refused::error("CBOR is binary, and standard output is a terminal", Some(hint)));
        }
        Ok(())
    }

    fn one(&self, key: &Key, format: Format, chosen: &Chosen, global: &Global, output: &mut Output) -> Result<Status> {
        let Some(entry) = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(key))? else {
            return self.many(format, chosen, global, output);
        };
        let Some(entry) = chosen.scope.reduce_live(entry)? else {
            output.error(&none_matches(1), None);
            return Ok(Status::No);
        };
        let style = self.style(format, self.path().is_none() && output.is_terminal());
        let write = |mut out: Box<dyn Write + '_>| {
            let dumped = vlive::ops::dump_entry(&entry, style, &mut out)?;
            if dumped.entries > 0 {
                end_line(format, &mut out)?;
            }
            Ok(dumped)
        };
        let dumped = self.write(format, output, write, |dumped| dumped.entries > 0)?;
        if dumped.entries > 0 {
            self.report_written(&dumped, output);
        }
        Ok(report_unread(&dumped.unread, output))
    }

    fn many(&self, format: Format, chosen: &Chosen, global: &Global, output: &mut Output) -> Result<Status> {
        let bar = self.path().map(|_| output.bar("dumping"));
        let snapshot = pinned(chosen, bar.as_ref(), global)?;
        let only = vlive::ops::only_set(&snapshot, &chosen.scope)?;
        if only.is_none() && chosen.single().is_some() {
            return Ok(chosen.report_missing(global, output));
        }
        let style = self.style(format, self.path().is_none() && output.is_terminal());
        let write = |mut out: Box<dyn Write + '_>| {
            let dumped = match &only {
                Some(set) => vlive::ops::dump_set(&snapshot, set, style, &mut out)?,
                None => vlive::ops::dump(&snapshot, &chosen.scope, style, &mut out)?,
            };
            end_line(format, &mut out)?;
            Ok(dumped)
        };
        let dumped = self.write(format, output, write, is_answer)?;
        drop(bar);
        if is_answer(&dumped) {
            self.report_written(&dumped, output);
        }
        Ok(report(&dumped, chosen, global, output))
    }

    fn folder(
        &self,
        path: &Path,
        format: Format,
        chosen: &Chosen,
        global: &Global,
        output: &mut Output,
    ) -> Result<Status> {
        let bar = output.bar("dumping");
        let snapshot = pinned(chosen, Some(&bar), global)?;
        let style = self.style(format, true);
        if format == Format::Cbor && !vlive::ops::sets_in(&snapshot, &chosen.scope)?.is_empty() {
            let hint = "leave out --format, and each set is a file of JSON; or leave out the `/` at the end";
            return Err(Refused::error("a folder of CBOR files cannot hold sets of diorama", Some(hint)));
        }
        let fill = |folder: &Path| vlive::ops::dump_tree(&snapshot, &chosen.scope, style, folder);
        let dumped = target::folder(path, fill, is_answer)?;
        drop(bar);
        if is_answer(&dumped) {
            self.report_written(&dumped, output);
        }
        Ok(report(&dumped, chosen, global, output))
    }

    fn rows(&self, chosen: &Chosen, now: u64, global: &Global, output: &mut Output) -> Result<Status> {
        let snapshot = Snapshot::pin(global.folder(), global.look_wait(), chosen.scope.selections())?;
        let replacing = self.reading.selected.compile(now)?;
        let style = RowStyle { lossless: self.lossless, replacing, label: self.label.clone() };
        let write = |mut out: Box<dyn Write + '_>| vlive::ops::dump_rows(&snapshot, &chosen.scope, &style, &mut out);
        let dumped = self.write(Format::Rows, output, write, is_answer)?;
        if is_answer(&dumped) {
            self.report_written(&dumped, output);
        }
        Ok(report(&dumped, chosen, global, output))
    }

    /// Calls `write` with the output. A dump that fails or is not kept leaves no file.
    fn write(
        &self,
        format: Format,
        output: &mut Output,
        write: impl FnOnce(Box<dyn Write + '_>) -> Result<Dumped, DumpError>,
        is_kept: impl FnOnce(&Dumped) -> bool,
    ) -> Result<Dumped> {
        let to_output = |error| target::of_output(error, anyhow::Error::from);
        let dumped = match self.path() {
            Some(path) => target::file(path, write, is_kept)?,
            None if matches!(format, Format::Diag | Format::Cbor) => {
                write(output.uncoloured_data()).map_err(to_output)?
            }
            None => write(output.json_data()).map_err(to_output)?,
        };
        output.flush()?;
        Ok(dumped)
    }

    fn report_written(&self, dumped: &Dumped, output: &Output) {
        if let Some(path) = self.path() {
            let entries = human::count(dumped.entries, "entry", "entries");
            output.summary(&format!("wrote {entries} to `{}`", path.display()));
        }
    }

    fn style(&self, format: Format, is_for_people: bool) -> DumpStyle {
        let format = match format {
            Format::Json => DumpFormat::Json,
            Format::Jsonl if self.raw => DumpFormat::RawLines,
            Format::Jsonl => DumpFormat::Lines,
            Format::Rows => unreachable!("rows are written by the program"),
            Format::Diag => DumpFormat::Notation,
            Format::Cbor => DumpFormat::Cbor,
        };
        let pretty = self.pretty || is_for_people && !self.compact;
        DumpStyle { format, json: JsonStyle { pretty, plain: self.plain, rows_only: self.rows }, redact: self.redact }
    }
}

/// Pins the commit to dump, with a bar that counts its pages.
pub fn pinned(chosen: &Chosen, bar: Option<&Bar>, global: &Global) -> vlive::Result<Snapshot> {
    let selections = chosen.scope.selections();
    let pin = || Snapshot::pin(global.folder(), global.look_wait(), selections);
    let Some(bar) = bar else { return pin() };
    let snapshot = bar.of(pin)?;
    bar.expect(Some(snapshot.file_len()).filter(|_| selections == [vlive::Selection::All]));
    Ok(snapshot)
}

/// Whether a dump is written to its file. A dump without any of the selected entries is not.
fn is_answer(dumped: &Dumped) -> bool {
    dumped.entries > 0 || dumped.matched.is_all_there_is()
}

fn report(dumped: &Dumped, chosen: &Chosen, global: &Global, output: &mut Output) -> Status {
    let unread = report_unread(&dumped.unread, output);
    let found = dumped.entries > 0 || !dumped.unread.unreadable.is_empty();
    if !found && dumped.matched.without_rows > 0 {
        output.error(&none_matches(dumped.matched.without_rows), None);
        return unread.max(Status::No);
    }
    unread.max(chosen.report(&dumped.matched, found, global, output))
}

fn end_line(format: Format, out: &mut impl Write) -> io::Result<()> {
    if matches!(format, Format::Json | Format::Diag) { writeln!(out) } else { Ok(()) }
}
