//! Times and peaks of memory, of two sides in turn.

use crate::BoxError;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Short work is repeated until it took this long.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
const MOST_RUNS: usize = 300;

/// How long processes are looked at without a rest, to catch short ones at their largest.
const LOOKING: Duration = Duration::from_millis(200);

/// A program with its arguments; its output goes to a file, or nowhere.
#[derive(Clone)]
pub struct Process {
    program: PathBuf,
    arguments: Vec<OsString>,
    from: Option<PathBuf>,
    to: Option<PathBuf>,
    before: Before,
    status: i32,
}

/// What is done before every run of a process, and not timed.
#[derive(Clone)]
enum Before {
    Nothing,
    /// The folder is removed.
    Removing(PathBuf),
    /// The file is made equal to another one, which comes first.
    Copying(PathBuf, PathBuf),
}

impl Process {
    pub fn new<A: Into<OsString>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Process {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Process { program: program.into(), arguments, from: None, to: None, before: Before::Nothing, status: 0 }
    }

    pub fn into_file(mut self, path: PathBuf) -> Process {
        self.to = Some(path);
        self
    }

    /// The same with a file as its input.
    pub fn out_of_file(mut self, path: PathBuf) -> Process {
        self.from = Some(path);
        self
    }

    /// The same without this folder, which it makes, before every run.
    pub fn making(mut self, folder: PathBuf) -> Process {
        self.before = Before::Removing(folder);
        self
    }

    /// The same with a fresh copy of a file before every run.
    pub fn on_copy(mut self, from: PathBuf, to: PathBuf) -> Process {
        self.before = Before::Copying(from, to);
        self
    }

    /// The same where it must end with this status.
    pub fn ending_with(mut self, status: i32) -> Process {
        self.status = status;
        self
    }

    /// The same on one core; `None` where there is no `taskset`.
    pub fn on_one_core(&self) -> Option<Process> {
        let probe = Command::new("taskset").args(["-c", "0", "true"]).status();
        probe.is_ok_and(|status| status.success()).then(|| {
            let arguments = ["-c".into(), "0".into(), self.program.clone().into()];
            Process::new("taskset", arguments.into_iter().chain(self.arguments.clone()))
        })
    }

    fn command(&self) -> Result<Command, BoxError> {
        match &self.before {
            Before::Nothing => {}
            Before::Removing(folder) => remove(folder)?,
            Before::Copying(from, to) => drop(fs::copy(from, to)?),
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.stdin(match &self.from {
            Some(path) => fs::File::open(path)?.into(),
            None => Stdio::null(),
        });
        command.stdout(match &self.to {
            Some(path) => fs::File::create(path)?.into(),
            None => Stdio::null(),
        });
        Ok(command)
    }

    /// The time from start to finish.
    pub fn time(&self) -> Result<Duration, BoxError> {
        let mut command = self.command()?;
        let begun = Instant::now();
        let status = command.status()?;
        let time = begun.elapsed();
        if status.code() == Some(self.status) { Ok(time) } else { Err(format!("{command:?} failed: {status}").into()) }
    }

    /// The most memory that it had resident, in bytes, as Linux tells it while the process lives.
    pub fn peak(&self) -> Result<Option<u64>, BoxError> {
        let look = |process: &str| high_water_mark(&fs::read_to_string(process).unwrap_or_default());
        let begun = Instant::now();
        let mut peak = None;
        // One that is soon done is run again and again, since a look can come too late.
        while begun.elapsed() < LOOKING {
            // A new process has the memory of its parent for a moment.
            let own = look("/proc/self/status");
            let mut child = self.command()?.spawn()?;
            let status = format!("/proc/{}/status", child.id());
            while child.try_wait()?.is_none() {
                peak = look(&status).filter(|peak| Some(*peak) != own).max(peak);
                if begun.elapsed() > LOOKING {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        Ok(peak)
    }
}

/// Removes a folder, if it is there.
pub fn remove(folder: &Path) -> Result<(), BoxError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn high_water_mark(status: &str) -> Option<u64> {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    kilobytes.trim().strip_suffix(" kB")?.parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

/// One side of a comparison: something that takes time.
pub struct Side<'a> {
    time: Box<dyn FnMut() -> Result<Duration, BoxError> + 'a>,
    /// Bytes of memory that are to be enough for it.
    enough: Option<u64>,
    /// The process that is asked for its memory.
    process: Option<Process>,
}

impl<'a> Side<'a> {
    /// A whole process.
    pub fn process(process: &Process) -> Side<'a> {
        let this = process.clone();
        Side { time: Box::new(move || this.time()), enough: None, process: Some(process.clone()) }
    }

    /// Work of this process, which times it itself.
    pub fn timed(time: impl FnMut() -> Result<Duration, BoxError> + 'a) -> Side<'a> {
        Side { time: Box::new(time), enough: None, process: None }
    }

    /// Work of this process.
    pub fn work(mut work: impl FnMut() -> Result<(), BoxError> + 'a) -> Side<'a> {
        Side::timed(move || {
            let begun = Instant::now();
            work()?;
            Ok(begun.elapsed())
        })
    }

    /// Takes the memory of a process that does the same.
    pub fn memory_of(mut self, process: &Process) -> Side<'a> {
        self.process = Some(process.clone());
        self
    }

    /// Sets a goal for its memory, in bytes.
    pub fn within(mut self, enough: u64) -> Side<'a> {
        self.enough = Some(enough);
        self
    }

    /// Whether the goal for its memory is reached with so many bytes; `None` without one.
    pub fn is_within(&self, peak: u64) -> Option<bool> {
        self.enough.map(|enough| peak <= enough)
    }

    pub fn peak(&self) -> Result<Option<u64>, BoxError> {
        self.process.as_ref().map_or(Ok(None), Process::peak)
    }
}

/// The median times of both sides, which run in turn, `runs` times each or more often.
pub fn in_turn(runs: usize, one: &mut Side<'_>, other: &mut Side<'_>) -> Result<[Duration; 2], BoxError> {
    // What is read for the first time comes from the disk.
    (one.time)()?;
    let begun = Instant::now();
    let mut times = [Vec::new(), Vec::new()];
    while times[0].len() < runs || (begun.elapsed() < LONG_ENOUGH && times[0].len() < MOST_RUNS) {
        times[0].push((one.time)()?);
        times[1].push((other.time)()?);
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}
