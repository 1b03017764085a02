//! Rows that compare vlive with itself, and what rewrites a file with a copy of it.

use crate::caches::Caches;
use crate::measure::{self, Process, Side};
use crate::{Bench, BoxError, Goal, vlive};
use std::path::Path;

/// A name of a field that every row has.
const EVERYWHERE: &str = "id";

const NOWHERE: &str = "no such word";

/// What a compaction may take beside a copy.
const COPIES: f64 = 5.0;

impl Bench {
    pub fn searches(&self) -> Result<(), BoxError> {
        for (name, folder) in [("large", &self.caches.large), ("sets", &self.caches.sets)] {
            self.row(
                &format!("find nowhere, {name}, against ls"),
                Goal::at_most(2.0),
                Side::process(&vlive(folder, &["find", NOWHERE]).ending_with(1)),
                Side::process(&vlive(folder, &["ls"])),
            )?;
            self.row(
                &format!("find in every row, {name}, against dump"),
                Goal::at_most(1.0),
                Side::process(&vlive(folder, &["find", EVERYWHERE])),
                Side::process(&vlive(folder, &["dump"])),
            )?;
        }
        Ok(())
    }

    /// The same rows in both layouts, where each is an entry of its own in the other one, and where a hundred are.
    pub fn sets(&self) -> Result<(), BoxError> {
        let Caches { large, many, sets, many_sets, .. } = &self.caches;
        for command in ["ls", "ages", "dump", "check"] {
            for (what, ours, theirs) in
                [("many-sets against many", many_sets, many), ("sets against large", sets, large)]
            {
                self.row(
                    &format!("{command}, {what}"),
                    Goal::at_most(1.1),
                    Side::process(&vlive(ours, &[command])),
                    Side::process(&vlive(theirs, &[command])),
                )?;
            }
        }
        Ok(())
    }

    pub fn compaction(&self, scratch: &Path) -> Result<(), BoxError> {
        let what = "compact, large, against cp";
        if !what.contains(&self.word) {
            return Ok(());
        }
        let file = self.caches.large.join("vlive.redb");
        let compacted = scratch.join("compacted");
        measure::remove(&compacted)?;
        std::fs::create_dir_all(&compacted)?;
        let copy = compacted.join("copy.redb");
        self.row(
            what,
            Goal::at_most(COPIES),
            Side::process(&vlive(&copy, &["--quiet", "compact"]).on_copy(file.clone(), copy.clone())),
            Side::process(&Process::new("cp", [file, compacted.join("by-cp.redb")])),
        )?;
        measure::remove(&compacted)
    }
}
