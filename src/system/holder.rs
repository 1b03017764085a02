//! Who has a file open. Nothing here takes a lock to find out: an app that starts at that moment would find its file
//! locked, and fail.

use std::fmt;
use std::fs;

/// A process that holds a lock on a cache file, or has the file open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The name of its program, where the system tells it.
    pub name: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// The processes that hold a lock on the file; `None` where the system does not say.
pub(crate) fn of(file: &fs::Metadata) -> Option<Vec<Holder>> {
    system::holders(file)
}

/// The processes that keep a file locked: those seen to hold a lock, else those that have it open.
pub(crate) fn of_locked(file: &fs::Metadata) -> Vec<Holder> {
    of(file).filter(|holders| !holders.is_empty()).unwrap_or_else(|| system::users(file))
}

#[cfg(target_os = "linux")]
mod system {
    use super::Holder;
    use std::fs;
    use std::io::{self, Read};
    use std::os::unix::fs::MetadataExt;

    pub(super) fn holders(file: &fs::Metadata) -> Option<Vec<Holder>> {
        let locks = lock_table().ok()?;
        let of_inode = locks.lines().filter_map(Lock::parse).filter(|lock| lock.inode == file.ino());
        // overlayfs and btrfs show another device here than stat does; another file may have the number.
        let of_file = of_inode.filter(|lock| lock.device == file.dev() || has_open(lock.pid, file).unwrap_or(true));
        let mut pids: Vec<u32> = of_file.map(|lock| lock.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        Some(pids.into_iter().map(named).collect())
    }

    /// Read in one piece, since the system rebuilds the table for each read and omits entries that have moved
    /// meanwhile.
    fn lock_table() -> io::Result<String> {
        let mut table = Vec::with_capacity(1 << 20);
        fs::File::open("/proc/locks")?.read_to_end(&mut table)?;
        Ok(String::from_utf8_lossy(&table).into_owned())
    }

    pub(super) fn users(file: &fs::Metadata) -> Vec<Holder> {
        let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = processes.filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok());
        let others = pids.filter(|pid| *pid != std::process::id());
        others.filter(|pid| has_open(*pid, file) == Some(true)).map(named).collect()
    }

    /// Whether a process has the file open; `None` if it does not let us see.
    fn has_open(pid: u32, file: &fs::Metadata) -> Option<bool> {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let mut open = open.filter_map(|descriptor| fs::metadata(descriptor.ok()?.path()).ok());
        Some(open.any(|open| (open.dev(), open.ino()) == (file.dev(), file.ino())))
    }

    /// A line such as `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131083 0 EOF`.
    struct Lock {
        pid: u32,
        device: u64,
        inode: u64,
    }

    impl Lock {
        fn parse(line: &str) -> Option<Lock> {
            let mut fields = line.split_ascii_whitespace().skip(1).filter(|field| *field != "->");
            let pid = fields.nth(3)?.parse().ok()?;
            let mut file = fields.next()?.split(':');
            let mut hexadecimal = || u64::from_str_radix(file.next()?, 16).ok();
            let (major, minor) = (hexadecimal()?, hexadecimal()?);
            let inode = file.next()?.parse().ok()?;
            // As the C library packs a device number.
            let device = (major & 0xfff) << 8 | (major >> 12) << 32 | minor & 0xff | (minor >> 8) << 20;
            Some(Lock { pid, device, inode })
        }
    }

    fn named(pid: u32) -> Holder {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim_end().to_owned());
        Holder { pid, name: name.filter(|name| !name.is_empty()) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_of_proc_locks_names_process_device_and_inode() {
            let lock = Lock::parse("2: FLOCK  ADVISORY  WRITE 4711 fe:10:131083 0 EOF").expect("a lock");
            assert_eq!((lock.pid, lock.inode, lock.device), (4711, 131_083, 0xfe << 8 | 0x10));
            let waiting = Lock::parse("2: -> FLOCK  ADVISORY  WRITE 12 00:2a:7 0 EOF").expect("a lock");
            assert_eq!((waiting.pid, waiting.inode, waiting.device), (12, 7, 0x2a));
            assert!(Lock::parse("").is_none() && Lock::parse("1: FLOCK ADVISORY").is_none());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Holder;

    pub(super) fn holders(_: &std::fs::Metadata) -> Option<Vec<Holder>> {
        None
    }

    pub(super) fn users(_: &std::fs::Metadata) -> Vec<Holder> {
        Vec::new()
    }
}
