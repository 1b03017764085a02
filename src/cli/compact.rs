use super::format::{FormatArgs, SummaryFormat};
use super::{Global, Status};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use vlive::Snapshot;
use vlive::ops::{self, Compacted};

/// Shrink a cache file to the size that its contents need
///
/// A cache file never shrinks by itself. All its tables are written to a new file beside it and compared with the
/// old one, entry by entry; then the new file replaces the old one, with the same owner and mode. The app must be
/// stopped, and the disk needs room for both files. Even an empty cache takes 1.6 MiB, in which redb records which
/// pages of the file are in use. There is no --backup, since no entry is replaced or removed.
#[derive(Debug, Args)]
pub struct Compact {
    /// Print how much would be given back, without changing anything
    #[arg(short = 'n', long)]
    dry_run: bool,

    #[command(flatten)]
    format: FormatArgs<SummaryFormat>,
}

#[derive(Serialize)]
struct Summary {
    before: u64,
    after: u64,
    given_back: u64,
    contents: u64,
    entries: u64,
    dry_run: bool,
}

impl Compact {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let compacted = if self.dry_run {
            Snapshot::look(global.folder(), global.look_wait(), ops::compact_plan)?
        } else {
            global.open_when_free(output, || output.bar("compacting").of(|| ops::compact(global.folder())))?
        };
        if self.format.is_json() {
            output.json(&Summary {
                before: compacted.before,
                after: compacted.after,
                given_back: compacted.given_back(),
                contents: compacted.contents,
                entries: compacted.entries,
                dry_run: self.dry_run,
            })?;
            return Ok(Status::Done);
        }
        output.summary(&self.sentence(&compacted));
        Ok(Status::Done)
    }

    fn sentence(&self, compacted: &Compacted) -> String {
        let [before, after, contents] = [compacted.before, compacted.after, compacted.contents].map(human::size);
        let holds = format!("{} with {contents}", human::count(compacted.entries, "entry", "entries"));
        match compacted.given_back() {
            0 => format!("nothing to give back: the file takes {before} for {holds}, and needs that much"),
            gain => {
                let verb = if self.dry_run { "would give" } else { "gave" };
                format!("{verb} back {}: from {before} to {after} for {holds}", human::size(gain))
            }
        }
    }
}
