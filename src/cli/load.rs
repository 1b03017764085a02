use super::change::Changing;
use super::source::{Reading, report_ignored, report_partial, sources};
use super::{Global, Refused, Status};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use vlive::Fixture;
use vlive::fixture::FixtureOptions;
use vlive::ops::{ChangedKey, LoadPlan, Replace};

/// Load entries from fixtures, all or none
///
/// A SOURCE is a document as `vlive dump` prints it, JSON Lines with an object for each entry
/// (`{"key": …, "fetched_at": …, "rows": …}`, or `{"key": …, "raw": …}` as
/// `vlive dump --format jsonl --raw` prints it), or a folder in which `clients/page_1.json` is the entry
/// `clients/page_1`. The rows of an entry come in any form that `vlive put` takes. All sources are checked before
/// anything is written, and then written in one transaction; the cache and its folder are created if they are
/// missing. A dry run prints what would be added (`+`), replaced (`~`) and removed (`-`).
///
/// An entry gets the time of --fetched-at or --age, else that of its source, else `SOURCE_DATE_EPOCH`, else now.
#[derive(Debug, Args)]
pub struct Load {
    /// Files and folders to load; standard input if none is given, or for `-`
    #[arg(value_name = "SOURCE", value_hint = clap::ValueHint::AnyPath)]
    sources: Vec<PathBuf>,

    /// First empty every cache key that the sources name
    #[arg(long)]
    replace: bool,

    /// First empty the whole cache; tables of other programs are left alone
    #[arg(long, conflicts_with = "replace")]
    clear: bool,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Serialize)]
struct Summary {
    entries: usize,
    bytes: u64,
    added: usize,
    replaced: usize,
    removed: usize,
    dry_run: bool,
    /// The keys that a dry run prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Keys>,
}

#[derive(Serialize)]
struct Keys {
    added: Vec<ChangedKey>,
    replaced: Vec<ChangedKey>,
    removed: Vec<ChangedKey>,
}

impl Load {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let fixture = read_fixture(&self.sources, &self.reading.options(global), output)?;
        report_ignored(&fixture, output);
        report_partial(&fixture, output);
        let replace = match (self.replace, self.clear) {
            (true, _) => Replace::CacheKeys,
            (_, true) => Replace::All,
            _ => Replace::Entries,
        };
        if self.clear && fixture.is_blank() {
            let hint = "`{}` is a cache without entries; `vlive invalidate --all` empties one";
            return Err(Refused::error("there is nothing to load, and --clear would empty the cache", Some(hint)));
        }
        let backup = self.changing.backup()?;
        let plan = self.changing.seed(&fixture, replace, &backup, global, output)?;
        self.report(&fixture, &plan, output)?;
        backup.report(plan.added(&fixture).next().is_some(), global, output);
        Ok(Status::Done)
    }

    fn report(&self, fixture: &Fixture, plan: &LoadPlan, output: &mut Output) -> Result<()> {
        let summary = Summary {
            entries: fixture.len(),
            bytes: plan.bytes(fixture)?,
            added: plan.added(fixture).count(),
            replaced: plan.replaced(fixture).count(),
            removed: plan.removed().len(),
            dry_run: self.changing.dry_run,
            keys: self.changing.dry_run.then(|| Keys {
                added: plan.added(fixture).collect(),
                replaced: plan.replaced(fixture).collect(),
                removed: plan.removed().to_vec(),
            }),
        };
        if self.changing.format.is_json() {
            return output.json(&summary);
        }
        if self.changing.dry_run {
            for (mark, keys) in
                summary.keys.iter().flat_map(|keys| [('+', &keys.added), ('~', &keys.replaced), ('-', &keys.removed)])
            {
                for key in keys {
                    let key = output.changed_key(key).into_owned();
                    writeln!(output.data(), "{mark} {key}")?;
                }
            }
            output.flush()?;
        }
        let verb = if self.changing.dry_run { "would load" } else { "loaded" };
        let loaded =
            format!("{}, {}", human::count(summary.entries as u64, "entry", "entries"), human::size(summary.bytes));
        let Summary { added, replaced, removed, .. } = summary;
        output.summary(&format!("{verb} {loaded}: {added} added, {replaced} replaced, {removed} removed"));
        Ok(())
    }
}

fn read_fixture(paths: &[PathBuf], options: &FixtureOptions, output: &Output) -> Result<Fixture> {
    let sources = sources(paths, output)?;
    let bar = if paths.is_empty() { output.bar_beside_input("reading") } else { output.bar("reading") };
    // The size of a folder and of standard input is not known.
    let files = paths.iter().map(|path| fs::metadata(path).ok().filter(fs::Metadata::is_file));
    bar.expect(files.map(|file| Some(file?.len())).sum::<Option<u64>>().filter(|_| !paths.is_empty()));
    Ok(bar.of(|| Fixture::read(sources, options))?)
}
