use super::change::{Changing, program};
use super::selection::empty_key;
use super::source::{Reading, lock_standard_input, report_partial};
use super::{Global, Refused, Status, shell};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use vlive::Fixture;
use vlive::ops::{ChangedKey, LoadPlan, Replace};

/// Write one entry from JSON
///
/// The input is an envelope as `vlive dump` prints it (an object with `rows`, perhaps `fetched_at`, and nothing
/// else), an object of row id to row, or an array of rows. All of it is checked before anything is written; the
/// cache and its folder are created if they are missing.
///
/// A set of diorama is written as `vlive dump` prints it, or from rows alone, which then count as the complete set.
/// A KEY that is a set, a `/` and a row id writes only that row; the times and the total of the set stay, so the
/// app shows the row until it fetches the set again.
///
/// The entry gets the time of --fetched-at or --age, else that of the envelope, else `SOURCE_DATE_EPOCH`, else now.
#[derive(Debug, Args)]
pub struct Put {
    /// The full key, such as `clients/page_1`; without a `/` the root entry of that cache key, or a set of diorama
    key: String,

    /// The file to read; standard input if none is given, or for `-`
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Serialize)]
struct Summary {
    key: ChangedKey,
    rows: u64,
    bytes: u64,
    replaced: bool,
}

impl Summary {
    fn new(fixture: &Fixture, plan: &LoadPlan) -> vlive::Result<Summary> {
        let replaced = plan.replaced(fixture).next();
        let is_replaced = replaced.is_some();
        let key = replaced.or_else(|| plan.added(fixture).next()).expect("one entry is put");
        let mut rows = fixture.sets().map(|set| set.rows()).sum();
        for entry in fixture.entries() {
            rows += entry.rows()?.unwrap_or(0);
        }
        Ok(Summary { key, rows, bytes: plan.bytes(fixture)?, replaced: is_replaced })
    }
}

impl Put {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.key.is_empty() {
            return Err(empty_key());
        }
        let file = self.file.as_deref().filter(|file| *file != Path::new("-"));
        let name = file.map_or("standard input".into(), |file| format!("`{}`", file.display()));
        let json = self.read(file, &name, global, output)?;
        let fixture = Fixture::of_entry(&self.key, &name, json, &self.reading.options(global))?;
        report_partial(&fixture, output);
        let backup = self.changing.backup()?;
        let plan = self.changing.seed(&fixture, Replace::Entries, &backup, global, output)?;
        let summary = Summary::new(&fixture, &plan)?;
        let replaced = summary.replaced;
        if self.changing.format.is_json() {
            output.json(&summary)?;
        } else {
            let verb = match (self.changing.dry_run, replaced) {
                (false, false) => "put",
                (false, true) => "replaced",
                (true, false) => "would put",
                (true, true) => "would replace",
            };
            let rows = human::count(summary.rows, "row", "rows");
            output.summary(&format!("{verb} {}: {rows}, {}", summary.key.shown(), human::size(summary.bytes)));
        }
        backup.report(false, global, output);
        Ok(Status::Done)
    }

    fn read(&self, file: Option<&Path>, name: &str, global: &Global, output: &Output) -> Result<String> {
        let mut bytes = Vec::new();
        let read = if let Some(file) = file {
            fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
        } else {
            lock_standard_input("JSON", output).read_to_end(&mut bytes)
        };
        read.map_err(|error| {
            let hint = file.and_then(|file| self.hint_for_json(file, global));
            Refused::error(format!("cannot read {name}: {error}"), hint.as_deref())
        })?;
        if bytes.is_empty() {
            return Err(Refused::error(format!("{name} is empty"), Some("an entry without rows is `{}`")));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Refused::error(format!("{name} is not UTF-8 at byte {at}"), Some("JSON is UTF-8 text"))
        })
    }

    /// A hint for JSON in the place of the file.
    fn hint_for_json(&self, file: &Path, global: &Global) -> Option<String> {
        let json = file.to_str().filter(|json| json.trim_start().starts_with(['{', '[']))?;
        let (json, vlive, key) = (shell::word(json), program(global), shell::word(&self.key));
        Some(format!("JSON is read from a file or from standard input: `printf %s {json} | {vlive} put {key}`"))
    }
}
