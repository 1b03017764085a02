//! What it costs to watch a cache: while nothing happens, for a commit, and to the first screen of `browse`.

use crate::measure::{Process, Side};
use crate::{Bench, BoxError, Goal, VLIVE, line, vlive};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};
use vantage_live::Cache as _;
use vantage_live::cache::{CachedRows, RedbCache};
use vlive::snapshot::{WatchOptions, Watcher};
use vlive::{Error, Selection};

/// How long a watch is left alone.
const IDLE: Duration = Duration::from_secs(5);

/// The entry that a commit is about.
const SMALL_ENTRY: &str = "watched/page_1";

impl Bench {
    /// The time on a processor of a watch on which nothing happens.
    pub fn watch_idle(&self) -> Result<(), BoxError> {
        let what = "watch, large, idle: share of a core";
        if !what.contains(&self.word) || on_processor(std::process::id()).is_none() {
            return Ok(());
        }
        let watching = Watching::start(&self.caches.large)?;
        let mut last = watching.settled()?;
        self.row(
            what,
            Goal::at_most(0.01),
            Side::timed(|| {
                thread::sleep(IDLE);
                let now = watching.on_processor()?;
                let share = now.saturating_sub(last);
                last = now;
                Ok(share)
            }),
            Side::timed(|| Ok(IDLE)),
        )
    }

    /// A look that sees one small commit.
    pub fn watch_a_commit(&self) -> Result<(), BoxError> {
        let what = "watch, a commit, large against small";
        if !what.contains(&self.word) {
            return Ok(());
        }
        let [mut pages, mut others] = [0, 0];
        self.row(
            what,
            Goal::at_most(2.0),
            look_at_a_commit(&self.caches.large, &mut pages)?,
            look_at_a_commit(&self.caches.small, &mut others)?,
        )?;
        line(["  pages read for it", &pages.to_string(), &others.to_string(), "", "", "", ""]);
        Ok(())
    }

    /// From start to end, with `q` typed before the first screen.
    pub fn browse(&self, scratch: &Path) -> Result<(), BoxError> {
        let what = "browse, large: first screen, against ls";
        let has_script = Command::new("script").arg("--version").stdout(Stdio::null()).status();
        if !what.contains(&self.word) || !has_script.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        let typed = scratch.join("typed");
        fs::write(&typed, "q")?;
        let large = &self.caches.large;
        let command = format!("TERM=xterm '{VLIVE}' -C '{}' browse", large.display());
        let browse = Process::new("script", ["-qec", &command, "/dev/null"]).out_of_file(typed.clone());
        self.row(what, Goal::None, Side::process(&browse), Side::process(&vlive(large, &["ls"])))?;
        Ok(fs::remove_file(typed)?)
    }
}

/// A process that watches, and ends with this.
struct Watching(Child);

impl Watching {
    fn start(folder: &Path) -> Result<Watching, BoxError> {
        let mut command = Command::new(VLIVE);
        command.arg("-C").arg(folder).arg("watch").stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Watching(command.spawn()?))
    }

    fn on_processor(&self) -> Result<Duration, BoxError> {
        Ok(on_processor(self.0.id()).ok_or("the watch has ended")?)
    }

    /// Waits until it has read the cache, and does next to nothing any more.
    fn settled(&self) -> Result<Duration, BoxError> {
        let begun = Instant::now();
        let mut last = self.on_processor()?;
        while begun.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_secs(1));
            let now = self.on_processor()?;
            if now.saturating_sub(last) < Duration::from_millis(20) && now > Duration::from_millis(5) {
                return Ok(now);
            }
            last = now;
        }
        Err("the watch does not come to rest".into())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How long a process has been on a processor, as Linux tells it.
fn on_processor(process: u32) -> Option<Duration> {
    let schedule = fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    schedule.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// A look after each commit, whose pages it counts.
fn look_at_a_commit<'a>(folder: &'a Path, pages: &'a mut u64) -> Result<Side<'a>, BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let failed = |error| format!("vantage-live: {error}");
    let app = RedbCache::open(folder).map_err(failed)?;
    let mut watcher = Watcher::new(folder, vec![Selection::All], WatchOptions::default());
    let mut look = move || watcher.look(Duration::from_secs(5), |_, _| Ok::<(), Error>(()));
    look()?;
    Ok(Side::timed(move || {
        let rows = CachedRows { rows: indexmap::IndexMap::new(), fetched_at: UNIX_EPOCH };
        runtime.block_on(app.put(SMALL_ENTRY, rows)).map_err(failed)?;
        let begun = Instant::now();
        let seen = look()?.ok_or("the commit is not seen")?;
        let time = begun.elapsed();
        *pages = seen.pages_read;
        runtime.block_on(app.invalidate_prefix("watched")).map_err(failed)?;
        look()?;
        Ok(time)
    }))
}
