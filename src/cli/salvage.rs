use super::format::{FormatArgs, SummaryFormat};
use super::{Global, Status};
use crate::output::{Output, findings, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use vlive::ops::{FindingPlace, Salvaged};
use vlive::snapshot::SetKey;

/// Copy every intact entry of a damaged cache into a new one
///
/// Every entry whose pages verify is copied byte for byte: the entries of the newest commit and, if a table has lost
/// pages there, those that the previous commit still has. A table of another program is copied only if all of it
/// verifies. A set of diorama that may have lost rows is written without its times, so that the app fetches it again.
/// Losses are listed. The damaged file is only read. The status is 3 if anything was lost.
#[derive(Debug, Args)]
pub struct Salvage {
    /// The folder of the damaged cache; overrides -C
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    argument: Option<PathBuf>,

    /// The folder of the new cache, which must not contain one yet
    #[arg(long, value_name = "NEW", value_hint = clap::ValueHint::DirPath)]
    into: PathBuf,

    #[command(flatten)]
    format: FormatArgs<SummaryFormat>,
}

#[derive(Serialize)]
struct Summary {
    entries: u64,
    bytes: u64,
    older: u64,
    lost: Option<u64>,
    damaged_pages: u64,
    tables: u64,
    lost_tables: Vec<String>,
    undated_sets: Vec<String>,
}

impl Salvage {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let folder = global.folder_or(self.argument.as_deref());
        let salvaged = output.bar("salvaging").of(|| vlive::ops::salvage(folder, &self.into, global.look_wait()))?;
        report_losses(&salvaged, output);
        if self.format.is_json() {
            output.json(&Summary {
                entries: entries_of(&salvaged),
                bytes: salvaged.bytes,
                older: salvaged.older,
                lost: salvaged.lost,
                damaged_pages: salvaged.damage.count,
                tables: salvaged.tables,
                lost_tables: salvaged.lost_tables.clone(),
                undated_sets: salvaged.undated_sets.clone(),
            })?;
        } else {
            output.summary(&summary(&salvaged));
        }
        let whole = salvaged.damage.count == 0 && salvaged.lost == Some(0) && salvaged.lost_tables.is_empty();
        Ok(if whole { Status::Done } else { Status::Unreadable })
    }
}

/// Reports the damage and everything that is left out or incomplete because of it.
fn report_losses(salvaged: &Salvaged, output: &Output) {
    let damaged = format!("`{}` is damaged", salvaged.path.display());
    for found in &salvaged.damage.places {
        let place = match &found.place {
            None => String::new(),
            Some(FindingPlace::Meta(key)) => format!("meta table of `{}`, ", key.shown()),
            Some(place) => format!("table `{}`, ", findings::place(place)),
        };
        output.error(&format!("{damaged}: {place}{}", findings::kind(&found.kind)), None);
    }
    let more = salvaged.damage.count - salvaged.damage.places.len() as u64;
    if more > 0 {
        output.error(&format!("{damaged}: {more} more places"), None);
    }
    for table in &salvaged.lost_tables {
        output
            .error(&format!("table `{table}` of another program could not be saved completely, and is left out"), None);
    }
    for set in &salvaged.undated_sets {
        let set = SetKey::of_table(set).shown();
        output.warning(&format!(
            "rows of `{set}` may be missing; it has lost its times, so that the app fetches it again"
        ));
    }
}

/// What was saved and what was lost, in one line.
fn summary(salvaged: &Salvaged) -> String {
    let saved = saved(salvaged);
    let size = human::size(salvaged.bytes);
    let lost = match salvaged.lost {
        None => "it is unknown how many are lost".to_owned(),
        Some(0) => "lost none".to_owned(),
        Some(lost) if salvaged.sets > 0 => {
            format!("lost at least {}", human::count(lost, "entry or row", "entries and rows"))
        }
        Some(lost) => format!("lost at least {}", human::count(lost, "entry", "entries")),
    };
    let tables = match salvaged.tables {
        0 => String::new(),
        tables => {
            format!("; {} copied", human::count(tables, "table of another program", "tables of other programs"))
        }
    };
    let older = salvaged.older;
    format!("saved {saved}, {size}, {older} of them from the previous commit; {lost}{tables}")
}

/// Entries as other commands count them: a set of diorama is one.
fn entries_of(salvaged: &Salvaged) -> u64 {
    salvaged.entries - salvaged.rows - salvaged.numbers + salvaged.sets
}

fn saved(salvaged: &Salvaged) -> String {
    let entries = human::count(entries_of(salvaged), "entry", "entries");
    match salvaged.sets {
        0 => entries,
        _ => format!("{entries} with {} of diorama", human::count(salvaged.rows, "row", "rows")),
    }
}
