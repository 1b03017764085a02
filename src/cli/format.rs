//! Output formats and output files: one group of arguments for each kind of output.

use super::{Refused, target};
use crate::output::Output;
use crate::output::listing::TableFormat;
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The formats of a kind of output.
pub trait Formats: ValueEnum + Copy + PartialEq + Send + Sync + 'static {
    const DEFAULT: Self;
    /// What `--json` is short for.
    const JSON: Self;
    const JSON_HELP: &'static str = "Short for `--format json`";

    /// The format of files whose name ends in `.ending`.
    fn of_ending(_ending: &str) -> Option<Self> {
        None
    }
}

/// `--format`, and `--json` for the one that programs read.
#[derive(Debug, Args)]
pub struct FormatArgs<F: Formats> {
    /// The output format
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<F>,

    #[arg(long, conflicts_with = "format", help = F::JSON_HELP)]
    json: bool,
}

/// The endings of file names that stand for a format, in all commands.
const ENDINGS: [&str; 8] = ["json", "jsonl", "ndjson", "csv", "tsv", "md", "diag", "cbor"];

impl<F: Formats> FormatArgs<F> {
    /// The format that the options name, or else the default.
    pub fn format(&self) -> F {
        self.given().unwrap_or(F::DEFAULT)
    }

    /// Whether the format that the options name is that of `--json`.
    pub fn is_json(&self) -> bool {
        self.format() == F::JSON
    }

    /// The format that the options name, or else the format for the ending of the output file, or else the default.
    pub fn format_of(&self, file: Option<&Path>) -> Result<F> {
        if let Some(format) = self.given() {
            return Ok(format);
        }
        let ending = file.and_then(Path::extension).and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        match ending.as_deref().filter(|ending| ENDINGS.contains(ending)) {
            None => Ok(F::DEFAULT),
            Some(ending) => F::of_ending(ending).ok_or_else(|| {
                let names = F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
                let names = names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ");
                Refused::error(
                    format!("this command does not write `.{ending}`"),
                    Some(&format!("its formats are {names}; --format chooses one whatever the name of the file")),
                )
            }),
        }
    }

    fn given(&self) -> Option<F> {
        self.format.or(self.json.then_some(F::JSON))
    }
}

impl Formats for TableFormat {
    const DEFAULT: TableFormat = TableFormat::Table;
    const JSON: TableFormat = TableFormat::Json;

    fn of_ending(ending: &str) -> Option<TableFormat> {
        Some(match ending {
            "json" => TableFormat::Json,
            "jsonl" | "ndjson" => TableFormat::Jsonl,
            "csv" => TableFormat::Csv,
            "tsv" => TableFormat::Tsv,
            "md" => TableFormat::Markdown,
            _ => return None,
        })
    }
}

/// The formats of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// Words, for people
    Text,
    /// An object
    Json,
}

impl Formats for SummaryFormat {
    const DEFAULT: SummaryFormat = SummaryFormat::Text;
    const JSON: SummaryFormat = SummaryFormat::Json;
}

/// The formats of events, which are printed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventFormat {
    /// Words, for people
    Text,
    /// An object for each event, on a line of its own
    Jsonl,
}

impl Formats for EventFormat {
    const DEFAULT: EventFormat = EventFormat::Text;
    const JSON: EventFormat = EventFormat::Jsonl;
    const JSON_HELP: &'static str = "Short for `--format jsonl`";
}

/// The format and the output of a table.
#[derive(Debug, Args)]
pub struct TableArgs {
    #[command(flatten)]
    format: FormatArgs<TableFormat>,

    /// Write to a file, which appears once it is complete; without --format its extension chooses the format
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl TableArgs {
    pub fn format(&self) -> Result<TableFormat> {
        self.format.format_of(self.output.as_deref().filter(|path| !is_standard_output(path)))
    }

    /// The width of the terminal to which the table is printed; `None` if it goes elsewhere.
    pub fn width(&self, output: &Output) -> Option<usize> {
        output.width().filter(|_| self.output.as_deref().is_none_or(is_standard_output))
    }

    /// Calls `print` with the output of the table. A file appears once `print` has succeeded.
    pub fn print<T>(
        &self,
        output: &mut Output,
        print: impl FnOnce(&mut Output, TableFormat) -> Result<T>,
    ) -> Result<T> {
        let format = self.format()?;
        let Some(path) = self.output.as_deref().filter(|path| !is_standard_output(path)) else {
            let printed = print(output, format)?;
            output.flush()?;
            return Ok(printed);
        };
        if target::is_folder(path) {
            let what = format!("`{}` is a folder, and a table needs a file", path.display());
            return Err(Refused::error(what, Some("add the name of a file")));
        }
        let write = |file| {
            let mut to_file = output.to_file(file);
            let printed = print(&mut to_file, format).and_then(|printed| Ok(to_file.flush().map(|()| printed)?));
            // Errors of the file name the file.
            match printed.map_err(anyhow::Error::downcast::<io::Error>) {
                Err(Ok(error)) => Err(error),
                Err(Err(error)) => Ok(Err(error)),
                Ok(printed) => Ok(Ok(printed)),
            }
        };
        let printed = target::unbuffered(path, write, Result::is_ok)??;
        output.summary(&format!("wrote `{}`", path.display()));
        Ok(printed)
    }
}

/// Whether a path stands for standard output.
pub fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}
